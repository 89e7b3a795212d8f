import { Client, enter, openBrowser, openWindow } from './people.mjs';
const url = 'http://127.0.0.1:8380';
const browser = await openBrowser();
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };
const nurse = await Client.signIn(url, 'infirmiere');
const doctor = await Client.signIn(url, 'medecin');
const odette = await nurse.team('MARCILLAC');
await doctor.put(`/teams/${odette.id}/thresholds`, { items: [{ code: 'blood_pressure', component: 'systolic', low: null, high: 160 }, { code: 'blood_pressure', component: 'diastolic', low: null, high: 95 }] }).catch((e) => console.log('thresholds', e.message));
await nurse.message(odette, 'Pas de céphalée ni signe neuro. FC irrégulière. Pilulier : 2 prises du soir oubliées.', { urgent: true, note_type: 'INTERV', measures: [{ code: 'blood_pressure', components: [{ code: 'systolic', value: 186, unit: 'mm[Hg]' }, { code: 'diastolic', value: 104, unit: 'mm[Hg]' }], context: 'assise, bras G' }, { code: 'heart_rate', components: [{ code: 'value', value: 88, unit: '/min' }] }] });
for (const [name, size] of Object.entries(sizes)) {
  const page = await enter(browser, url, 'medecin', name);
  const shot = async (what) => { await page.waitForTimeout(900); await page.screenshot({ path: `/tmp/shots/${what}-${name}.png` }); };
  await page.goto(`${url}/patients/${odette.id}/cahier`); await page.locator('article').first().waitFor(); await shot('notebook');
  await page.goto(`${url}/alertes`); await page.locator('article').first().waitFor().catch(() => {}); await shot('alerts');
  await page.goto(`${url}/patients/${odette.id}/constantes`); await page.locator('svg .line').first().waitFor().catch(() => {}); await shot('measures');
  await page.goto(`${url}/recherche`); await page.getByRole('searchbox').last().fill('prise oubliée'); await page.waitForTimeout(1500); await shot('search');
  await page.goto(`${url}/compte`); await shot('account');
  await page.goto(`${url}/patients/${odette.id}/documents`); await shot('documents');
  await page.context().close();
}
await browser.close();
