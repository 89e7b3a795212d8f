// Bris de glace: a physician outside the circle opens a dossier in an emergency; those who answer for it are told at once, follow it
// up, and the access ends by hand.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Client, enter, newId, newcomer, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const patients = {
  phone: { birth_name: 'Le Floc’h', given_names: 'Anna Marie', birth_date: '1934-07-19' },
  desktop: { birth_name: 'Quéméneur', used_name: 'Bizien', given_names: 'Herveline', birth_date: '1930-02-11' },
};
const reason = 'Malaise à domicile, appel du 15, traitement inconnu';

/** A circle with its médecin traitant and its référente, and a physician who has nothing to do with it. */
async function outside(patient, size) {
  const doctorLogin = await newcomer(node1, { profession: { system: 'TRE_G15', code: '10' }, family_name: `Traitant${size}`, given_name: 'Maud', gender: 'F' });
  const doctor = await Client.signIn(node1, doctorLogin);
  const information = { given_by: 'Dr Traitant', given_at: new Date().toISOString() };
  const { team_id } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  const { me } = await Client.signIn(node1, 'infirmiere');
  await doctor.post(`/teams/${team_id}/members`, { id: newId(), professional_id: me.id, seat: 'referent', basis: 'care_team_2' });
  const team = await doctor.get(`/teams/${team_id}`);
  await doctor.message(team, 'Sous anticoagulant depuis mars.', { category: 'medical' });
  const login = await newcomer(node1, { profession: { system: 'TRE_G15', code: '10' }, family_name: `Urgentiste${size}`, given_name: 'Cyril', gender: 'M' });
  return { team, doctorLogin, login };
}

async function fill(page, patient, date) {
  await page.getByLabel('Nom de naissance ou utilisé').fill((patient.used_name ?? patient.birth_name).toLowerCase());
  await page.getByLabel('Prénom').fill(patient.given_names.split(' ')[0]);
  await page.getByLabel('Date de naissance').fill(date);
  await page.getByText('Féminin').click();
  await page.getByLabel('Motif de l’urgence').fill(reason);
}

const french = (day) => day.split('-').reverse().join('/');

for (const size of ['phone', 'desktop']) {
  test(`the glass is broken, told at once, followed up and ended, ${size}`, async () => {
    const patient = patients[size];
    const { team, doctorLogin, login } = await outside(patient, size);
    const doctor = await enter(browser, node2, doctorLogin, size);
    const page = await enter(browser, node1, login, size);
    await page.getByRole('link', { name: 'Accès d’urgence' }).click();
    await page.getByRole('heading', { name: 'Accès d’urgence' }).waitFor();
    const open = page.getByRole('button', { name: 'Ouvrir le dossier en urgence' });
    await open.click();
    await page.getByText('Dites en quelques mots ce qui rend l’accès urgent.').waitFor();
    await judged(page, 'emergency-faults', size);
    await fill(page, patient, '12/07/1934');
    await open.click();
    await page.getByText(/Aucun dossier accessible ne correspond exactement/).waitFor();
    assert.equal(await page.getByLabel('Motif de l’urgence').inputValue(), reason, 'what was typed stays');
    await page.getByLabel('Date de naissance').fill(french(patient.birth_date));
    await judged(page, 'emergency', size);
    await open.dblclick();

    const banner = page.getByRole('region', { name: 'Accès d’urgence' });
    await banner.getByText(/^Accès d’urgence jusqu’à (demain, )?\d+\u00a0h\u00a0\d\d$/).waitFor();
    await page.getByText('Sous anticoagulant depuis mars.').waitFor();
    await judged(page, 'emergency-open', size);

    // Those who answer for the circle: the alert, the notice, the follow-up.
    await doctor.getByRole('alert').getByText(/alerte/i).first().waitFor();
    const due = doctor.getByRole('region', { name: '1 accès d’urgence à suivre' });
    await due.getByText('patient à informer, à revoir').waitFor();
    await judged(doctor, 'emergency-due', size);
    await due.getByRole('link').click();
    const list = doctor.locator('[data-e2e=emergencies]');
    await list.getByText(`Motif : ${reason}`).waitFor();
    assert.equal(await list.locator('li').count(), 1, 'a double tap opened it once');
    await list.getByRole('button', { name: 'Noter l’information du patient' }).click();
    await doctor.getByText('Par téléphone').click();
    await judged(doctor, 'emergency-inform', size);
    await doctor.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click();
    await list.getByText(/Patient informé par téléphone/).waitFor();
    const [file] = await Promise.all([doctor.waitForEvent('download'), list.getByRole('button', { name: 'Lettre au patient (PDF)' }).click()]);
    assert.equal((await readFile(await file.path())).subarray(0, 5).toString(), '%PDF-');
    await list.getByRole('button', { name: 'Revoir cet accès' }).click();
    await doctor.getByText('Non justifié').click();
    await doctor.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click();
    await doctor.getByText('Dites pourquoi cet accès n’était pas justifié.').waitFor();
    await doctor.getByLabel('Remarque').fill('Le cabinet était ouvert.');
    await judged(doctor, 'emergency-review', size);
    await doctor.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click();
    await list.getByText(/Non justifié, revu par/).waitFor();
    await judged(doctor, 'emergency-followed', size);
    assert.deepEqual((await (await Client.signIn(node1, doctorLogin)).get('/emergencies')).items, [], 'nothing is left to do');

    // Ended early, on the screen of who opened it and for good.
    await banner.getByRole('button', { name: 'Mettre fin à l’accès' }).click();
    await page.locator('[data-e2e=confirm]').click();
    await banner.waitFor({ state: 'detached' });
    await assert.rejects((await Client.signIn(node2, login)).get(`/teams/${team.id}`), /404/);
    for (const one of [page, doctor]) {
      assert.deepEqual(one.faults, []);
      await one.context().close();
    }
  });
}

test('who may not break the glass is not shown the way, and is told why at the address', async () => {
  const page = await enter(browser, node1, 'kine', 'phone');
  await page.getByRole('heading', { name: 'Patients' }).first().waitFor();
  assert.equal(await page.getByRole('link', { name: 'Accès d’urgence' }).count(), 0);
  await page.goto('/urgence');
  await page.getByText('L’accès d’urgence n’est pas ouvert à votre profession.').waitFor();
  await page.context().close();
});

test('a dossier that looks alike leads to the emergency with what was typed', async () => {
  const patient = { birth_name: 'Guézennec', given_names: 'Rozenn', birth_date: '1945-01-30' };
  const { login } = await outside(patient, 'alike');
  const page = await enter(browser, node1, login, 'phone', '/patients/nouveau');
  await page.getByLabel('Nom de naissance').fill('Guézennec');
  await page.getByLabel('Date de naissance').fill('30/01/1945');
  await page.getByRole('button', { name: 'Rechercher' }).click();
  await page.getByLabel('Prénoms de naissance').fill('Rozenn');
  await page.getByText('Féminin').click();
  await page.getByRole('checkbox').first().check();
  await page.getByRole('button', { name: 'Ouvrir le dossier' }).click();
  await page.getByRole('link', { name: /C’est une urgence/ }).click();
  assert.equal(await page.getByLabel('Nom de naissance ou utilisé').inputValue(), 'Guézennec');
  assert.equal(await page.getByLabel('Prénom').inputValue(), 'Rozenn');
  await page.context().close();
});
