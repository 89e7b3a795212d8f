// Who had access to a patient's data, told to the lead professional in words: what was read, written, found, received and refused.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Client, enter, newId, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const patients = {
  phone: { birth_name: 'Kermorvan', given_names: 'Soizic', birth_date: '1941-05-23' },
  desktop: { birth_name: 'Plougastel', given_names: 'Eugène', birth_date: '1936-12-04' },
};

/** A circle led by the nurse; what each of its people did there, and somebody who had no place in it. */
async function visited(patient) {
  const doctor = await Client.signIn(node1, 'medecin');
  const information = { given_by: 'Dr Baudry', given_at: new Date().toISOString() };
  const { team_id } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  for (const [login, seat] of [['infirmiere', 'referent'], ['pharmacien', 'intervenant'], ['aide-domicile', 'intervenant']]) {
    const { me } = await Client.signIn(node1, login);
    await doctor.post(`/teams/${team_id}/members`, { id: newId(), professional_id: me.id, seat, basis: 'care_team_2' });
  }
  const team = await doctor.get(`/teams/${team_id}`);
  const nurse = await Client.signIn(node1, 'infirmiere');
  const { id } = await nurse.message(team, 'Plaie du talon propre, pansement refait.');
  const notebook = team.channels.find((one) => one.kind === 'notebook').id;
  await doctor.get(`/channels/${notebook}/messages`);
  await doctor.get('/search?q=talon');
  const [help, stranger] = await Promise.all([Client.signIn(node2, 'aide-domicile'), Client.signIn(node2, 'kine')]);
  await assert.rejects(help.get(`/messages/${id}`), /404/);
  await assert.rejects(stranger.get(`/teams/${team_id}`), /404/);
  return team;
}

const row = (page, name) => page.locator('.visit', { hasText: name });

async function throughTheFilters(page) {
  await page.getByRole('combobox', { name: 'Accès' }).selectOption('refused');
  await row(page, 'Dr Hélène Baudry').first().waitFor({ state: 'detached' });
  await row(page, 'Mariam Diallo').getByText('N’a pas pu lire une note.').waitFor();
  const outsider = row(page, 'Julien Mazet');
  await outsider.getByText('N’a pas pu ouvrir le dossier.').waitFor();
  await page.getByRole('combobox', { name: 'Personne' }).selectOption({ label: await page.getByRole('option', { name: /Baudry/ }).textContent() });
  await page.getByText('Aucun accès sur cette période.').waitFor();
  await page.getByRole('button', { name: 'Retirer les filtres' }).click();
  await row(page, 'Mariam Diallo').first().waitFor();
}

for (const size of ['phone', 'desktop']) {
  test(`the history of accesses says who did what, ${size}`, async () => {
    const team = await visited(patients[size]);
    const page = await enter(browser, node2, 'infirmiere', size, `/patients/${team.id}/cercle`);
    await page.getByRole('navigation', { name: 'Parties du dossier' }).getByRole('link', { name: 'Historique des accès' }).click();
    const doctor = row(page, 'Dr Hélène Baudry').filter({ hasText: 'du cahier de liaison' });
    await doctor.getByText(/^A ajouté un intervenant.*, a créé le dossier, a lu/).waitFor();
    await doctor.locator('summary').click();
    await doctor.getByText('a trouvé des notes de ce dossier par la recherche', { exact: true }).waitFor();
    assert.equal(await page.getByText('Plaie du talon').count(), 0, 'what notes say is not told');
    await judged(page, 'accesses', size);
    await throughTheFilters(page);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Enregistrer en PDF' }).click()]);
    assert.match(file.suggestedFilename(), /^historique-des-acces-\d{4}-\d\d-\d\d\.pdf$/);
    assert.equal((await readFile(await file.path())).subarray(0, 5).toString(), '%PDF-');
    await page.context().close();

    const physician = await enter(browser, node1, 'medecin', size, `/patients/${team.id}/acces`);
    await physician.getByText('Seul le référent du dossier lit l’historique des accès.').waitFor();
    assert.equal(await physician.getByRole('link', { name: 'Historique des accès' }).count(), 0, 'only the lead professional');
    await physician.context().close();
  });
}
