// A document's type: chosen with the file, told in who will read it, hidden from whom the matrix refuses it; and what an administrator
// decides of types and specialities. Both sizes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attach, choose, write } from './composing.mjs';
import { pdf } from './files.mjs';
import { Client, enter, newcomer, newId, note, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';

const [node1, node2 = node1] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let odette;
before(async () => {
  browser = await openBrowser();
  odette = await (await Client.signIn(node1, 'infirmiere')).team('MARCILLAC');
});
after(() => browser.close());

const notebook = () => `/patients/${odette.id}/cahier`;

for (const size of ['phone', 'desktop']) {
  test(`a psychiatric summary is hidden from the home help, before and after it is sent (${size})`, async () => {
    const mark = newId().slice(-6);
    const name = `synthese-${mark}.pdf`;
    const page = await enter(browser, node1, 'medecin', size, notebook());
    await page.locator('article').first().waitFor();
    const form = await write(page, `Synthèse jointe. ${mark}`);
    await choose(form, 'Organisation');
    await attach(form, 'picker', name, 'application/pdf', pdf(mark));
    const type = form.getByLabel(`Type de document de ${name}`);
    await type.selectOption({ label: 'Synthèse psychiatrique' });
    await type.scrollIntoViewIfNeeded();
    await form.getByText(/^Visible par/).waitFor();
    await judged(page, 'document-type', size);
    await form.getByRole('button', { name: 'Qui et pourquoi' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText(/n’ont pas accès à ce type de document\s: Synthèse psychiatrique/).first().waitFor();
    await judged(page, 'document-type-audience', size);
    await sheet.getByRole('button', { name: 'Fermer' }).last().click();
    await form.getByRole('button', { name: 'Transmettre' }).click();
    await note(page, mark).getByText('Synthèse psychiatrique').waitFor({ timeout: 60_000 });
    await note(page, mark).scrollIntoViewIfNeeded();
    await judged(page, 'document-type-note', size);
    const [help, nurse] = await Promise.all(['aide-domicile', 'infirmiere'].map((login) => Client.signIn(node2, login)));
    const named = async (who) => (await who.get(`/teams/${odette.id}/documents`)).items.filter((one) => one.name === name).map((one) => one.document_type);
    assert.deepEqual([await named(help), await named(nurse)], [[], ['68599-0']]);
    await page.goto(`/patients/${odette.id}/documents`);
    await page.getByText('Synthèse psychiatrique').first().waitFor();
    await judged(page, 'document-type-list', size);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`an administrator decides of types and specialities (${size})`, async () => {
    const person = { family_name: `Kerbrat${size}`, given_name: 'Maud', gender: 'F', profession: { system: 'TRE_G15', code: '10' } };
    await newcomer(node1, person);
    const page = await enter(browser, node1, 'admin', size, '/comptes');
    await page.getByLabel('Nom ou identifiant').fill(person.family_name);
    await page.getByRole('button', { name: `Spécialité : Maud ${person.family_name}` }).first().click();
    await page.getByRole('combobox', { name: /^Spécialité/ }).selectOption({ label: 'psychiatrie' });
    await judged(page, 'account-speciality', size);
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText(/médecin, psychiatrie/).first().waitFor();

    await page.goto('/matrice');
    await page.getByRole('button', { name: 'Préparer une version' }).click();
    await page.getByRole('heading', { name: 'Version en préparation' }).waitFor();
    const row = page.getByRole('form', { name: 'Ajouter une ligne pour une spécialité' });
    await row.getByLabel('Profession').selectOption({ label: 'Médecin' });
    await row.getByLabel('Spécialité').selectOption({ label: 'psychiatrie' });
    await row.getByRole('button').click();
    await page.getByRole('button', { name: /^Médecin, psychiatrie, Soins/ }).click();
    const cell = page.getByRole('dialog', { name: 'Médecin, psychiatrie' });
    await cell.getByLabel('Pas d’accès').check();
    await judged(page, 'territory-matrix-speciality-cell', size);
    await cell.getByRole('button', { name: 'Fermer' }).last().click();
    await page.getByRole('heading', { name: 'Exceptions par type de document' }).scrollIntoViewIfNeeded();
    const exceptions = page.getByRole('form', { name: 'Ajouter l’exception' });
    await exceptions.getByLabel('Type de document').selectOption({ label: 'Synthèse psychiatrique' });
    await exceptions.getByLabel('Profession').selectOption({ label: 'Opticien-lunetier' });
    await exceptions.getByLabel('Place').selectOption({ label: 'intervenant' });
    await exceptions.getByRole('button').click();
    await page.getByRole('button', { name: 'Retirer l’exception : Ambulancier' }).first().click();
    await page.getByText('Opticien-lunetier, intervenant', { exact: true }).waitFor();
    await judged(page, 'territory-matrix-exceptions', size);

    await page.getByRole('heading', { name: 'Ce qui attend un accord du patient' }).scrollIntoViewIfNeeded();
    const waits = page.getByRole('form', { name: 'Ajouter l’attente' });
    await waits.getByLabel('Fait attendu').selectOption({ label: 'Information du patient' });
    await waits.getByLabel('Fondement').selectOption({ label: 'Équipe de soins : organisation commune déclarée' });
    await waits.getByLabel('Profession').selectOption({ label: 'Opticien-lunetier' });
    await waits.getByLabel('Rubrique').selectOption({ label: 'Médical' });
    await waits.getByRole('button').click();
    const waiting = 'Opticien-lunetier, Équipe de soins : organisation commune déclarée : Médical';
    await page.getByText(waiting, { exact: true }).waitFor();
    await judged(page, 'territory-matrix-policy', size);
    await page.getByRole('heading', { name: 'Ce que chacun peut faire' }).scrollIntoViewIfNeeded();
    const actions = page.getByRole('form', { name: 'Donner l’action' });
    await actions.getByLabel('Action').selectOption({ label: 'Exporter le dossier' });
    await actions.getByLabel('Profession').selectOption({ label: 'Opticien-lunetier' });
    await actions.getByLabel('Place').selectOption({ label: 'référent du dossier' });
    await actions.getByRole('button').click();
    await page.getByText('Opticien-lunetier, référent du dossier', { exact: true }).waitFor();
    await judged(page, 'territory-matrix-actions', size);
    await page.getByRole('button', { name: 'Simuler' }).click();
    await page.getByRole('heading', { name: /^Simulation/ }).scrollIntoViewIfNeeded();
    await judged(page, 'territory-matrix-exceptions-simulated', size);
    await page.reload();
    await page.getByText('Opticien-lunetier, intervenant', { exact: true }).waitFor();
    await page.getByText(waiting, { exact: true }).waitFor();
    await page.getByText('Opticien-lunetier, référent du dossier', { exact: true }).waitFor();
    await page.getByText('psychiatrie').first().waitFor();
    assert.deepEqual(page.faults, []);
    await page.getByRole('button', { name: 'Supprimer' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Supprimer' }).click();
    await page.getByRole('button', { name: 'Préparer une version' }).waitFor();
    await page.context().close();
  });
}
