// A circle that nobody manages any more: how it comes to that, what it says, who names a manager; at both sizes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, newId, openBrowser } from './people.mjs';
import { judged } from './screen.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const patients = {
  phone: { birth_name: 'Vaugrenard', given_names: 'Lucette', birth_date: '1934-05-17' },
  desktop: { birth_name: 'Estourmel', given_names: 'Gaspard', birth_date: '1941-10-09' },
};

/** A dossier of the physician's, who alone manages its circle; with a nurse, who may open dossiers, and a home help, who may not. */
async function circle(patient) {
  const doctor = await Client.signIn(node1, 'medecin');
  const information = { given_by: 'Dr Baudry', given_at: new Date().toISOString() };
  const { team_id: team } = await doctor.post('/patients', { id: newId(), sex: 'F', information, seat: 'medecin_traitant', ...patient });
  for (const login of ['infirmiere', 'aide-domicile']) {
    const { me } = await Client.signIn(node1, login);
    await doctor.post(`/teams/${team}/members`, { id: newId(), professional_id: me.id, seat: 'intervenant', basis: 'care_team_2' });
  }
  return team;
}

for (const [size, patient] of Object.entries(patients)) {
  test(`a refusal of the last manager is asked about, recorded, and another is named, ${size}`, async () => {
    const team = await circle(patient);
    const page = await enter(browser, node1, 'medecin', size, `/patients/${team}/cercle`);
    await page.locator('[data-e2e=add-will]').click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText('Opposition', { exact: true }).click();
    await sheet.getByLabel('Nom ou profession').fill('Baudry');
    await sheet.getByRole('button', { name: /Baudry/ }).first().click();
    await sheet.getByLabel('Comment').fill('De vive voix');
    await sheet.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await sheet.getByText('Plus personne ne gérera ce cercle de soins.').waitFor();
    await judged(page, 'will-unmanaged', size);

    // Another text is another question; what was typed stays.
    await sheet.getByLabel('Comment').fill('De vive voix, avec sa fille');
    await sheet.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await sheet.getByText('Plus personne ne gérera ce cercle de soins.').waitFor();
    assert.equal(await sheet.getByLabel('Comment').inputValue(), 'De vive voix, avec sa fille');
    await sheet.getByText('Baudry').waitFor();
    assert.equal((await (await Client.signIn(node2, 'infirmiere')).get(`/teams/${team}`)).managed, true);
    await sheet.getByRole('button', { name: 'Enregistrer quand même' }).click();
    await sheet.waitFor({ state: 'detached' });
    assert.deepEqual(page.faults, []);
    await page.context().close();

    const help = await enter(browser, node2, 'aide-domicile', size, `/patients/${team}/cercle`);
    await help.getByText('Un intervenant qui a le droit d’ouvrir un dossier peut nommer qui le gérera.').waitFor();
    assert.equal(await help.locator('[data-e2e=name-manager]').count(), 0);
    await help.context().close();

    const nurse = await enter(browser, node1, 'infirmiere', size, `/patients/${team}/cercle`);
    await nurse.getByText('Personne ne gère ce cercle de soins.').waitFor();
    await judged(nurse, 'unmanaged', size);
    await nurse.getByRole('button', { name: 'Nommer qui le gérera' }).click();
    const naming = nurse.getByRole('dialog', { name: 'Nommer qui gérera le cercle de soins' });
    assert.equal(await naming.getByLabel('Place dans le cercle').inputValue(), 'referent');
    await naming.getByLabel('Nom ou profession').fill('Aubrun');
    await naming.getByRole('button', { name: /Aubrun/ }).first().click();
    await naming.getByLabel('Fondement').selectOption('care_team_2');
    await judged(nurse, 'naming', size);
    await naming.locator('[data-e2e=add-member]').click();
    await naming.waitFor({ state: 'detached' });
    await nurse.locator('[data-e2e=unmanaged]').waitFor({ state: 'detached' });
    assert.equal((await (await Client.signIn(node2, 'coordinatrice')).get(`/teams/${team}`)).my.actions.includes('manage_circle'), true);
    assert.deepEqual(nurse.faults, []);
    await nurse.context().close();
  });
}
