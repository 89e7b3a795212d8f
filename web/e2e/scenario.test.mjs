// The product's main story, with several browsers at once on two nodes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, enter, isLive, listen, newId, note, openBrowser, openWindow, signInByHand } from './people.mjs';
import { until } from './until.mjs';

const [node1, node2] = process.env.LIAISON_E2E_URLS.split(' ');
let browser;
let odette;
before(async () => {
  browser = await openBrowser();
  odette = await (await Client.signIn(node1, 'infirmiere')).team('MARCILLAC');
});
after(() => browser.close());

async function writeUrgentNote(page, text) {
  await page.getByRole('button', { name: 'Nouvelle note' }).locator('visible=true').first().click();
  const form = page.getByRole('form', { name: 'Nouvelle note' });
  await form.getByLabel('Type de note').selectOption('INTERV');
  await form.getByRole('radio', { name: 'Soins' }).click();
  await form.getByLabel('Votre texte').fill(text);
  await form.getByLabel(/^(Pression|Tension) artérielle/).fill('186/104');
  await form.getByRole('switch').check();
  return form;
}

function rowOf(page, name) {
  return page.getByRole('link').filter({ has: page.locator('.name', { hasText: name }) }).locator('visible=true');
}

const textOfRow = (page, name) => rowOf(page, name).innerText();

for (const size of ['phone', 'desktop']) {
  test(`an urgent note, an answer, and who sees neither (${size})`, async () => {
    const mark = `${size} ${newId().slice(-6)}`;
    const text = `8 h 10. Assise bras G après 5 min. Pilulier : 2 prises du soir oubliées. ${mark}`;
    const notebook = `/patients/${odette.id}/cahier`;

    const [doctor, pharmacist, other, helpList] = await Promise.all([
      enter(browser, node2, 'medecin', 'desktop', notebook),
      enter(browser, node1, 'pharmacien', size, notebook),
      enter(browser, node1, 'medecin2', size),
      enter(browser, node2, 'aide-domicile', size),
    ]);
    await doctor.getByRole('heading', { name: 'MARCILLAC Odette' }).first().waitFor();
    await rowOf(helpList, 'MARCILLAC').waitFor();
    const rowBefore = await textOfRow(helpList, 'MARCILLAC');
    const saidToHelp = listen(helpList);
    await helpList.reload();
    await isLive(saidToHelp);

    // The nurse, at the patient's home.
    const nurse = await openWindow(browser, node1, size);
    await signInByHand(nurse, 'infirmiere');
    await rowOf(nurse, 'MARCILLAC Odette').click();
    const form = await writeUrgentNote(nurse, text);
    await form.getByText(/^Visible par \d intervenants sur \d$/).waitFor();
    assert.match(await form.innerText(), /Urgence vitale\s: appelez le 15/);
    await form.getByRole('button', { name: 'Voir qui et pourquoi' }).click();
    const sheet = nurse.getByRole('dialog', { name: 'Qui lira ce message' });
    const help = sheet.getByRole('listitem').filter({ hasText: 'Mariam Diallo' });
    assert.match(await help.innerText(), /Soins/);
    await sheet.getByRole('button', { name: 'Revenir à la note' }).click();
    await form.getByRole('button', { name: 'Transmettre' }).click();
    await form.waitFor({ state: 'detached' });

    // The physician, without reloading.
    const received = note(doctor, mark);
    await received.waitFor();
    assert.match(await received.innerText(), /Urgent/);
    assert.match(await received.innerText(), /186\/104/);
    assert.match(await received.innerText(), /appelez le 15/);

    // Another physician: nothing, and nothing to guess.
    await other.getByText(/Aucun dossier|dossier/).first().waitFor();
    assert.equal(await other.getByText('Odette').count(), 0);
    await other.goto(notebook);
    await other.getByText('Dossier introuvable, ou vous n’y avez pas accès.').waitFor();

    // An answer in another category is for others.
    const answer = `Vu. Périndopril 4 mg à reprendre. ${mark}`;
    const entry = doctor.locator('.entry').filter({ has: received });
    await entry.getByRole('button', { name: 'Répondre' }).click();
    const reply = doctor.getByRole('form', { name: 'Répondre' });
    await reply.getByLabel('Votre réponse').or(reply.getByLabel('Votre texte')).first().fill(answer);
    await reply.getByRole('button', { name: 'Autre…' }).click();
    await reply.getByRole('radio', { name: 'Traitements' }).click();
    await reply.getByText(/^Visible par \d intervenants sur \d$/).waitFor();
    await reply.getByRole('button', { name: 'Transmettre' }).click();
    await note(doctor, answer).last().waitFor();

    await until('the pharmacist reads the answer', async () => {
      const found = pharmacist.locator('.entry').filter({ hasText: mark });
      if ((await note(pharmacist, answer).count()) > 0) return true;
      const toggle = found.getByRole('button', { name: /réponse/ }).and(pharmacist.locator('[aria-expanded=false]'));
      if (await toggle.count()) await toggle.first().click();
      return false;
    });

    // The home help: neither text, nor count, nor that anything happened. A message of hers proves that her socket was heard.
    const doctorClient = await Client.signIn(node1, 'medecin');
    const probe = `Bonjour. ${mark}`;
    await doctorClient.message(odette, probe, { category: 'daily_life', kind: 'discussion' });
    await until('the home help hears of what is hers', () => saidToHelp.some((one) => one.includes(probe)));
    assert.ok(!saidToHelp.some((one) => one.includes('Périndopril') || one.includes('prises du soir')), 'a frame told the home help');
    assert.equal(saidToHelp.filter((one) => one.includes('"message.created"')).length, 1, saidToHelp.join('\n'));
    await until('her list shows one more, her own', async () => (await textOfRow(helpList, 'MARCILLAC')) !== rowBefore);
    await helpList.goto(notebook);
    await helpList.getByRole('heading', { name: 'MARCILLAC Odette' }).first().waitFor();
    await helpList.locator('article').first().waitFor();
    assert.equal(await helpList.getByText(mark).count(), 0);

    for (const page of [nurse, doctor, pharmacist, other, helpList]) assert.deepEqual(page.faults, []);
    await Promise.all([nurse, doctor, pharmacist, other, helpList].map((page) => page.context().close()));
  });
}

test('an intervention that ends takes the patient off a screen on another node', async (t) => {
  const nurse = await Client.signIn(node1, 'infirmiere');
  const kine = await openWindow(browser, node2, 'phone');
  const frames = listen(kine);
  const coordinator = await enter(browser, node1, 'coordinatrice', 'desktop', `/patients/${odette.id}/cercle`);
  await signInByHand(kine, 'kine');
  await kine.goto(`/patients/${odette.id}/cahier`);
  await kine.locator('article').first().waitFor();
  await isLive(frames);

  await coordinator.locator('[data-e2e=matrix]').getByRole('button').filter({ hasText: 'Mazet' }).or(coordinator.locator('[data-e2e=matrix] tr').filter({ hasText: 'Mazet' }).getByRole('button')).first().click();
  await coordinator.getByRole('button', { name: /Mettre fin à l’intervention de Julien Mazet/ }).click();
  // Seen from inside his page: when its last note was gone.
  await kine.evaluate(() => {
    const gone = () => !document.querySelector('article') && (window.goneAt ??= Date.now());
    new MutationObserver(gone).observe(document.body, { childList: true, subtree: true });
  });
  const ended = coordinator.waitForResponse((answer) => answer.request().method() === 'DELETE' && answer.url().includes('/members/'));
  await coordinator.locator('[data-e2e=confirm]').click();
  const answer = await ended;
  const at = Date.now();
  assert.equal(answer.status(), 204);

  const after = `Après son départ ${newId().slice(-6)}`;
  await nurse.message(odette, after, { category: 'functional' });

  const gone = await until('his screen leaves the patient', () => kine.evaluate(() => window.goneAt));
  t.diagnostic(`left his screen ${gone - at} ms after the answer`);
  assert.ok(gone - at <= 1000, `${gone - at} ms`);
  await kine.getByText('MARCILLAC Odette : vous ne faites plus partie de ce cercle de soins', { exact: false }).waitFor();

  // A message of another dossier of his arrives: his socket is heard, and told nothing of what came after.
  const doctor = await Client.signIn(node1, 'medecin');
  const bernard = await doctor.team('TESSANDIER');
  const probe = `Séance demain ? ${newId().slice(-6)}`;
  await doctor.message(bernard, probe, { category: 'functional', kind: 'discussion' });
  await until('his other dossier is heard', () => frames.some((one) => one.includes(probe)));
  assert.ok(!frames.some((one) => one.includes(after)), 'a frame told him what came after');
  await kine.goto('/patients');
  await rowOf(kine, 'TESSANDIER').waitFor();
  assert.equal(await rowOf(kine, 'MARCILLAC').count(), 0);
  assert.deepEqual(kine.faults, []);
  await Promise.all([kine, coordinator].map((page) => page.context().close()));
});
