// Measures over time: by keyboard, as a table, and with the limits of a patient.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, openBrowser } from './people.mjs';

const [node1] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let odette;
before(async () => {
  browser = await openBrowser();
  odette = await (await Client.signIn(node1, 'medecin')).team('MARCILLAC');
});
after(() => browser.close());

for (const size of ['phone', 'desktop']) {
  test(`the blood pressure is read by keyboard and as a table, ${size}`, async () => {
    const page = await enter(browser, node1, 'infirmiere', size, `/patients/${odette.id}/constantes`);
    const chart = page.getByRole('slider', { name: /^Tension artérielle \(mmHg\), \d+ mesures du/ });
    await chart.focus();
    const last = Number(await chart.getAttribute('aria-valuenow'));
    assert.ok(last > 10, `${last} measures`);
    await page.keyboard.press('ArrowLeft');
    assert.equal(Number(await chart.getAttribute('aria-valuenow')), last - 1);
    assert.match(await chart.getAttribute('aria-valuetext'), /^\d+\/\d+\smmHg, .*, (Nadia Ferhat|Julien Mazet)/); // whose turn it was hangs on the day of the week
    await page.keyboard.press('Home');
    assert.equal(await chart.getAttribute('aria-valuenow'), '1');

    const section = page.getByRole('region', { name: 'Tension artérielle' });
    await section.getByText('Voir en tableau').click();
    assert.equal(await section.getByRole('row').count(), last + 1);
    await section.getByRole('row').nth(1).getByRole('link').click();
    await page.locator('article').first().waitFor();
    assert.match(page.url(), /\/messages\//);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test('limits are set by who may, are refused when they cross, and whoever may not sees no button', async () => {
  const page = await enter(browser, node1, 'medecin', 'desktop', `/patients/${odette.id}/constantes`);
  const section = page.getByRole('region', { name: 'Fréquence cardiaque' });
  await section.getByRole('button', { name: 'Régler les seuils' }).click();
  const sheet = page.getByRole('dialog', { name: 'Seuils de fréquence cardiaque' });
  await sheet.getByLabel('Seuil haut').fill('50');
  await sheet.getByLabel('Seuil bas').fill('60');
  await sheet.getByRole('button', { name: 'Enregistrer' }).click();
  await sheet.getByText('Le seuil bas doit être inférieur au seuil haut.').first().waitFor();
  await sheet.getByLabel('Seuil haut').fill('84');
  await sheet.getByRole('button', { name: 'Enregistrer' }).click();
  await sheet.waitFor({ state: 'hidden' });
  await section.getByText(/seuil.*84/).first().waitFor();
  const help = await enter(browser, node1, 'kine', 'desktop', `/patients/${odette.id}/constantes`);
  await help.getByRole('slider').first().waitFor();
  assert.equal(await help.getByRole('button', { name: 'Régler les seuils' }).count(), 0);
  for (const one of [page, help]) {
    assert.deepEqual(one.faults, []);
    await one.context().close();
  }
});
