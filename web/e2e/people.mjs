// The people of the demo: in a browser of their own, or as a client of the API.

import { createHash, randomBytes } from 'node:crypto';
import { chromium } from 'playwright-core';
import { until } from './until.mjs';

const sizes = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1440, height: 900 } },
};

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** More of the same question than any page has a reason for: it asks in a circle. */
const MOST_ASKED = 40;

function restless(page) {
  const asked = new Map();
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith('/api/') || request.method() !== 'GET') return;
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
    if (asked.get(pathname) === MOST_ASKED) page.faults.push(`asked ${MOST_ASKED} times: ${pathname}`);
  });
}

/** A window of nobody yet. What the page throws, or asks without end, is kept in `page.faults`. */
export async function openWindow(browser, url, size = 'desktop', more = {}) {
  const options = typeof size === 'string' ? sizes[size] : size;
  const context = await browser.newContext({ baseURL: url, locale: 'fr-FR', timezoneId: 'Europe/Paris', reducedMotion: 'reduce', ...options, ...more });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  restless(page);
  return page;
}

/** Types what a person types. */
export async function signInByHand(page, login) {
  await page.goto('/');
  await page.getByLabel('Identifiant').fill(login);
  await page.getByLabel('Mot de passe', { exact: true }).fill('demo');
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.getByRole('heading', { name: 'Patients' }).or(page.getByRole('heading', { name: 'Choisissez un patient' })).first().waitFor();
}

const passwords = new Map();

const passwordOf = (login) => passwords.get(login) ?? 'demo';

async function professionOf(admin, short) {
  const { items } = await admin.get('/admin/accounts');
  return items.find((one) => one.professional.profession.short === short).professional.profession;
}

/** Somebody whom no other test knows: whatever asks her is of this test. */
export async function newcomer(url, { profession, ...person }) {
  const admin = await Client.signIn(url, 'admin');
  const { system, code } = profession.code ? profession : await professionOf(admin, profession);
  const { invitation } = await admin.post('/admin/accounts', { id: newId(), ...person, profession: { system, code } });
  const login = `${person.family_name.toLowerCase()}-${newId().slice(-8)}`;
  passwords.set(login, `${randomBytes(12).toString('hex')} Aa1`);
  const token = new URL(invitation.url).pathname.split('/').at(-1);
  await new Client(url).post(`/invitations/${token}/accept`, { login, password: passwordOf(login) });
  return login;
}

/** A window already signed in, at a place. */
export async function enter(browser, url, login, size, path = '/patients', more = {}) {
  const page = await openWindow(browser, url, size, more);
  const answer = await page.context().request.post('/api/v1/sign-in', { data: { login, password: passwordOf(login) }, headers: { 'X-Liaison-Client': 'web' } });
  if (!answer.ok()) throw new Error(`sign-in of ${login}: ${answer.status()} ${await answer.text()}`);
  await page.goto(path);
  return page;
}

/** A client of the API with a bearer token. */
export class Client {
  #url;
  #token;

  constructor(url) {
    this.#url = url;
  }

  static async signIn(url, login) {
    const client = new Client(url);
    const answer = await client.post('/sign-in', { login, password: passwordOf(login) });
    client.#token = answer.access_token;
    client.me = answer.me;
    return client;
  }

  at(url) {
    const other = new Client(url);
    other.#token = this.#token;
    other.me = this.me;
    return other;
  }

  get(path) {
    return this.#call('GET', path);
  }
  post(path, body) {
    return this.#call('POST', path, body);
  }
  patch(path, body, headers) {
    return this.#call('PATCH', path, body, headers);
  }
  put(path, body) {
    return this.#call('PUT', path, body);
  }
  delete(path) {
    return this.#call('DELETE', path);
  }

  async team(name) {
    const { items } = await this.get('/teams');
    const item = items.find((one) => patientName(one.patient).startsWith(name));
    if (!item) throw new Error(`no dossier of ${name}`);
    return this.get(`/teams/${item.id}`);
  }

  async message(team, text, more = {}) {
    const { kind = 'notebook', ...fields } = more;
    const channel = team.channels.find((one) => one.kind === kind);
    const body = { id: newId(), text, category: 'nursing', ...(kind === 'notebook' ? { note_type: 'GEN' } : {}), ...fields };
    await this.post(`/channels/${channel.id}/messages`, body);
    return body;
  }

  /** A file sent whole; answers its id, to be named in a message. */
  async document(team, name, content, caption) {
    const id = newId();
    const sha256 = createHash('sha256').update(content).digest('hex');
    await this.post('/documents', { id, team_id: team.id, name, size: content.length, sha256, ...(caption && { caption }) });
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0', Authorization: `Bearer ${this.#token}` };
    const answer = await fetch(`${this.#url}/api/v1/documents/${id}/content`, { method: 'PATCH', headers, body: content });
    if (!answer.ok) throw new Error(`sending ${name}: ${answer.status} ${await answer.text()}`);
    return id;
  }

  /** Every message of a channel, newest first. */
  async messages(channel) {
    const all = [];
    let cursor = '';
    do {
      const page = await this.get(`/channels/${channel}/messages?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      all.push(...page.items);
      cursor = page.next ?? '';
    } while (cursor);
    return all;
  }

  async #call(method, path, body, more) {
    const headers = { 'Content-Type': 'application/json', ...(this.#token && { Authorization: `Bearer ${this.#token}` }), ...more };
    const answer = await fetch(`${this.#url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}

const patientName = (patient) => (patient.used_name ?? patient.birth_name).toUpperCase();

/** UUIDv7, as every client makes them. */
export function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Everything the server says to this page over its socket, from now on. */
export function listen(page) {
  const frames = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
  return frames;
}

export const note = (page, text) => page.locator('article', { hasText: text });

export const isLive = (frames) => until('the socket says hello', () => frames.some((one) => one.includes('"hello"')));
