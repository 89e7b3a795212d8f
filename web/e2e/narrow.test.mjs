// A note is taken away from one of its readers: it leaves all her screens at once, with what hangs on it, and nothing of hers is lost;
// who still reads it can say who may, and why. Two nodes, both sizes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { picture } from './files.mjs';
import { Client, enter, newId, note, openBrowser, openWindow } from './people.mjs';
import { judged } from './screen.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const patients = {
  phone: { birth_name: 'Querrien', given_names: 'Armande', birth_date: '1938-02-11' },
  desktop: { birth_name: 'Tréméloir', given_names: 'Joseph', birth_date: '1945-07-30' },
};
const text = 'Relevé bancaire visible derrière la plaie, TA 152/88.';

async function circle(patient) {
  const doctor = await Client.signIn(node1, 'medecin');
  const information = { given_by: 'Dr Baudry', given_at: new Date().toISOString() };
  const { team_id } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  for (const login of ['infirmiere', 'pharmacien', 'aide-domicile']) {
    const { me } = await Client.signIn(node1, login);
    await doctor.post(`/teams/${team_id}/members`, { id: newId(), professional_id: me.id, seat: 'intervenant', basis: 'care_team_2' });
  }
  return doctor.get(`/teams/${team_id}`);
}

/** A note with a photo and a measure, and the pharmacist's answer to it. */
async function written(team) {
  const nurse = await Client.signIn(node1, 'infirmiere');
  const page = await openWindow(browser, node1);
  const photo = await nurse.document(team, 'plaie.jpg', await picture(page, 'Plaie', { width: 800, height: 600 }), 'Plaie et papiers');
  await page.context().close();
  const measures = [{ code: 'blood_pressure', components: [{ code: 'systolic', value: 152, unit: 'mm[Hg]' }, { code: 'diastolic', value: 88, unit: 'mm[Hg]' }] }];
  const { id } = await nurse.message(team, text, { document_ids: [photo], measures });
  const pharmacist = await Client.signIn(node2, 'pharmacien');
  await pharmacist.message(team, 'Hydrocolloïde livré demain.', { category: 'medication', thread_id: id, note_type: undefined });
  return id;
}

/** The pharmacist has it before her eyes in four places, and is answering it. */
async function inFourPlaces(team, size) {
  const notebook = await enter(browser, node2, 'pharmacien', size, `/patients/${team.id}/cahier`);
  await note(notebook, text).getByRole('button', { name: /réponse/ }).click();
  await notebook.getByRole('button', { name: 'Répondre' }).last().click();
  await notebook.getByRole('form', { name: 'Répondre' }).getByLabel('Votre texte').fill('Je passe jeudi');
  const open = async (path) => {
    const page = await notebook.context().newPage();
    await page.goto(path);
    return page;
  };
  const photo = await open(`/patients/${team.id}/documents`);
  await photo.getByRole('button', { name: /Plaie et papiers/ }).first().click();
  await photo.getByRole('dialog').waitFor();
  const measures = await open(`/patients/${team.id}/constantes`);
  await measures.getByText('Voir en tableau').first().waitFor();
  const search = await open('/recherche');
  await search.getByLabel('Un mot d’une note, un nom, un document').fill('relevé bancaire');
  await search.getByRole('link', { name: new RegExp(team.patient.birth_name, 'i') }).first().waitFor();
  return { notebook, photo, measures, search };
}

async function leftEverywhere({ notebook, photo, measures, search }) {
  await note(notebook, text).waitFor({ state: 'detached' });
  await photo.getByRole('dialog').waitFor({ state: 'detached' });
  await photo.getByText('Aucun document').waitFor();
  await measures.getByText(/^Aucune constante/).waitFor();
  await search.locator('mark').first().waitFor({ state: 'detached' });
}

/** Her answer stands alone, and what she was writing is a note of its own. */
async function nothingOfHersIsLost({ notebook }) {
  await note(notebook, 'Hydrocolloïde livré demain.').waitFor();
  await notebook.getByRole('button', { name: 'Nouvelle note' }).locator('visible=true').first().click();
  const kept = notebook.getByRole('form', { name: 'Nouvelle note' }).getByLabel('Votre texte');
  assert.equal(await kept.inputValue(), 'Je passe jeudi');
}

async function restrict(page, size) {
  await note(page, text).getByRole('button', { name: 'Modifier cette note' }).click();
  await page.getByRole('button', { name: 'Restreindre la lecture' }).click();
  const sheet = page.getByRole('dialog', { name: 'Restreindre la lecture' });
  await sheet.getByRole('checkbox', { name: /Leriche/ }).uncheck();
  await sheet.getByText(/Ne la lira plus.*Leriche/).waitFor();
  await sheet.getByLabel('Motif').fill('Papiers privés sur la photo');
  await judged(page, 'narrow', size);
  await sheet.getByRole('button', { name: 'Restreindre', exact: true }).dblclick();
  await sheet.waitFor({ state: 'detached' });
  await note(page, text).getByText(/^Lecture restreinte/).waitFor();
}

/** The médecin traitant sees that it was narrowed, from whom, and why each reads it or not. */
async function explained(page, size) {
  await note(page, text).getByRole('button', { name: /^Lecture restreinte/ }).click();
  const before = page.getByRole('dialog');
  await before.getByText('Tous ceux qui y ont droit').waitFor();
  await before.getByText('Papiers privés sur la photo', { exact: false }).waitFor();
  await judged(page, 'narrowed-before', size);
  await before.getByRole('button', { name: 'Fermer' }).click();
  await note(page, text).getByRole('button', { name: 'À propos de cette note' }).click();
  await page.getByRole('button', { name: 'Qui peut lire, et pourquoi' }).click();
  const sheet = page.getByRole('dialog', { name: 'Qui peut lire, et pourquoi' });
  const person = (name) => sheet.locator('ul > li').filter({ hasText: name });
  await person('Leriche').getByText('L’auteur a réservé la note à d’autres personnes.').first().waitFor();
  await person('Nadia Ferhat').getByText('En est l’auteur.').first().waitFor();
  await person('Leriche').getByText(/règles vérifiées/).click();
  await person('Leriche').getByText(/lui donne la rubrique Soins à lire/).waitFor();
  await judged(page, 'explain', size);
}

for (const [size, patient] of Object.entries(patients)) {
  test(`a note taken away from one of its readers leaves all her screens, ${size}`, async () => {
    const team = await circle(patient);
    const id = await written(team);
    const hers = await inFourPlaces(team, size);
    const doctor = await enter(browser, node2, 'medecin', size, `/patients/${team.id}/cahier`);
    await note(doctor, text).waitFor();
    const nurse = await enter(browser, node1, 'infirmiere', size, `/patients/${team.id}/cahier`);
    await restrict(nurse, size);
    await leftEverywhere(hers);
    await nothingOfHersIsLost(hers);
    const client = await Client.signIn(node2, 'pharmacien');
    await assert.rejects(client.get(`/messages/${id}`), /404/);
    await explained(doctor, size);
    for (const page of [nurse, doctor, hers.notebook]) assert.deepEqual(page.faults, []);
    await Promise.all([nurse, doctor, hers.notebook].map((page) => page.context().close()));
  });
}
