// A structure is made, has somebody work in it, is given a place in a circle, and loses her again: at both sizes, over two nodes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, isLive, listen, newcomer, newId, note, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';
import { until } from './until.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const patients = {
  phone: { birth_name: 'Kergoat', given_names: 'Simone', birth_date: '1936-02-11' },
  desktop: { birth_name: 'Auffret', given_names: 'Lucienne', birth_date: '1938-07-23' },
};
const carers = {
  phone: { family_name: 'Ollivier', given_name: 'Jeanne', gender: 'F', profession: { system: 'TRE_G15', code: '60' } },
  desktop: { family_name: 'Prigent', given_name: 'Yann', gender: 'M', profession: { system: 'TRE_G15', code: '60' } },
};
// The last digit is the key.
const numbers = { phone: ['750712185', '750712184'], desktop: ['690781811', '690781810'] };

async function circle(patient) {
  const doctor = await Client.signIn(node1, 'medecin');
  const information = { given_by: 'Dr Baudry', given_at: new Date().toISOString() };
  const { team_id } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  return { doctor, team: await doctor.get(`/teams/${team_id}`) };
}

const sheet = (page, name) => page.getByRole('dialog', { name });

async function makes(page, name, size) {
  await page.getByRole('link', { name: 'Structures' }).click();
  await page.getByRole('heading', { name: 'Structures' }).waitFor();
  await page.getByRole('link', { name: /SSIAD de Saint-Aubain/ }).waitFor();
  await page.getByRole('button', { name: 'Créer une structure' }).click();
  const form = sheet(page, 'Créer une structure');
  await form.locator('[data-e2e=save-structure]').click();
  await form.getByText('Ce champ est nécessaire.').first().waitFor();
  await form.getByLabel('Type', { exact: true }).selectOption('ssiad');
  await form.getByLabel('Nom', { exact: true }).fill(name);
  await form.getByLabel('Commune').fill('Corvaine');
  const [wrong, right] = numbers[size];
  await form.getByLabel('Numéro FINESS').fill(wrong);
  await form.locator('[data-e2e=save-structure]').click();
  await form.getByText('Ce numéro FINESS est inexact').waitFor();
  await judged(page, 'structure-make', size);
  await form.getByLabel('Numéro FINESS').fill(right);
  await form.locator('[data-e2e=save-structure]').click();
  await page.getByRole('heading', { name }).waitFor();
  await page.getByText('Personne n’y travaille. Ajoutez la première.').waitFor();
  return new URL(page.url()).pathname.split('/').at(-1);
}

async function givesAPlace(page, name, size) {
  await page.getByRole('button', { name: 'Ajouter une structure' }).click();
  const adding = sheet(page, 'Ajouter une structure');
  await adding.locator('[data-e2e=find-structure]').fill(name.toLowerCase());
  await adding.getByRole('button', { name: new RegExp(name) }).click();
  await adding.getByText('Personne pour le moment.').waitFor();
  await adding.locator('[data-e2e=add-structure-confirm]').click();
  await adding.getByText('Ce champ est nécessaire.').waitFor();
  await adding.getByLabel('Fondement').selectOption('care_team_1');
  await judged(page, 'structure-place', size);
  await adding.locator('[data-e2e=add-structure-confirm]').click();
  await adding.waitFor({ state: 'detached' });
  await page.getByText(`${name} fait maintenant partie du cercle.`).waitFor();
  await page.locator('[data-e2e=structures]').getByText('Personne n’agit pour elle.').waitFor();
}

async function hires(page, { given_name, family_name }, size) {
  await page.getByRole('button', { name: 'Ajouter une personne' }).click();
  const joining = sheet(page, 'Ajouter une personne');
  await joining.locator('[data-e2e=find-person]').fill(family_name);
  await joining.getByRole('button', { name: new RegExp(`${given_name} ${family_name}`) }).click();
  await joining.getByText('aura accès au dossier de 1 patient', { exact: false }).waitFor();
  await judged(page, 'structure-join', size);
  await joining.locator('[data-e2e=join]').click();
  await joining.waitFor({ state: 'detached' });
  await page.getByText(`${given_name} ${family_name} travaille maintenant dans cette structure.`).waitFor();
  await judged(page, 'structure', size);
}

for (const [size, patient] of Object.entries(patients)) {
  test(`who works in a structure acts in its circles, until she leaves it, ${size}`, async (t) => {
    const carer = carers[size];
    const login = await newcomer(node1, carer);
    const name = `SSIAD ${carer.family_name}`;
    const { doctor, team } = await circle(patient);
    const admin = await enter(browser, node1, 'admin', size, '/comptes');
    const structure = await makes(admin, name, size);

    const page = await enter(browser, node2, 'medecin', size, `/patients/${team.id}/cercle`);
    await givesAPlace(page, name, size);
    await admin.reload();
    await hires(admin, carer, size);

    const hers = await enter(browser, node2, login, size, '/patients');
    const frames = listen(hers);
    await hers.goto(`/patients/${team.id}/cahier`);
    await isLive(frames);
    await doctor.message(team, 'Premier passage demain matin.');
    await note(hers, 'Premier passage demain matin.').waitFor();

    await page.reload();
    await page.locator('[data-e2e=structures]').getByText(`Agit pour elle : ${carer.given_name} ${carer.family_name}.`).waitFor();
    await page.locator('[data-e2e=structures]').scrollIntoViewIfNeeded();
    await judged(page, 'structure-circle', size);

    await admin.getByRole('button', { name: `Mettre fin à la présence de ${carer.given_name} ${carer.family_name}` }).click();
    await judged(admin, 'structure-leave', size);
    await hers.evaluate((text) => {
      new MutationObserver(() => {
        if (!window.goneAt && !document.body.textContent.includes(text)) window.goneAt = Date.now();
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    }, 'Premier passage demain matin.');
    const ended = admin.waitForResponse((answer) => answer.request().method() === 'DELETE' && answer.url().includes('/people/'));
    await sheet(admin, 'Mettre fin à la présence').locator('[data-e2e=leave-structure]').click();
    assert.equal((await ended).status(), 204);
    const at = Date.now();
    await doctor.message(team, 'Dit après son départ.');
    const gone = await until('her screen leaves the patient', () => hers.evaluate(() => window.goneAt));
    t.diagnostic(`left her screen ${gone - at} ms after the answer`);
    assert.ok(gone - at <= 1000, `${gone - at} ms`);
    assert.equal(frames.some((one) => one.includes('Dit après son départ.')), false);
    await admin.getByText('1 présence terminée').waitFor();

    await page.reload();
    await page.locator('[data-e2e=end-structure]').click();
    await page.locator('[data-e2e=confirm]').click();
    await page.getByText(`L’intervention de ${name} a pris fin.`).waitFor();
    assert.equal(await page.locator('[data-e2e=structures]').count(), 0);
    assert.deepEqual((await doctor.get(`/teams/${team.id}`)).structures, []);
    assert.equal((await (await Client.signIn(node1, 'admin')).get(`/admin/structures/${structure}`)).circles, 0);
    for (const one of [admin, page, hers]) {
      assert.deepEqual(one.faults, []);
      await one.context().close();
    }
  });
}
