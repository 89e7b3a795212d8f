// A dossier opened with all that is known of a patient, then corrected; every step at both sizes, light and dark.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { Client, enter, openBrowser } from './people.mjs';
import { axeFindings, cutOff, smallTargets } from './screen.mjs';
import { until } from './until.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
const shots = fileURLToPath(new URL('./shots/', import.meta.url));
mkdirSync(shots, { recursive: true });
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

/** 13 characters and their key. */
const matricule = (body) => body + String(97n - (BigInt(body) % 97n)).padStart(2, '0');

// Two who resemble nobody, nor each other.
const people = {
  phone: { family: 'Quintrec de Vaucelles-Montbrison', given: 'Anne-Élisabeth Joséphine', sex: 'Féminin', born: '04/02/1931', body: '2310299999901' },
  desktop: { family: 'Oztürk-Bellarmin', given: 'Ferdinand', sex: 'Masculin', born: '21/08/1947', body: '1470899999902' },
};

/** What is asked of every screen; what was seen is left in shots/. */
async function judged(page, name, size) {
  const found = [];
  const note = async (list) => found.push(...(await list).map((one) => `${name}: ${one}`));
  await page.screenshot({ path: `${shots}${name}-${size}-light.png`, scale: 'css' });
  await note(axeFindings(page));
  await note(cutOff(page));
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: `${shots}${name}-${size}-dark.png`, scale: 'css' });
  await note(axeFindings(page, ['color-contrast']));
  await page.emulateMedia({ colorScheme: 'light' });
  await note(smallTargets(page, size === 'phone'));
  // The narrowest phone; what a window of 1440 shows at 200 %.
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: size === 'phone' ? 320 : 720, height });
  await page.screenshot({ path: `${shots}${name}-${size}-narrow.png`, scale: 'css' });
  await note(cutOff(page));
  await page.setViewportSize({ width, height });
  assert.deepEqual(found, []);
}

/** The same person corrects it in another window. */
async function elsewhere(page, team, change) {
  const answer = await page.context().request.patch(`/api/v1/teams/${team}/patient`, { data: change, headers: { 'X-Liaison-Client': 'web' } });
  assert.equal(answer.status(), 200, await answer.text());
}

const whole = (page) => page.setViewportSize({ width: page.viewportSize().width, height: 2600 });

async function search(page, person) {
  await page.getByLabel('Nom de naissance').fill(person.family);
  await page.getByLabel('Date de naissance').fill(person.born);
  await page.getByRole('button', { name: 'Rechercher un dossier' }).click();
  await page.getByRole('heading', { name: 'Identité' }).waitFor();
}

async function fill(page, person) {
  await page.getByLabel('Prénoms de naissance').fill(person.given);
  await page.getByLabel('Nom utilisé').fill('Trévidic');
  await page.getByText(person.sex, { exact: true }).click();
  await page.getByLabel('Commune').fill('Brévigny-sur-Orselle');
  await page.getByLabel('Adresse').fill('12 chemin de la Vieille-Fontaine');
  await page.getByLabel('Code de porte').fill('27B4');
  const first = page.getByRole('group', { name: 'Téléphone 1' });
  await first.getByLabel('Intitulé').fill('Domicile');
  await first.getByLabel('Numéro').fill('06 39 98 20 01');
  await page.getByRole('button', { name: 'Ajouter un téléphone' }).click();
  const second = page.getByRole('group', { name: 'Téléphone 2' });
  await second.getByLabel('Intitulé').fill('Portable');
  await second.getByLabel('Numéro').fill('06 39 98 20 O2');
  await page.getByText('Aidants et proches').click();
  const carer = page.getByRole('group', { name: 'Aidant 1' });
  await carer.getByLabel('Nom').fill('Marie-Christine Trévidic-Lambert');
  await carer.getByLabel('Lien').fill('fille, a la clé');
  await carer.getByLabel('Téléphone').fill('06 39 98 20 03');
}

async function qualify(page, person) {
  await page.getByText('Naissance et statut INS').click();
  await page.getByLabel('Lieu de naissance').fill('Rodez');
  await page.getByLabel('Code INSEE du lieu').fill('12202');
  assert.equal(await page.getByLabel('Matricule INS').count(), 0);
  await page.getByText('Qualifiée', { exact: true }).click();
  await page.getByLabel('Matricule INS').fill(`${person.body}00`);
}

/** The dossier's own facts: beside it, or behind its button. */
async function context(page, size) {
  if (size === 'desktop') return page.getByRole('complementary', { name: 'Domicile et cercle de soins' });
  await page.getByRole('button', { name: 'Domicile et cercle de soins' }).click();
  return page.getByRole('dialog').first();
}

for (const [size, person] of Object.entries(people)) {
  test(`a dossier is opened with all that is known, then corrected, ${size}`, async () => {
    const page = await enter(browser, node1, 'medecin', size, '/patients/nouveau');
    await search(page, person);
    await whole(page);
    await judged(page, 'opening', size);

    await fill(page, person);
    await qualify(page, person);
    await page.getByRole('radio', { name: 'Médecin traitant' }).check({ force: true });
    await page.getByRole('button', { name: 'Ouvrir le dossier' }).click();
    await page.getByText('Informez d’abord le patient').waitFor();
    for (const sentence of ['Ce matricule est inexact', '4 points à vérifier.']) await page.getByText(sentence).waitFor();
    await judged(page, 'opening-faults', size);

    await page.getByLabel('Matricule INS').fill(matricule(person.body));
    await page.getByText('Démonstration', { exact: true }).click();
    await page.getByLabel('Le patient a été informé').check();
    const second = page.getByRole('group', { name: 'Téléphone 2' }).getByLabel('Numéro');
    // This one only the server would refuse: what was typed is still there afterwards.
    await second.fill('06 39 98 20 02');
    await page.getByLabel('Code de porte').fill('27B4\u200B');
    await page.getByLabel('Comment').fill('De vive voix, avec sa fille');
    await page.getByRole('button', { name: 'Ouvrir le dossier' }).click();
    await page.locator('.field', { has: page.getByLabel('Code de porte') }).locator('.field__error').waitFor();
    assert.equal(await second.inputValue(), '06 39 98 20 02');
    await page.getByLabel('Code de porte').fill('27B4');
    await page.getByRole('button', { name: 'Ouvrir le dossier' }).click();
    await page.getByRole('heading', { name: /^TRÉVIDIC/ }).waitFor();
    await page.setViewportSize(size === 'phone' ? { width: 390, height: 844 } : { width: 1440, height: 900 });
    await page.getByText('Identité qualifiée').waitFor();

    const facts = await context(page, size);
    for (const text of ['06 39 98 20 01', '06 39 98 20 02', 'Marie-Christine Trévidic-Lambert', '27B4', 'Rodez (12202)']) await facts.getByText(text).first().waitFor();
    await judged(page, 'context', size);

    await facts.getByRole('button', { name: 'Modifier l’identité et les coordonnées' }).click();
    const sheet = page.getByRole('dialog', { name: 'Corriger l’identité' });
    await sheet.getByLabel('Date de naissance').fill('99/02/1931');
    await sheet.getByRole('button', { name: 'Enregistrer' }).click();
    await sheet.getByText('Cette date n’existe pas').waitFor();
    await judged(page, 'correcting', size);
    const { width, height } = page.viewportSize();
    await page.setViewportSize({ width: 720, height });
    await sheet.waitFor();
    await page.setViewportSize({ width, height });

    const doctor = await Client.signIn(node2, 'medecin');
    const team = await doctor.team('TRÉVIDIC');
    assert.equal(team.patient.ins.matricule, matricule(person.body));
    await elsewhere(page, team.id, { door_code: '1234', town: 'Corvaine' });
    await sheet.getByLabel('Date de naissance').fill(person.born);
    await sheet.getByLabel('Code de porte').fill('A 56');
    await sheet.getByText('Validée', { exact: true }).click();
    await sheet.getByText('Le matricule INS sera retiré du dossier.').waitFor();
    await sheet.getByRole('button', { name: 'Enregistrer' }).click();
    await sheet.getByText('Changé entre-temps en « 1234 »').waitFor();
    await judged(page, 'correcting-clash', size);
    assert.equal(await sheet.getByLabel('Commune').inputValue(), 'Corvaine');
    assert.equal(await sheet.getByLabel('Code de porte').inputValue(), 'A 56');
    await sheet.getByRole('button', { name: 'Enregistrer' }).click();
    await sheet.waitFor({ state: 'detached' });
    await page.getByText('Identité validée').waitFor();
    await facts.getByText('A 56').waitFor();

    const after = (await doctor.get(`/teams/${team.id}`)).patient;
    assert.deepEqual([after.ins, after.door_code, after.town, after.telephones.length, after.carers.length], [null, 'A 56', 'Corvaine', 2, 1]);
    // Its place is free for the other size.
    await elsewhere(page, team.id, { used_name: '' });
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test('a lost answer does not open two dossiers, and who does not manage a circle corrects nothing in it', async () => {
  const page = await enter(browser, node1, 'infirmiere', 'phone', '/patients/nouveau');
  await search(page, { family: 'Wissant-Keroual', born: '30/11/1952' });
  await page.getByLabel('Prénoms de naissance').fill('Iphigénie');
  await page.getByText('Féminin', { exact: true }).click();
  await page.getByLabel('Le patient a été informé').check();
  let lost = 0;
  await page.route('**/api/v1/patients', async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    await route.abort();
  });
  await page.getByRole('button', { name: 'Ouvrir le dossier' }).click();
  await page.getByText('Pas de réseau. Réessayez dès son retour.').waitFor();
  await page.getByRole('button', { name: 'Ouvrir le dossier' }).click();
  await page.getByRole('heading', { name: 'WISSANT-KEROUAL Iphigénie' }).waitFor();
  const nurse = await Client.signIn(node1, 'infirmiere');
  const mine = await until('one dossier', async () => (await nurse.get('/teams')).items.filter((one) => one.patient.birth_name === 'Wissant-Keroual'));
  assert.equal(mine.length, 1);
  const edit = page.getByRole('button', { name: 'Modifier l’identité et les coordonnées' });
  const facts = await context(page, 'phone');
  await facts.getByText('Non renseigné').waitFor();
  // Who opened a dossier manages its circle while nobody named to it does; in a circle that has its managers she does not.
  await edit.waitFor();
  await page.goto(`/patients/${(await nurse.team('MARCILLAC')).id}/cahier`);
  await (await context(page, 'phone')).getByText('Isabelle Marcillac').waitFor();
  assert.equal(await edit.count(), 0);
  await page.context().close();
});
