// Photos and documents, from the composer to those who may read them: each arrives once, whatever the network does.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attach, choose, write } from './composing.mjs';
import { pdf, photo, PLACE } from './files.mjs';
import { Client, enter, newId, note, openBrowser } from './people.mjs';
import { until } from './until.mjs';

const [node1, node2 = node1] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let nurse;
let odette;
before(async () => {
  browser = await openBrowser();
  nurse = await Client.signIn(node1, 'infirmiere');
  odette = await nurse.team('MARCILLAC');
});
after(() => browser.close());

const notebook = () => `/patients/${odette.id}/cahier`;

/** Everything of the circle's list, as one person sees it. */
const listed = async (client) => (await client.get(`/teams/${odette.id}/documents`)).items;

test('photos from the camera are kept with the draft, leave upright, and say nothing of where they were taken', async () => {
  const mark = newId().slice(-6);
  const page = await enter(browser, node1, 'infirmiere', 'phone', notebook());
  await page.locator('article').first().waitFor();
  const form = await write(page, `Plaie du talon gauche. ${mark}`);
  const [first, second] = [`talon-${mark}.jpg`, `pilulier-${mark}.jpg`];
  const camera = await photo(page, 'Talon', { width: 1200, height: 900 });
  assert.ok(camera.includes(PLACE), 'the camera wrote where it was');
  await attach(form, 'camera', first, 'image/jpeg', camera);
  await attach(form, 'camera', second, 'image/jpeg', await photo(page, 'Pilulier', { width: 2000, height: 1500 }));
  await form.getByLabel(`Légende de ${first}`).fill('Talon gauche, 3 × 2 cm');
  await form.getByLabel(`Légende de ${second}`).waitFor();

  // A page that dies keeps them.
  await until('the draft is kept', () => page.evaluate(() => document.querySelectorAll('[data-document] img').length === 2));
  await page.getByRole('button', { name: 'Fermer (le brouillon est gardé)' }).first().click();
  await page.reload();
  await page.locator('article').first().waitFor();
  await page.getByRole('button', { name: 'Nouvelle note' }).locator('visible=true').first().click();
  assert.equal(await form.getByLabel(`Légende de ${first}`).inputValue(), 'Talon gauche, 3 × 2 cm');

  await form.getByRole('button', { name: 'Transmettre' }).click();
  await note(page, mark).getByRole('button', { name: 'Ouvrir Talon gauche, 3 × 2 cm' }).waitFor({ timeout: 60_000 });
  const there = (await listed(nurse)).filter((one) => one.name.includes(mark));
  assert.deepEqual(there.map((one) => one.name).sort(), [second, first]);
  const channel = odette.channels.find((one) => one.kind === 'notebook').id;
  const notes = (await nurse.messages(channel)).filter((one) => one.text.includes(mark));
  assert.equal(notes.length, 1);
  assert.deepEqual(notes[0].documents.map((one) => one.name), [first, second]);

  // What left the phone is upright and says nothing of where it was taken.
  const kept = there.find((one) => one.name === first);
  assert.deepEqual([kept.width, kept.height], [900, 1200]);
  const content = await page.context().request.get(`/api/v1/documents/${kept.id}/content`);
  assert.ok(!(await content.body()).includes('Exif') && !(await content.body()).includes(PLACE));

  await note(page, mark).getByRole('button', { name: 'Ouvrir Talon gauche, 3 × 2 cm' }).click();
  const viewer = page.getByRole('dialog', { name: 'Talon gauche, 3 × 2 cm' });
  await until('the photo is drawn', () => viewer.locator('img').evaluate((img) => img.naturalWidth === 900));
  await page.keyboard.press('ArrowRight');
  await page.getByRole('dialog', { name: second }).getByText('2 sur 2', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  const cached = await page.evaluate(async () => {
    const names = await caches.keys();
    const all = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((one) => one.url)));
    return all.flat().filter((url) => url.includes('/api/'));
  });
  assert.deepEqual(cached, []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a PDF in Traitements: the pharmacist opens it, the home help finds it nowhere', async () => {
  const mark = newId().slice(-6);
  const name = `ordonnance-${mark}.pdf`;
  const doctor = await enter(browser, node1, 'medecin', 'desktop', notebook());
  const pharmacist = await enter(browser, node2, 'pharmacien', 'phone', notebook());
  const help = await Client.signIn(node2, 'aide-domicile');
  const helpPage = await enter(browser, node2, 'aide-domicile', 'phone', notebook());
  for (const page of [doctor, pharmacist, helpPage]) await page.locator('article').first().waitFor();
  const before = (await listed(help)).length;

  const form = await write(doctor, `Ordonnance jointe. ${mark}`);
  await choose(form, 'Traitements');
  await attach(form, 'picker', `faux-${mark}.pdf`, 'application/pdf', Buffer.from('<html>'));
  await form.getByText('Ce fichier n’est pas un PDF malgré son nom. Il n’a pas été envoyé.').waitFor();
  await attach(form, 'picker', name, 'application/pdf', pdf('Perindopril 4 mg'));
  await form.getByLabel(`Légende de ${name}`).waitFor();
  await form.getByRole('button', { name: 'Transmettre' }).click();

  await pharmacist.goto(`/patients/${odette.id}/documents`);
  await until('the pharmacist sees it in the list', async () => {
    if ((await pharmacist.getByRole('button', { name: `Ouvrir ${name}` }).count()) > 0) return true;
    await pharmacist.reload();
    await pharmacist.getByRole('link', { name: 'Voir la note' }).first().waitFor({ timeout: 5_000 }).catch(() => {});
    return false;
  }, 30_000);
  await pharmacist.getByRole('button', { name: `Ouvrir ${name}` }).click();
  const viewer = pharmacist.getByRole('dialog', { name });
  const open = viewer.getByRole('link', { name: 'Ouvrir' });
  await open.waitFor();
  const answer = await pharmacist.context().request.get(await open.getAttribute('href'));
  assert.equal(answer.headers()['content-type'], 'application/pdf');
  assert.match(answer.headers()['content-security-policy'], /sandbox/);
  assert.match((await answer.body()).toString('latin1'), /Perindopril 4 mg/);

  const [found] = (await listed(nurse)).filter((one) => one.name === name);
  assert.equal((await listed(help)).length, before);
  for (const path of ['', '/content', '/content?inline=1', '/thumbnail']) {
    const refused = await helpPage.context().request.get(`/api/v1/documents/${found.id}${path}`);
    assert.equal(refused.status(), 404, path);
  }
  await helpPage.goto(`/patients/${odette.id}/documents`);
  await helpPage.getByRole('heading', { name: 'Documents' }).waitFor({ state: 'attached' });
  assert.equal(await helpPage.getByText(mark).count(), 0);

  // A note that is withdrawn takes its documents along.
  await doctor.locator('article', { hasText: mark }).getByRole('button', { name: `Ouvrir ${name}` }).waitFor();
  const message = found.message_id;
  const author = await Client.signIn(node1, 'medecin');
  await author.post(`/messages/${message}/withdraw`, { reason: 'mauvais patient' });
  await pharmacist.keyboard.press('Escape');
  await pharmacist.goto(`/patients/${odette.id}/messages/${message}`);
  await pharmacist.locator(`[data-message="${message}"]`).getByText('Note annulée').waitFor();
  assert.equal(await pharmacist.getByRole('button', { name: `Ouvrir ${name}` }).count(), 0);
  assert.equal((await pharmacist.context().request.get(`/api/v1/documents/${found.id}/content`)).status(), 404);
  for (const page of [doctor, pharmacist, helpPage]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
