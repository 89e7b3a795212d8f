// Every screen at both sizes, light and dark: read by axe, nothing beyond the edge, nothing cut off, targets large enough.
// What was seen is left in shots/. The dark and the narrow are the long form, which .ci/run asks for (LIAISON_E2E_LONG).

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { pdf, photo, picture } from './files.mjs';
import { overviews, urgencies } from './overviews.mjs';
import { Client, enter, openBrowser, openWindow } from './people.mjs';
import { axeFindings, cutOff, smallTargets } from './screen.mjs';

const [node1] = process.env.LIAISON_E2E_URLS.split(' ');
const long = process.env.LIAISON_E2E_LONG === '1';
const shots = fileURLToPath(new URL('./shots/', import.meta.url));
mkdirSync(shots, { recursive: true });
let browser;
const place = {};
let odette;
let invitation;
before(async () => {
  browser = await openBrowser();
  const [nurse, admin] = await Promise.all([Client.signIn(node1, 'infirmiere'), Client.signIn(node1, 'admin')]);
  odette = await nurse.team('MARCILLAC');
  const led = await (await Client.signIn(node1, 'idec-ssiad')).team('LESTRADE');
  Object.assign(place, { odette, led, urgent: await urgencies(node1) });
  await papers(nurse);
  const { items } = await admin.get('/admin/accounts');
  const one = items.find((item) => item.professional.family_name === 'Ferrandis');
  await writeOwnNote(nurse);
  invitation = new URL((await admin.post(`/admin/accounts/${one.professional.id}/reset`, {})).invitation.url).pathname;
});
after(() => browser.close());

/** What a dossier holds after a visit: photos with captions, a prescription. */
async function papers(nurse) {
  const page = await openWindow(browser, node1);
  const size = { width: 1200, height: 900 };
  const heel = await nurse.document(odette, 'talon.jpg', await picture(page, 'Talon gauche', size), 'Talon gauche, 3 × 2 cm, berges nettes');
  const box = await nurse.document(odette, 'IMG_0043.jpg', await picture(page, 'Pilulier', { width: 900, height: 1200 }));
  const prescription = await nurse.document(odette, 'Ordonnance périndopril.pdf', pdf('Perindopril 4 mg'));
  await nurse.message(odette, 'Pansement refait. Photos jointes.', { document_ids: [heel, box, prescription] });
  await page.context().close();
}

const viewed = (page) => page.locator('article').filter({ hasText: 'Photos jointes' }).getByRole('button', { name: /Ouvrir Talon/ });

/** A note of hers, corrected once, read by one and delivered to another. */
async function writeOwnNote(nurse) {
  const { id, text } = await nurse.message(odette, 'TA reprise ce soir : 142/84. Pilulier complet, pas de vertige au lever.');
  await nurse.patch(`/messages/${id}`, { text: `${text} Appel de sa fille à 19 h.`, reason: 'Oubli de l’appel' }, { 'If-Match': '"1"' });
  const [doctor, pharmacist] = await Promise.all([Client.signIn(node1, 'medecin'), Client.signIn(node1, 'pharmacien')]);
  await doctor.post('/receipts', { items: [{ message_id: id, state: 'seen' }] });
  await pharmacist.post('/receipts', { items: [{ message_id: id, state: 'delivered' }] });
}

const visible = (page, role, name) => page.getByRole(role, { name }).locator('visible=true').first();
const writeNote = (page) => visible(page, 'button', 'Nouvelle note').click();
const ownNote = (page) => page.locator('article', { hasText: 'Appel de sa fille à 19 h.' });

/** One's own note, and what one may still do with it. */
async function changeNote(page, what) {
  await ownNote(page).getByRole('button', { name: 'Modifier cette note' }).click();
  if (what) await page.getByRole('button', { name: what, exact: true }).click();
}

async function findColleague(page) {
  await page.locator('[data-e2e=find-person]').fill('lor');
  await page.getByRole('button', { name: /Fabien Lormeau/ }).waitFor();
}

/** The network goes while the dossier is kept on the device; the page is opened again without it. */
async function cutNetwork(page) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller || new Promise((done) => (navigator.serviceWorker.oncontrollerchange = done))).then(() => true));
  await page.context().setOffline(true);
  await page.reload();
  await page.locator('article').first().waitFor();
  await page.getByText('Pas de réseau. Vous pouvez lire et écrire', { exact: false }).waitFor();
}

async function oppose(page) {
  await visible(page, 'button', 'Enregistrer').click();
  await page.getByText('Opposition', { exact: true }).last().click();
  await page.getByText('à une profession', { exact: true }).click();
  await page.getByRole('option', { name: /^aide à domicile$/ }).waitFor({ state: 'attached' });
  await page.getByLabel('Profession', { exact: true }).selectOption({ label: 'aide à domicile' });
}

/** Each: who looks, where, and what is done there until the screen is as wanted. */
const screens = {
  'sign-in': { path: '/', shown: (page) => page.getByRole('button', { name: /Nadia Ferhat/ }).waitFor() },
  invitation: { path: () => invitation, shown: (page) => page.getByRole('heading').first().waitFor() },
  patients: { as: 'infirmiere', path: '/patients', shown: (page) => page.getByText('TESSANDIER').first().waitFor() },
  notebook: { as: 'infirmiere', path: () => `/patients/${odette.id}/cahier`, shown: (page) => page.locator('article').first().waitFor() },
  thread: {
    as: 'medecin',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await page.locator('.entry').getByRole('button', { name: /réponse/ }).last().click();
      const entry = page.locator('.entry').filter({ has: page.locator('.replies article') }).last();
      await entry.getByRole('button', { name: 'Répondre' }).click();
      await page.getByRole('form', { name: 'Répondre' }).getByText(/^Visible par/).waitFor();
    },
  },
  discussion: { as: 'infirmiere', path: () => `/patients/${odette.id}/discussion`, shown: (page) => page.locator('article').first().waitFor() },
  'own-note': {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await changeNote(page);
      await page.getByRole('dialog', { name: 'Modifier cette note' }).waitFor();
    },
  },
  amend: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await changeNote(page, 'Corriger');
      await page.getByRole('dialog').getByLabel('Votre texte').fill('TA reprise ce soir : 142/84. Pilulier complet, pas de vertige au lever. Appel de sa fille à 18 h 30.');
      await page.getByLabel('Motif de la correction').fill('Heure de l’appel');
    },
  },
  withdraw: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await changeNote(page, 'Annuler : mauvais patient');
      await page.getByLabel('Motif de l’annulation').waitFor();
    },
  },
  receipts: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await ownNote(page).getByRole('button', { name: /^Lu par/ }).click();
      await page.getByRole('dialog').getByText('Dr Hélène Baudry').waitFor();
    },
  },
  revisions: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await ownNote(page).getByRole('button', { name: /^Corrigé/ }).click();
      await page.getByRole('dialog').getByText('Oubli de l’appel').first().waitFor();
    },
  },
  circle: { as: 'coordinatrice', path: () => `/patients/${odette.id}/cercle`, shown: (page) => page.getByText('Mariam Diallo').locator('visible=true').first().waitFor() },
  emergency_form: { as: 'medecin2', path: () => '/urgence', shown: (page) => page.getByRole('button', { name: 'Ouvrir le dossier en urgence' }).waitFor() },
  accesses: {
    as: 'idec-ssiad',
    path: () => `/patients/${place.led.id}/acces`,
    shown: (page) => page.locator('.visit').first().waitFor(),
  },
  matrix: {
    as: 'coordinatrice',
    path: () => `/patients/${odette.id}/cercle`,
    async shown(page) {
      const cell = page.getByRole('button', { name: /Mariam Diallo, Traitements/ });
      const person = page.locator('[data-e2e=people]').getByRole('button', { name: /Mariam Diallo/ });
      await cell.or(person).first().waitFor();
      if (await cell.count()) return cell.click();
      await person.click();
      await page.getByRole('button', { name: /^Traitements/ }).click();
    },
  },
  'add-member': {
    as: 'coordinatrice',
    path: () => `/patients/${odette.id}/cercle`,
    async shown(page) {
      await visible(page, 'button', 'Ajouter un intervenant').click();
      await findColleague(page);
    },
  },
  'add-member-chosen': {
    as: 'coordinatrice',
    path: () => `/patients/${odette.id}/cercle`,
    async shown(page) {
      await visible(page, 'button', 'Ajouter un intervenant').click();
      await findColleague(page);
      await page.getByRole('button', { name: /Fabien Lormeau/ }).click();
      await page.getByRole('button', { name: 'Ajouter Fabien Lormeau' }).waitFor();
    },
  },
  'end-member': {
    as: 'coordinatrice',
    path: () => `/patients/${odette.id}/cercle`,
    async shown(page) {
      await screens.matrix.shown(page);
      await page.getByRole('button', { name: 'Mettre fin à l’intervention de Mariam Diallo' }).click();
      await page.locator('[data-e2e=confirm]').waitFor();
    },
  },
  will: {
    as: 'coordinatrice',
    path: () => `/patients/${odette.id}/cercle`,
    async shown(page) {
      await page.getByRole('heading', { name: 'Information et volontés du patient' }).waitFor();
      await oppose(page);
    },
  },
  narrow: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await screens.audience.shown(page);
      await page.getByRole('button', { name: 'Masquer à…' }).click();
      await page.getByLabel('Masqué aux personnes tierces').check();
    },
  },
  offline: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    cut: true,
    async shown(page) {
      await screens.notebook.shown(page);
      await cutNetwork(page);
      await writeNote(page);
      const form = page.getByRole('form', { name: 'Nouvelle note' });
      await form.getByLabel('Votre texte').fill('Rappeler le cabinet demain pour l’ordonnance.');
      await form.getByRole('button', { name: 'Transmettre' }).click();
      await page.getByText('En attente d’envoi', { exact: true }).waitFor();
    },
  },
  'offline-composer': {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    cut: true,
    async shown(page) {
      // What is shown is kept on the device: only then may the network go.
      await screens.notebook.shown(page);
      await screens.composer.shown(page);
      await cutNetwork(page);
      await writeNote(page);
      await page.getByRole('form', { name: 'Nouvelle note' }).getByText(/^connu à/).waitFor();
      await page.getByText('La note est gardée sur ce téléphone', { exact: false }).waitFor();
    },
  },
  composer: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await writeNote(page);
      const form = page.getByRole('form', { name: 'Nouvelle note' });
      await form.getByLabel('Votre texte').fill('8 h 10. Assise bras G après 5 min, recontrôle 182/100. Pas de céphalée ni signe neuro.');
      await form.getByRole('switch').check();
      await form.getByText(/^Visible par/).waitFor();
    },
  },
  attachments: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await writeNote(page);
      const form = page.getByRole('form', { name: 'Nouvelle note' });
      await form.locator('[data-e2e=camera]').setInputFiles([{ name: 'IMG_0044.JPG', mimeType: 'image/jpeg', buffer: await photo(page, 'Talon', { width: 800, height: 600 }) }]);
      await form.getByLabel('Légende de IMG_0044.jpg').fill('Talon gauche, 3 × 2 cm');
      await form.locator('[data-e2e=picker]').setInputFiles([
        { name: 'ordonnance.pdf', mimeType: 'application/pdf', buffer: Buffer.from('<html>') },
        { name: 'Compte rendu d’hospitalisation.pdf', mimeType: 'application/pdf', buffer: pdf('Compte rendu') },
      ]);
      await form.getByLabel(/Légende de Compte/).waitFor();
      await form.getByText('malgré son nom').scrollIntoViewIfNeeded();
    },
  },
  documents: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/documents`,
    async shown(page) {
      await page.getByRole('link', { name: 'Voir la note' }).first().waitFor();
      await page.waitForLoadState('networkidle');
    },
  },
  'note-documents': {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await viewed(page).last().scrollIntoViewIfNeeded();
      await page.waitForLoadState('networkidle');
    },
  },
  viewer: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await viewed(page).last().click();
      await page.locator('dialog img').evaluate((img) => img.decode());
    },
  },
  'viewer-pdf': {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/documents`,
    async shown(page) {
      await page.getByRole('button', { name: 'Ouvrir Ordonnance périndopril.pdf' }).first().click();
      await page.getByRole('dialog').getByRole('link', { name: 'Ouvrir' }).waitFor();
    },
  },
  audience: {
    as: 'infirmiere',
    path: () => `/patients/${odette.id}/cahier`,
    async shown(page) {
      await writeNote(page);
      await page.getByRole('button', { name: 'Voir qui et pourquoi' }).click();
      await page.getByRole('dialog', { name: 'Qui lira ce message' }).waitFor();
    },
  },
  'new-patient': { as: 'infirmiere', path: '/patients/nouveau', shown: (page) => page.getByLabel('Date de naissance').waitFor() },
  account: { as: 'infirmiere', path: '/compte', shown: (page) => page.getByText('Cet appareil').first().waitFor() },
  accounts: { as: 'admin', path: '/comptes', shown: (page) => page.getByText('Berthelin').first().waitFor() },
  structures: { as: 'admin', path: '/structures', shown: (page) => page.getByText('Antenne de Saint-Aubain').first().waitFor() },
  'structure-of-demo': {
    as: 'admin',
    path: '/structures',
    async shown(page) {
      await page.getByRole('link', { name: /SSIAD de Saint-Aubain/ }).click();
      await page.getByText('Karim Benali').waitFor();
    },
  },
  'circle-structures': {
    as: 'idec-ssiad',
    path: () => `/patients/${place.led.id}/cercle`,
    async shown(page) {
      await page.locator('[data-e2e=structures]').getByText('Karim Benali', { exact: false }).waitFor();
      await page.locator('[data-e2e=structures]').scrollIntoViewIfNeeded();
    },
  },
  'add-structure': {
    as: 'coordinatrice',
    path: () => `/patients/${odette.id}/cercle`,
    async shown(page) {
      await visible(page, 'button', 'Ajouter une structure').click();
      await page.locator('[data-e2e=find-structure]').fill('saint');
      await page.getByRole('button', { name: /SSIAD de Saint-Aubain/ }).click();
      await page.getByText('Karim Benali').waitFor();
    },
  },
  'territory-matrix': { as: 'admin', path: '/matrice', shown: (page) => page.getByText('Opticien-lunetier', { exact: true }).waitFor() },
  ...overviews(place),
  unknown: { as: 'infirmiere', path: '/nulle-part', shown: (page) => page.getByText('Cette page n’existe pas.').waitFor() },
};

const where = (path) => (typeof path === 'function' ? path() : path);

/** One signed-in context of each person and size; every screen is a page of its own in it. */
const contexts = new Map();

function contextOf(login, size) {
  const key = `${login} ${JSON.stringify(size)}`;
  if (!contexts.has(key)) contexts.set(key, (login ? enter(browser, node1, login, size) : openWindow(browser, node1, size)).then((page) => page.context()));
  return contexts.get(key);
}

/** A screen without network has a context of its own: the others need theirs. */
async function newPage(screen, size) {
  if (screen.cut) return enter(browser, node1, screen.as, size);
  const page = await (await contextOf(screen.as, size)).newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  return page;
}

async function open(screen, size) {
  const page = await newPage(screen, size);
  await page.goto(where(screen.path));
  await screen.shown(page);
  await page.evaluate(() => document.fonts.ready.then(() => true));
  return page;
}

async function look(name, screen, size) {
  const found = [];
  const page = await open(screen, size);
  const note = async (what, list) => found.push(...(await list).map((one) => `${size}${what}: ${one}`));
  await page.screenshot({ path: `${shots}${name}-${size}-light.png`, scale: 'css' });
  await note('', axeFindings(page));
  await note('', cutOff(page));
  await note('', smallTargets(page, size === 'phone'));
  if (long) await lookLonger(page, name, size, note);
  await (screen.cut ? page.context() : page).close();
  return [...found, ...page.faults];
}

async function lookLonger(page, name, size, note) {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: `${shots}${name}-${size}-dark.png`, scale: 'css' });
  await note(' dark', axeFindings(page, ['color-contrast']));
  if (size === 'phone') {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.screenshot({ path: `${shots}${name}-320.png`, scale: 'css' });
    await note(' at 320', cutOff(page));
  } else {
    // What a window of 1440 × 900 shows at 200 %.
    await page.setViewportSize({ width: 720, height: 450 });
    await page.screenshot({ path: `${shots}${name}-zoom.png`, scale: 'css' });
    await note(' at 200 %', cutOff(page));
  }
}

describe('every screen', { concurrency: 2 }, () => {
  for (const [name, screen] of Object.entries(screens)) {
    for (const size of ['phone', 'desktop']) test(`${name}, ${size}`, async () => assert.deepEqual(await look(name, screen, size), []));
  }
});

test('a note can be written and sent at 200 %', async () => {
  const page = await open(screens.composer, { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 });
  const send = page.getByRole('button', { name: 'Transmettre' });
  const box = await send.boundingBox();
  assert.ok(box && box.y >= 0 && box.y + box.height <= 450, JSON.stringify(box));
  const text = await page.getByLabel('Votre texte').boundingBox();
  assert.ok(text.height > 60);
  await page.close();
});

const french = /\b(?:Rechercher|Mon compte|Nouvelle note|Cahier de liaison|Cercle de soins|Répondre|Visible par|Transmettre|Aujourd’hui|Hier|née?|ans|vous|lit|écrit|réponses?|Rubrique|Déconnecter|Enregistrer|Langue|Ouvrir)\b/u;

test('in English no word of French is left on the main screens', async () => {
  const page = await enter(browser, node1, 'infirmiere', 'desktop', '/compte');
  await page.getByText('English', { exact: true }).click();
  const left = [];
  for (const path of ['/compte', '/patients', '/patients/nouveau', '/recherche', '/alertes', `/patients/${odette.id}/constantes`, `/patients/${odette.id}/documents`, `/patients/${odette.id}/discussion`, `/patients/${odette.id}/cercle`, `/patients/${odette.id}/cahier`]) {
    await page.goto(path);
    await page.getByRole('heading').first().waitFor();
    await page.locator('main').getByText(/./).first().waitFor();
    // What people wrote stays in their words.
    const words = await page.evaluate(() => {
      const copy = document.body.cloneNode(true);
      for (const el of copy.querySelectorAll('.text, script, style, [lang=fr]')) el.remove();
      const labels = [...copy.querySelectorAll('[aria-label], [placeholder], [title]')].map((el) => `${el.getAttribute('aria-label') ?? ''} ${el.getAttribute('placeholder') ?? ''} ${el.getAttribute('title') ?? ''}`);
      const lines = [];
      const walk = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) lines.push(walk.currentNode.data.trim());
      return [...lines, ...labels].filter(Boolean);
    });
    left.push(...words.filter((line) => french.test(line)).map((line) => `${path}: ${line}`));
  }
  assert.deepEqual([...new Set(left)], []);
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await page.context().close();
});
