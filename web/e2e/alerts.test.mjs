// An urgent note reaches a physician whose pages are all closed, is taken, and is answered by a document that some may not
// know of. And what the page does with an alert while it is open.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attach, choose, cutIn, networkBack, write } from './composing.mjs';
import { pdf, photo } from './files.mjs';
import { Client, enter, newcomer, newId, note, openBrowser } from './people.mjs';
import { Asleep, PushService, subscribedAs, subscribedWith } from './push.mjs';
import { until } from './until.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let service;
let nurse;
let help;
before(async () => {
  [browser, service] = await Promise.all([openBrowser(), PushService.listen(process.env.LIAISON_E2E_PUSH)]);
  [nurse, help] = await Promise.all([Client.signIn(node1, 'infirmiere'), Client.signIn(node2, 'aide-domicile')]);
});
after(async () => {
  await browser.close();
  await service.close();
  assert.deepEqual(service.faults, []);
});

const physicians = { phone: ['Rochebrune', '1931-02-04'], desktop: ['Sauvageot', '1942-11-19'], open: ['Montclar', '1936-07-30'] };

/** A dossier of a physician's own, so that no other test's page shows him his alerts: a nurse, a pharmacist, a home help, a coordinator. */
async function circle(key) {
  const [family_name, birth_date] = physicians[key];
  const login = await newcomer(node1, { profession: 'MED', title: 'Dr', given_name: 'Agathe', family_name, gender: 'F' });
  const doctor = await Client.signIn(node1, login);
  const information = { given_by: doctor.me.display_name, given_at: new Date().toISOString() };
  const patient = { birth_name: `De ${family_name}`, given_names: 'Lucienne', birth_date, sex: 'F' };
  const { team_id } = await doctor.post('/patients', { id: newId(), information, seat: 'medecin_traitant', ...patient });
  for (const [other, seat] of Object.entries({ infirmiere: 'intervenant', pharmacien: 'intervenant', 'aide-domicile': 'intervenant', coordinatrice: 'coordonnateur' })) {
    const { me } = await Client.signIn(node1, other);
    await doctor.post(`/teams/${team_id}/members`, { id: newId(), professional_id: me.id, seat, basis: 'care_team_2' });
  }
  return { login, doctor, name: doctor.me.display_name, team: await nurse.get(`/teams/${team_id}`), notebook: `/patients/${team_id}/cahier` };
}

const alertOf = (client, message) => client.get(`/messages/${message}/alert`);
const bell = (page) => page.getByRole('navigation').getByRole('link', { name: /Alertes/ });
const documentsOf = async (client, team) => (await client.get(`/teams/${team.id}/documents`)).items;
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
  const { body } = await asleep.push(trial.body, 'liaison-');
  assert.equal(body, 'Essai reçu : cet appareil recevra les alertes.');
  await page.close();
  return asleep;
}

/** The urgent note, with two photos from the camera; the network ends in the middle of the second. */
async function postWithPhotos(page, { team, name }, mark) {
  const form = await write(page, `8 h 10. Plaie du talon gauche rouge et chaude. Pilulier : 2 prises du soir oubliées. ${mark}`);
  await choose(form, 'Soins');
  await form.getByRole('switch').check();
  await form.getByText(new RegExp(`^Seront alertés dans cet ordre.: ${name}`)).waitFor();
  const [first, second] = [`talon-${mark}.jpg`, `pilulier-${mark}.jpg`];
  await attach(form, 'camera', first, 'image/jpeg', await photo(page, 'Talon', { width: 800, height: 600 }));
  await form.getByLabel(`Légende de ${first}`).fill('Talon gauche, 3 × 2 cm');
  await attach(form, 'camera', second, 'image/jpeg', await photo(page, 'Pilulier', { width: 2000, height: 1500 }));
  await form.getByLabel(`Légende de ${second}`).waitFor();
  await cutIn(page, second);
  await form.getByRole('button', { name: 'Transmettre' }).click();
  await until('the network is gone', () => page.evaluate(() => !navigator.onLine));
  await note(page, mark).getByText('En attente d’envoi').waitFor();
  assert.deepEqual((await documentsOf(nurse, team)).filter((one) => one.name.includes(mark)), []);
  await networkBack(page);
  await note(page, mark).getByRole('button', { name: 'Ouvrir Talon gauche, 3 × 2 cm' }).waitFor({ timeout: 40_000 });
  const arrived = (await documentsOf(nurse, team)).filter((one) => one.name.includes(mark));
  assert.deepEqual(arrived.map((one) => one.name).sort(), [second, first]);
  const notes = (await nurse.messages(team.channels.find((one) => one.kind === 'notebook').id)).filter((one) => one.text.includes(mark));
  assert.equal(notes.length, 1);
  assert.deepEqual(notes[0].documents.map((one) => one.name), [first, second]);
  return notes[0].id;
}

/** He answers under the note with a prescription, for those who read Traitements. */
async function answerWithPdf(page, team, mark, name) {
  await page.locator('.entry').filter({ has: note(page, mark) }).getByRole('button', { name: 'Répondre' }).click();
  const form = page.getByRole('form', { name: 'Répondre' });
  await form.getByLabel('Votre réponse').or(form.getByLabel('Votre texte')).first().fill(`Ordonnance jointe. ${mark}`);
  await choose(form, 'Traitements');
  await attach(form, 'picker', name, 'application/pdf', pdf('Perindopril 4 mg'));
  await form.getByLabel(`Légende de ${name}`).waitFor();
  await form.getByRole('button', { name: 'Transmettre' }).click();
  await form.waitFor({ state: 'detached' });
  return until('the answer is there', async () => (await documentsOf(nurse, team)).find((one) => one.name === name));
}

async function pharmacistOpens(size, team, name) {
  const page = await enter(browser, node1, 'pharmacien', size, `/patients/${team.id}/documents`);
  await page.getByRole('button', { name: `Ouvrir ${name}` }).click();
  const open = page.getByRole('dialog', { name }).getByRole('link', { name: 'Ouvrir' });
  const answer = await page.context().request.get(await open.getAttribute('href'));
  assert.match((await answer.body()).toString('latin1'), /Perindopril 4 mg/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** Neither by search, list, link nor count; and the search was whole. */
async function helpFindsNothing(size, team, mark, message, document, before) {
  for (const words of [mark, 'prise oubliée', 'ordonnance', document.name]) {
    const found = await search(help, words);
    assert.equal(found.complete, true);
    assert.ok(!JSON.stringify(found).includes(mark), words);
  }
  assert.deepEqual(await counts(help, team), before);
  for (const path of [`/documents/${document.id}`, `/documents/${document.id}/thumbnail`, `/messages/${message}`, `/messages/${message}/alert`, `/messages/${document.message_id}`]) {
    await assert.rejects(help.get(path), /: 404 /, path);
  }
  const page = await enter(browser, node2, 'aide-domicile', size, '/recherche');
  await page.getByRole('searchbox', { name: /document/ }).fill('prise oubliée');
  await page.getByText('Rien de ce que vous pouvez lire ne contient « prise oubliée ».').waitFor();
  await page.goto(`/patients/${team.id}/documents`);
  await page.getByRole('heading', { name: 'Documents' }).waitFor({ state: 'attached' });
  await page.locator('.papers[aria-busy=false]').waitFor();
  assert.equal(await page.getByText(mark).count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** All the numbers that the home help is shown of this dossier. */
async function counts(client, team) {
  const item = (await client.get('/teams')).items.find((one) => one.id === team.id);
  const documents = await documentsOf(client, team);
  return { documents: documents.length, unread: item.unread, alerts: item.open_alerts, last: item.last_at };
}

for (const size of ['phone', 'desktop']) {
  test(`from two photos to the answer, the physician's pages all closed (${size})`, async (t) => {
    const mark = newId().slice(-6);
    const mine = await circle(size);
    const { team, name } = mine;
    const helpBefore = await counts(help, team);
    const subscription = service.subscription();
    const entrance = await enter(browser, node2, mine.login, size);
    const context = entrance.context();
    await subscribedAs(context, subscription);
    await entrance.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    const asleep = await asleepWith(context, subscription);
    await entrance.close();

    const page = await enter(browser, node1, 'infirmiere', size, mine.notebook);
    const message = await postWithPhotos(page, mine, mark);
    const written = note(page, mark);
    await written.getByText(`En cours, demandée à ${name}`).waitFor();
    const alert = await alertOf(nurse, message);

    const push = await service.nth(subscription, 2);
    t.diagnostic(`pushed ${Date.now() - Date.parse(alert.raised_at)} ms after it was raised, ${push.length} bytes`);
    saysNothing(push, alert.id);
    assert.equal(push.urgency, 'high');
    assert.ok(!push.topic.includes(alert.id));
    const tag = `liaison-${alert.id}`;
    const shown = await asleep.push(push.body, tag);
    assert.deepEqual(shown, { title: 'Liaison', body: 'Une alerte urgente vous attend.', tag, data: { alert: alert.id } });
    await written.getByText(`En cours, remise à ${name}`).waitFor();

    const address = await asleep.click(tag);
    assert.equal(address, `/patients/${team.id}/messages/${message}`);
    assert.ok(!(await asleep.notifications()).some((one) => one.tag === tag), 'the notification stays');
    const opened = await context.newPage();
    opened.faults = [];
    opened.on('pageerror', (error) => opened.faults.push(error.message));
    await opened.goto(address);
    await note(opened, mark).getByText('2 prises du soir oubliées', { exact: false }).waitFor();
    await written.getByText(new RegExp(`^Lue par ${name}, `)).waitFor();
    await bell(opened).getByText('Alerte urgente').waitFor({ state: 'attached' });
    await note(opened, mark).getByRole('button', { name: 'Je m’en occupe' }).click();

    await written.getByText(new RegExp(`^Prise par ${name}, \\d+\\sh\\s\\d\\d`)).waitFor();
    await written.getByRole('button', { name: 'Détail de l’alerte' }).click();
    const story = await page.getByRole('dialog', { name: 'Détail de l’alerte' }).getByRole('listitem').allInnerTexts();
    const told = story.map((line) => line.replaceAll(/\s+/g, ' ').replace(/^.*?(\d\d?[ :]?h?[ :]?\d\d) /, ''));
    assert.deepEqual(told, ['Émise par vous', `Demandée à ${name}`, `Remise à ${name}`, `Lue par ${name}`, `Prise par ${name}`]);
    await page.keyboard.press('Escape');
    await until('nothing asks him any more', async () => (await bell(opened).getByText('Alerte urgente').count()) === 0);

    const document = await answerWithPdf(opened, team, mark, `ordonnance-${mark}.pdf`);
    await pharmacistOpens(size, team, document.name);

    await opened.getByRole('navigation').getByRole('link', { name: /^Patients/ }).click();
    const field = opened.getByLabel('Nom, prénom').locator('visible=true').or(opened.getByRole('searchbox').locator('visible=true')).first();
    await field.fill('prise oubliée');
    await field.press('Enter');
    const found = opened.getByRole('main').getByRole('link').filter({ hasText: mark });
    await found.first().waitFor();
    assert.deepEqual(await found.first().locator('mark').allInnerTexts(), ['prises', 'oubliées']);
    await helpFindsNothing(size, team, mark, message, document, helpBefore);

    for (const one of [page, opened]) assert.deepEqual(one.faults, []);
    await Promise.all([page, opened].map((one) => one.context().close()));
  });
}

test('with a page open: the banner, the list, one taking of two clicks; and quiet notices, for who wants them', async () => {
  const mark = newId().slice(-6);
  const { login, doctor, team, name } = await circle('open');
  const page = await enter(browser, node2, login, 'desktop', '/patients');
  await page.getByText('MONTCLAR').first().waitFor();
  const urgent = await nurse.message(team, `Essoufflée au repos. ${mark}`, { urgent: true });
  const banner = page.getByRole('alert').filter({ hasText: 'Alerte urgente' });
  await banner.getByText('Nadia Ferhat', { exact: false }).waitFor();
  await until('the page said that it shows it', async () => (await alertOf(nurse, urgent.id)).steps[0].delivered_at);

  await bell(page).click();
  const row = page.getByRole('main').getByRole('article').filter({ hasText: 'MONTCLAR' });
  await row.getByRole('button', { name: 'Je m’en occupe' }).dblclick();
  await page.getByText('Aucune alerte en cours.').waitFor();
  await banner.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Closes' }).click();
  await row.getByText(new RegExp(`^Prise par ${name}`)).first().waitFor();
  assert.equal((await alertOf(nurse, urgent.id)).state, 'taken');

  await nurse.message(team, `Pas urgente. ${mark}`);
  await page.getByText(/^Nouvelle note de Nadia Ferhat/).waitFor();
  await page.goto('/compte');
  await page.getByLabel('Avis discrets des nouvelles notes').uncheck();
  await bell(page).click();
  const patients = page.getByRole('navigation').getByRole('link', { name: /^Patients/ });
  const unread = await patients.innerText();
  const second = await nurse.message(team, `Pas urgente non plus. ${mark}`);
  await until('the page has it', async () => (await patients.innerText()) !== unread);
  assert.equal(await page.getByText(/nouvelles? notes? de|nouvelles notes,/i).count(), 0);
  assert.ok((await doctor.get(`/messages/${second.id}`)).text.includes(mark));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
