// A physician has herself replaced and entrusts a secretary, by hand; both see what that gives, over two nodes, and nothing once it ends.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, isLive, listen, newcomer, newId, note, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';
import { until } from './until.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const physician = { system: 'TRE_G15', code: '10' };
const secretary = { system: 'TRE_R85', code: '331' };
const casts = {
  phone: {
    leaves: { family_name: 'Morvan', given_name: 'Gaëlle', gender: 'F', profession: physician },
    replaces: { family_name: 'Tanguy', given_name: 'Erwan', gender: 'M', profession: physician },
    helps: { family_name: 'Guillou', given_name: 'Maïwenn', gender: 'F', profession: secretary },
    patients: [
      { birth_name: 'Penven', given_names: 'Denise', birth_date: '1934-03-02' },
      { birth_name: 'Riou', given_names: 'Marcelle', birth_date: '1941-10-19' },
    ],
  },
  desktop: {
    leaves: { family_name: 'Cadiou', given_name: 'Alain', gender: 'M', profession: physician },
    replaces: { family_name: 'Kerdoncuff', given_name: 'Soizic', gender: 'F', profession: physician },
    helps: { family_name: 'Hamon', given_name: 'Loïc', gender: 'M', profession: secretary },
    patients: [
      { birth_name: 'Quéré', given_names: 'Yvette', birth_date: '1937-12-24' },
      { birth_name: 'Salaün', given_names: 'Anne', birth_date: '1943-05-30' },
    ],
  },
};

async function opened(doctor, patient) {
  const information = { given_by: 'Son médecin', given_at: new Date().toISOString() };
  const { team_id } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  return doctor.get(`/teams/${team_id}`);
}

const shownName = ({ given_name, family_name }) => `${given_name} ${family_name}`;
const dayIn = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const standins = (page) => page.locator('[data-e2e=standins]');

async function chooses(sheet, person) {
  await sheet.locator('[data-e2e=find-person]').fill(person.family_name);
  await sheet.getByRole('button', { name: new RegExp(shownName(person)) }).first().click();
}

async function hasHerselfReplaced(page, { replaces }, size) {
  await page.locator('[data-e2e=replace]').click();
  const sheet = page.getByRole('dialog', { name: 'Me faire remplacer' });
  await sheet.locator('[data-e2e=give-standin]').click();
  await sheet.getByText('Ce champ est nécessaire.').waitFor();
  await chooses(sheet, { given_name: 'Nadia', family_name: 'Ferhat' });
  await sheet.getByLabel('Dernier jour').fill(dayIn(14));
  await sheet.locator('[data-e2e=give-standin]').click();
  await sheet.getByText('On se fait remplacer par quelqu’un de la même profession.').waitFor();
  await judged(page, 'standin-refused', size);
  await sheet.getByRole('button', { name: 'Changer de personne' }).click();
  await chooses(sheet, replaces);
  await sheet.getByText(/droits auprès de 2\spatients/).waitFor();
  await judged(page, 'standin-replace', size);
  const given = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith('/stand-ins'));
  await sheet.locator('[data-e2e=give-standin]').dblclick();
  assert.equal((await given).status(), 201);
  await sheet.waitFor({ state: 'detached' });
  await standins(page).getByText(`${shownName(replaces)} agit maintenant pour vous.`).waitFor();
}

async function entrusts(page, { helps, patients }, size) {
  await page.locator('[data-e2e=entrust]').click();
  const sheet = page.getByRole('dialog', { name: 'Confier à mon secrétariat' });
  await chooses(sheet, helps);
  await sheet.getByText('Certains patients').click();
  await sheet.locator('[data-e2e=give-standin]').click();
  await sheet.getByText('Choisissez au moins un patient.').waitFor();
  await sheet.getByLabel(new RegExp(patients[0].birth_name, 'i')).check();
  await sheet.getByText('Soins', { exact: true }).click();
  await judged(page, 'standin-entrust', size);
  await sheet.locator('[data-e2e=give-standin]').click();
  await sheet.waitFor({ state: 'detached' });
  await standins(page).getByText(/Lit et écrit aussi\s: Soins\./).waitFor();
}

for (const [size, cast] of Object.entries(casts)) {
  test(`who replaces and who is a secretary act for a physician until she ends it, ${size}`, async (t) => {
    const [leaves, replaces, helps] = await Promise.all([cast.leaves, cast.replaces, cast.helps].map((one) => newcomer(node1, one)));
    const doctor = await Client.signIn(node1, leaves);
    const [first, second] = await Promise.all(cast.patients.map((one) => opened(doctor, one)));
    await doctor.message(first, 'Reprise du traitement anticoagulant.', { category: 'medical' });
    await doctor.message(first, 'Pansement tous les deux jours.', { category: 'nursing' });
    await doctor.message(second, 'Bilan demandé au laboratoire.', { category: 'medical' });

    const theirs = await enter(browser, node2, replaces, size, '/patients');
    const frames = listen(theirs);
    await theirs.reload();
    await isLive(frames);
    const page = await enter(browser, node1, leaves, size, '/compte');
    await standins(page).getByText('Personne n’agit pour vous.').waitFor();
    await hasHerselfReplaced(page, cast, size);
    await theirs.getByRole('link', { name: new RegExp(cast.patients[1].birth_name, 'i') }).waitFor();
    await entrusts(page, cast, size);
    await standins(page).scrollIntoViewIfNeeded();
    await judged(page, 'standins', size);

    await theirs.goto(`/patients/${second.id}/cahier`);
    await note(theirs, 'Bilan demandé au laboratoire.').waitFor();
    const hers = await enter(browser, node2, helps, size, `/patients/${first.id}/cahier`);
    await note(hers, 'Pansement tous les deux jours.').waitFor();
    assert.equal(await note(hers, 'anticoagulant').count(), 0);
    assert.deepEqual((await (await Client.signIn(node2, helps)).get('/teams')).items.map((one) => one.id), [first.id]);
    await hers.goto('/compte');
    await standins(hers).getByText('Vous agissez pour').waitFor();
    await judged(hers, 'standins-secretary', size);

    await theirs.goto(`/patients/${second.id}/cercle`);
    await theirs.getByText(/remplace .*(Morvan|Cadiou)/).first().waitFor();
    await theirs.goto(`/patients/${second.id}/cahier`);
    await note(theirs, 'Bilan demandé au laboratoire.').waitFor();
    await theirs.evaluate((text) => {
      new MutationObserver(() => {
        if (!window.goneAt && !document.body.textContent.includes(text)) window.goneAt = Date.now();
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    }, 'Bilan demandé au laboratoire.');
    await standins(page).getByRole('button', { name: `Mettre fin au remplacement par ${shownName(cast.replaces)}` }).click();
    await judged(page, 'standin-end', size);
    const ended = page.waitForResponse((answer) => answer.request().method() === 'DELETE' && answer.url().includes('/stand-ins/'));
    await page.locator('[data-e2e=confirm]').click();
    assert.equal((await ended).status(), 204);
    const at = Date.now();
    const gone = await until('the screen of who replaced leaves the patient', () => theirs.evaluate(() => window.goneAt));
    t.diagnostic(`left the screen ${gone - at} ms after the answer`);
    assert.ok(gone - at <= 1000, `${gone - at} ms`);
    await standins(page).getByText(`${shownName(cast.replaces)} n’agit plus pour vous.`).waitFor();
    await standins(page).getByText('1 remplacement ou secrétariat terminé').waitFor();

    // Either of the two may end it.
    await standins(hers).locator('[data-e2e=end-standin]').click();
    await hers.locator('[data-e2e=confirm]').click();
    await standins(hers).getByText(`Vous n’agissez plus pour`).waitFor();
    assert.deepEqual((await (await Client.signIn(node2, helps)).get('/teams')).items, []);
    for (const one of [page, theirs, hers]) {
      assert.deepEqual(one.faults, []);
      await one.context().close();
    }
  });
}
