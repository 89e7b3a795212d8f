// The matrix is changed by who administers: simulated first, published, followed by open screens, taken back. Two nodes, both sizes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, newcomer, newId, note, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const text = 'Pansement refait, berges propres.';
// Nobody else of the demo has them, so that no other test meets another matrix than it expects.
const professions = {
  phone: { label: 'Opticien-lunetier', profession: { system: 'TRE_G15', code: '28' } },
  desktop: { label: 'Audioprothésiste', profession: { system: 'TRE_G15', code: '26' } },
};
const patients = {
  phone: { birth_name: 'Guermeur', given_names: 'Solange', birth_date: '1940-06-03' },
  desktop: { birth_name: 'Pennec', given_names: 'Alain', birth_date: '1937-09-21' },
};

async function circle(patient, login) {
  const doctor = await Client.signIn(node1, 'medecin');
  const information = { given_by: 'Dr Baudry', given_at: new Date().toISOString() };
  const { team_id } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  for (const one of ['infirmiere', login]) {
    const { me } = await Client.signIn(node1, one);
    await doctor.post(`/teams/${team_id}/members`, { id: newId(), professional_id: me.id, seat: 'intervenant', basis: 'care_team_2' });
  }
  const team = await doctor.get(`/teams/${team_id}`);
  await (await Client.signIn(node1, 'infirmiere')).message(team, text);
  return team;
}

/** Keeping the draft is answered only when what comes back is called: what is typed meanwhile must stay. */
async function slowly(page) {
  let answer;
  const wanted = new Promise((done) => (answer = done));
  await page.route('**/admin/matrix/drafts/*', async (route) => {
    const kept = await route.fetch();
    if (route.request().method() === 'PUT') await wanted;
    await route.fulfill({ response: kept });
  });
  return answer;
}

async function givesToRead(page, size) {
  await page.getByRole('button', { name: 'Préparer une version' }).dblclick();
  await page.getByRole('heading', { name: 'Version en préparation' }).waitFor();
  const { label } = professions[size];
  await page.getByRole('button', { name: new RegExp(`^${label}, Soins`) }).click();
  const sheet = page.getByRole('dialog', { name: label });
  await sheet.getByLabel('Lit, n’écrit pas').check();
  await judged(page, 'territory-matrix-cell', size);
  const answer = await slowly(page);
  await sheet.getByRole('button', { name: 'Fermer' }).last().click();
  assert.equal(await page.getByRole('button', { name: 'Mettre en vigueur' }).isDisabled(), true);
  await page.getByLabel('Ce qui change, et qui l’a décidé').fill('Les soins à lire aussi, comité du 23 novembre');
  answer();
  await page.getByRole('button', { name: 'Simuler' }).click();
  await page.getByText(/^1 professionnel change de droits, dans 1 dossiers? sur/).waitFor();
  await page.getByText(/lire Soins/).first().waitFor();
  await judged(page, 'territory-matrix-draft', size);
}

async function published(page, size) {
  await page.getByRole('button', { name: 'Mettre en vigueur' }).click();
  const sheet = page.getByRole('dialog', { name: 'Mettre cette version en vigueur' });
  if (size) await judged(page, 'territory-matrix-publish', size);
  if (!size) await sheet.getByLabel('Ce qui change, et qui l’a décidé').fill('Retour à la version précédente');
  await sheet.getByRole('button', { name: 'Mettre en vigueur' }).dblclick();
  await page.getByRole('heading', { name: 'Versions successives' }).waitFor();
}

async function takenBack(page) {
  await page.getByRole('button', { name: 'Repartir de cette version' }).first().click();
  await page.getByRole('button', { name: 'Simuler' }).click();
  await page.getByText(/^1 professionnel change de droits/).waitFor();
  await published(page);
}

for (const [size, patient] of Object.entries(patients)) {
  test(`a matrix is simulated, published, followed by open screens and taken back, ${size}`, async () => {
    const login = await newcomer(node1, { family_name: size === 'phone' ? 'Lebris' : 'Kerdoncuff', given_name: 'Maël', gender: 'M', profession: professions[size].profession });
    const team = await circle(patient, login);
    const reader = await enter(browser, node2, login, size, `/patients/${team.id}/cahier`);
    await reader.getByText('Aucune note', { exact: false }).first().waitFor();
    const admin = await enter(browser, node1, 'admin', size, '/matrice');
    await givesToRead(admin, size);
    assert.equal(await note(reader, text).count(), 0);
    await published(admin, size);
    await note(reader, text).waitFor();
    await admin.getByText(/^Version \d+$/).first().waitFor();
    await judged(admin, 'territory-matrix', size);
    await takenBack(admin);
    await note(reader, text).waitFor({ state: 'detached' });
    for (const page of [admin, reader]) {
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
  });
}
