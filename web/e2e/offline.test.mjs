// What is written without network, twice, or in two tabs leaves once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, newId, note, openBrowser } from './people.mjs';
import { until } from './until.mjs';

const [node1] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let nurse;
let bernard;
let address;
before(async () => {
  browser = await openBrowser();
  nurse = await Client.signIn(node1, 'infirmiere');
  bernard = await nurse.team('TESSANDIER');
  address = `/patients/${bernard.id}/cahier`;
});
after(() => browser.close());

async function open(size) {
  const page = await enter(browser, node1, 'infirmiere', size, address);
  await page.locator('article').first().waitFor();
  return page;
}

async function write(page, text) {
  await page.getByRole('button', { name: 'Nouvelle note' }).locator('visible=true').first().click();
  const form = page.getByRole('form', { name: 'Nouvelle note' });
  await form.getByLabel('Votre texte').fill(text);
  return form.getByRole('button', { name: 'Transmettre' });
}

/** In the page: the texts of the drafts that its database holds. */
async function keptDrafts() {
  const texts = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done) => (indexedDB.open(name).onsuccess = (event) => done(event.target.result)));
    if (db.objectStoreNames.contains('drafts')) {
      const all = db.transaction('drafts').objectStore('drafts').getAll();
      await new Promise((done) => (all.onsuccess = done));
      texts.push(...all.result.map((one) => one.text));
    }
    db.close();
  }
  return texts;
}

async function onServer(text) {
  const channel = bernard.channels.find((one) => one.kind === 'notebook');
  return (await nurse.messages(channel.id)).filter((one) => one.text === text).length;
}

const sent = (text) => until(`the server has « ${text} »`, async () => (await onServer(text)) > 0, 40_000);

test('written without network, the page opened again, then sent once', async () => {
  const page = await open('phone');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller || new Promise((done) => (navigator.serviceWorker.oncontrollerchange = done))).then(() => true));
  await page.context().setOffline(true);
  const text = `Sans réseau ${newId().slice(-6)}`;
  await (await write(page, text)).click();
  await note(page, text).getByText('En attente d’envoi').waitFor();
  const unfinished = `Brouillon ${newId().slice(-6)}`;
  await write(page, unfinished);
  await page.getByRole('button', { name: 'Fermer (le brouillon est gardé)' }).first().click();
  await until('the draft is on the device', () => page.evaluate(keptDrafts).then((drafts) => drafts.includes(unfinished)));

  await page.reload();
  await note(page, text).getByText('En attente d’envoi').waitFor();
  await page.getByRole('button', { name: 'Nouvelle note' }).locator('visible=true').first().click();
  await until('the draft is there again', async () => (await page.getByLabel('Votre texte').inputValue()) === unfinished);
  await page.getByRole('button', { name: 'Fermer (le brouillon est gardé)' }).first().click();
  assert.equal(await onServer(text), 0);

  await page.context().setOffline(false);
  await sent(text);
  await until('nothing waits any more', async () => (await page.getByText('En attente d’envoi').count()) === 0);
  assert.equal(await onServer(text), 1);
  assert.equal(await note(page, text).count(), 1);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a double click sends once', async () => {
  const page = await open('desktop');
  const text = `Deux clics ${newId().slice(-6)}`;
  await (await write(page, text)).dblclick();
  await sent(text);
  await until('nothing waits any more', async () => (await page.getByText('En attente d’envoi').count()) === 0);
  assert.equal(await onServer(text), 1);
  assert.equal(await note(page, text).count(), 1);
  await page.context().close();
});

test('two tabs of one person send what waited once', async () => {
  const page = await open('desktop');
  const second = await page.context().newPage();
  await second.goto(address);
  await second.locator('article').first().waitFor();
  await page.context().setOffline(true);
  const texts = [1, 2, 3].map((i) => `Deux onglets ${i}, ${newId().slice(-6)}`);
  for (const text of texts) {
    await (await write(page, text)).click();
    await note(page, text).waitFor();
  }
  await page.context().setOffline(false);
  for (const text of texts) await sent(text);
  for (const text of texts) assert.equal(await onServer(text), 1);
  for (const tab of [page, second]) for (const text of texts) await until(`both tabs show ${text} once`, async () => (await note(tab, text).count()) === 1);
  await page.context().close();
});
