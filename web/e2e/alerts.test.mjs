// An urgent note reaches a physician whose pages are all closed, is taken, and is answered by a document that some may not
// know of. And what the page does with an alert while it is open.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attach, choose, cutIn, networkBack, write } from './composing.mjs';
import { pdf, photo } from './files.mjs';
import { Client, enter, newId, note, openBrowser, openWindow } from './people.mjs';
import { Asleep, PushService, subscribedAs, subscribedWith } from './push.mjs';
import { until } from './until.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let service;
let nurse;
let doctor;
let help;
let odette;
before(async () => {
  [browser, service] = await Promise.all([openBrowser(), PushService.listen(process.env.LIAISON_E2E_PUSH)]);
  [nurse, doctor, help] = await Promise.all([Client.signIn(node1, 'infirmiere'), Client.signIn(node2, 'medecin'), Client.signIn(node2, 'aide-domicile')]);
  odette = await nurse.team('MARCILLAC');
});
after(async () => {
  await browser.close();
  await service.close();
  assert.deepEqual(service.faults, []);
});

const notebook = () => `/patients/${odette.id}/cahier`;
const alertOf = (client, message) => client.get(`/messages/${message}/alert`);
const bell = (page) => page.getByRole('navigation').getByRole('link', { name: /Alertes/ });
const seenOf = async (client, path) => (await client.get(`/teams/${odette.id}${path}`)).items;
const search = (client, words) => client.get(`/search?q=${encodeURIComponent(words)}`);

/** Every push holds a random id and a class of urgency; its words are the same for everybody. */
function saysNothing(push, alert) {
  const body = JSON.parse(push.body);
  const { navigate, ...words } = body.notification;
  assert.deepEqual({ ...body, notification: words }, {
    web_push: 8030, mutable: true, alert_id: alert, urgency: alert ? 'urgent' : 'test',
    notification: { title: 'Liaison', body: words.body, lang: 'fr', tag: `liaison-${alert}` },
  });
  assert.ok(navigate.endsWith(alert ? `/alertes/${alert}` : '/compte'), navigate);
  assert.match(words.body, alert ? /^Une alerte urgente vous attend\. Ouvrez Liaison\.$/ : /^Essai/);
}

/** The physician's browser is registered by hand and tried, then has no page of ours any more. */
async function asleepWith(context, subscription) {
  const page = await context.newPage();
  await page.goto('/compte');
  await page.getByRole('button', { name: 'Recevoir les alertes sur cet appareil' }).click();
  await page.getByText('Cet appareil reçoit les alertes.').waitFor();
  await page.getByRole('button', { name: 'Envoyer un essai' }).click();
  await page.getByText('Essai envoyé.', { exact: false }).waitFor();
  const trial = await service.nth(subscription, 1);
  saysNothing(trial, '');
  assert.equal(trial.key, await subscribedWith(page), 'signed by another key than the browser was given');
  const asleep = await Asleep.of(context, node2);
  await asleep.push(trial.body);
  await until('the trial is shown', async () => (await asleep.notifications()).some((one) => one.body === 'Essai reçu : cet appareil recevra les alertes.'));
  await page.close();
  return asleep;
}

/** The urgent note, with two photos from the camera; the network ends in the middle of the second. */
async function postWithPhotos(page, mark) {
  const form = await write(page, `8 h 10. Plaie du talon gauche rouge et chaude. Pilulier : 2 prises du soir oubliées. ${mark}`);
  await choose(form, 'Soins');
  await form.getByRole('switch').check();
  await form.getByText(/^Seront alertés dans cet ordre.: Dr Hélène Baudry/).waitFor();
  const [first, second] = [`talon-${mark}.jpg`, `pilulier-${mark}.jpg`];
  await attach(form, 'camera', first, 'image/jpeg', await photo(page, 'Talon', { width: 800, height: 600 }));
  await form.getByLabel(`Légende de ${first}`).fill('Talon gauche, 3 × 2 cm');
  await attach(form, 'camera', second, 'image/jpeg', await photo(page, 'Pilulier', { width: 2000, height: 1500 }));
  await form.getByLabel(`Légende de ${second}`).waitFor();
  await cutIn(page, second);
  await form.getByRole('button', { name: 'Transmettre' }).click();
  await until('the network is gone', () => page.evaluate(() => !navigator.onLine));
  await note(page, mark).getByText('En attente d’envoi').waitFor();
  assert.deepEqual((await seenOf(nurse, '/documents')).filter((one) => one.name.includes(mark)), []);
  await networkBack(page);
  await note(page, mark).getByRole('button', { name: 'Ouvrir Talon gauche, 3 × 2 cm' }).waitFor({ timeout: 40_000 });
  const arrived = (await seenOf(nurse, '/documents')).filter((one) => one.name.includes(mark));
  assert.deepEqual(arrived.map((one) => one.name).sort(), [second, first]);
  const notes = (await nurse.messages(odette.channels.find((one) => one.kind === 'notebook').id)).filter((one) => one.text.includes(mark));
  assert.equal(notes.length, 1);
  assert.deepEqual(notes[0].documents.map((one) => one.name), [first, second]);
  return notes[0].id;
}

/** He answers under the note with a prescription, for those who read Traitements. */
async function answerWithPdf(page, mark, name) {
  await page.locator('.entry').filter({ has: note(page, mark) }).getByRole('button', { name: 'Répondre' }).click();
  const form = page.getByRole('form', { name: 'Répondre' });
  await form.getByLabel('Votre réponse').or(form.getByLabel('Votre texte')).first().fill(`Ordonnance jointe. ${mark}`);
  await choose(form, 'Traitements');
  await attach(form, 'picker', name, 'application/pdf', pdf('Perindopril 4 mg'));
  await form.getByLabel(`Légende de ${name}`).waitFor();
  await form.getByRole('button', { name: 'Transmettre' }).click();
  await form.waitFor({ state: 'detached' });
  return until('the answer is there', async () => (await seenOf(nurse, '/documents')).find((one) => one.name === name));
}

async function pharmacistOpens(size, name) {
  const page = await enter(browser, node1, 'pharmacien', size, `/patients/${odette.id}/documents`);
  await page.getByRole('button', { name: `Ouvrir ${name}` }).click();
  const open = page.getByRole('dialog', { name }).getByRole('link', { name: 'Ouvrir' });
  const answer = await page.context().request.get(await open.getAttribute('href'));
  assert.match((await answer.body()).toString('latin1'), /Perindopril 4 mg/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** Neither by search, list, link nor count; and the search was whole. */
async function helpFindsNothing(size, mark, message, document, before) {
  for (const words of [mark, 'prise oubliée', 'ordonnance', document.name]) {
    const found = await search(help, words);
    assert.equal(found.complete, true);
    assert.ok(!JSON.stringify(found).includes(mark), words);
  }
  assert.deepEqual(await counts(help), before);
  for (const path of [`/documents/${document.id}`, `/documents/${document.id}/thumbnail`, `/messages/${message}`, `/messages/${message}/alert`, `/messages/${document.message_id}`]) {
    await assert.rejects(help.get(path), /: 404 /, path);
  }
  const page = await enter(browser, node2, 'aide-domicile', size, '/recherche');
  await page.getByRole('searchbox', { name: /document/ }).fill('prise oubliée');
  await page.getByText('Rien de ce que vous pouvez lire ne contient « prise oubliée ».').waitFor();
  await page.goto(`/patients/${odette.id}/documents`);
  await page.getByRole('heading', { name: 'Documents' }).waitFor({ state: 'attached' });
  await page.locator('.papers[aria-busy=false]').waitFor();
  assert.equal(await page.getByText(mark).count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** All the numbers that the home help is shown of this dossier. */
async function counts(client) {
  const team = (await client.get('/teams')).items.find((one) => one.id === odette.id);
  const documents = await seenOf(client, '/documents');
  return { documents: documents.length, unread: team.unread, alerts: team.open_alerts, last: team.last_at };
}

for (const size of ['phone', 'desktop']) {
  test(`from two photos to the answer, the physician's pages all closed (${size})`, async (t) => {
    const mark = newId().slice(-6);
    const helpBefore = await counts(help);
    const subscription = service.subscription();
    const entrance = await enter(browser, node2, 'medecin', size);
    const context = entrance.context();
    await subscribedAs(context, subscription);
    await entrance.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    const asleep = await asleepWith(context, subscription);
    await entrance.close();

    const page = await enter(browser, node1, 'infirmiere', size, notebook());
    await page.locator('article').first().waitFor();
    const message = await postWithPhotos(page, mark);
    const written = note(page, mark);
    await written.getByText('En cours, demandée à Dr Hélène Baudry').waitFor();
    const alert = await alertOf(nurse, message);

    const push = await service.nth(subscription, 2);
    t.diagnostic(`pushed ${Date.now() - Date.parse(alert.raised_at)} ms after it was raised, ${push.length} bytes`);
    saysNothing(push, alert.id);
    assert.equal(push.urgency, 'high');
    assert.ok(!push.topic.includes(alert.id));
    await asleep.push(push.body);
    const tag = `liaison-${alert.id}`;
    const shown = await until('a notification is shown', async () => (await asleep.notifications()).find((one) => one.tag === tag));
    assert.deepEqual(shown, { title: 'Liaison', body: 'Une alerte urgente vous attend.', tag, data: { alert: alert.id } });
    await written.getByText('En cours, remise à Dr Hélène Baudry').waitFor();

    const address = await asleep.click(tag);
    assert.equal(address, `/patients/${odette.id}/messages/${message}`);
    assert.ok(!(await asleep.notifications()).some((one) => one.tag === tag), 'the notification stays');
    const opened = await context.newPage();
    opened.faults = [];
    opened.on('pageerror', (error) => opened.faults.push(error.message));
    await opened.goto(address);
    await note(opened, mark).getByText('2 prises du soir oubliées', { exact: false }).waitFor();
    await written.getByText(/^Lue par Dr Hélène Baudry, /).waitFor();
    await bell(opened).getByText('Alerte urgente').waitFor({ state: 'attached' });
    await note(opened, mark).getByRole('button', { name: 'Je m’en occupe' }).click();

    await written.getByText(/^Prise par Dr Hélène Baudry, (à l’instant|\d+ h \d\d|.*\d)/).waitFor();
    await written.getByRole('button', { name: 'Détail de l’alerte' }).click();
    const story = await page.getByRole('dialog', { name: 'Détail de l’alerte' }).getByRole('listitem').allInnerTexts();
    const told = story.map((line) => line.replaceAll(/\s+/g, ' ').replace(/^.*?(\d\d?[ :]?h?[ :]?\d\d) /, ''));
    assert.deepEqual(told, ['Émise par vous', 'Demandée à Dr Hélène Baudry', 'Remise à Dr Hélène Baudry', 'Lue par Dr Hélène Baudry', 'Prise par Dr Hélène Baudry']);
    await page.keyboard.press('Escape');
    await until('nothing asks him any more', async () => (await bell(opened).getByText('Alerte urgente').count()) === 0);

    const document = await answerWithPdf(opened, mark, `ordonnance-${mark}.pdf`);
    await pharmacistOpens(size, document.name);

    await opened.getByRole('navigation').getByRole('link', { name: /^Patients/ }).click();
    const field = opened.getByLabel('Nom, prénom').locator('visible=true').or(opened.getByRole('searchbox').locator('visible=true')).first();
    await field.fill('prise oubliée');
    await field.press('Enter');
    const found = opened.getByRole('main').getByRole('link').filter({ hasText: mark });
    await found.first().waitFor();
    assert.deepEqual(await found.first().locator('mark').allInnerTexts(), ['prises', 'oubliées']);
    await helpFindsNothing(size, mark, message, document, helpBefore);

    for (const one of [page, opened]) assert.deepEqual(one.faults, []);
    await Promise.all([page, opened].map((one) => one.context().close()));
  });
}
