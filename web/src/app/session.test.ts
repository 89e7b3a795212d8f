import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Me } from '../model/types';
import { draft, FakeSocket, message, person, syncAnswer, unique, until } from '../testing/fakes';
import { Api } from './api';
import { Db } from './db';
import { sentenceOf } from './sentences';
import { Session } from './session';

let id: string;
let me: Me;
let memory: Map<string, string>;
let answers: Record<string, () => [number, unknown]>;
let session: Session;
let online: boolean;
let revoke: (code: 'session_expired' | 'session_revoked') => void;
const opened: Session[] = [];

const fetching = async (url: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  if (!online) throw new TypeError('no network');
  const key = `${init?.method} ${String(url).replace('/api/v1', '').split('?')[0]}`;
  const [status, body] = (answers[key] ?? (() => [404, { code: 'not_found' }]))();
  return new Response(status === 204 ? null : JSON.stringify(body), { status });
};

function open(): Session {
  const api = new Api({ fetch: fetching as typeof fetch, onSignedOut: (code) => revoke(code) });
  const storage = {
    getItem: (name: string) => memory.get(name) ?? null,
    setItem: (name: string, value: string) => void memory.set(name, value),
    removeItem: (name: string) => void memory.delete(name),
  };
  const made = new Session({ api, openSocket: () => new FakeSocket(), memory: storage });
  revoke = (code) => made.ended(code);
  opened.push(made);
  return made;
}

beforeEach(() => {
  id = unique('person');
  me = { ...person(id, 'Nadia Ferhat'), login: 'infirmiere' } as Me;
  memory = new Map();
  online = true;
  answers = {
    'POST /sign-in': () => [200, { me }],
    'POST /sign-out': () => [204, null],
    'GET /me': () => [401, { code: 'session_expired' }],
    'GET /teams': () => [200, { items: [], next: null }],
    'GET /categories': () => [200, []],
    'GET /sync': () => [200, syncAnswer()],
  };
  session = open();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.account.get()?.close();
  vi.restoreAllMocks();
});

async function unsent(): Promise<void> {
  answers['POST /channels/channel-1/messages'] = () => [503, { code: 'unavailable' }];
  const account = session.account.get()!;
  await account.outbox.post(draft());
  await account.outbox.flush();
}

describe('session', () => {
  it('says what to do when a second factor is asked for, and opens nothing', async () => {
    answers['POST /sign-in'] = () => [200, { second_factor: { methods: ['totp'], challenge: 'c1' } }];
    const fault = await session.signIn('infirmiere', 'demo').catch((error: unknown) => error);
    expect(sentenceOf(fault)).toContain('deuxième preuve d’identité');
    expect(session.account.get()).toBeNull();
    expect(memory.size).toBe(0);
  });

  it('has nobody at first', async () => {
    await session.start();
    expect(session.state.get()).toEqual({ name: 'signed_out', reason: null });
    expect(session.account.get()).toBeNull();
  });

  it('signs in, and knows the person at the next opening without network', async () => {
    await session.start();
    await session.signIn('infirmiere', 'demo');
    expect(session.state.get()).toEqual({ name: 'signed_in', me });
    await session.account.get()!.close();
    online = false;
    const next = open();
    await next.start();
    expect(next.state.get()).toEqual({ name: 'signed_in', me });
  });

  it('says what is wrong with a sign-in and stays out', async () => {
    answers['POST /sign-in'] = () => [401, { code: 'sign_in_failed', detail: 'Identifiant ou mot de passe incorrect.' }];
    await session.start();
    await expect(session.signIn('a', 'b')).rejects.toMatchObject({ code: 'sign_in_failed' });
    expect(session.account.get()).toBeNull();
  });

  it('keeps what is on the device when the session ends, and finds it at the next sign-in', async () => {
    await session.signIn('infirmiere', 'demo');
    await unsent();
    const drafted = draft({ text: 'half', channel_id: 'channel-2' });
    session.account.get()!.drafts.save(drafted);
    revoke('session_revoked');
    expect(session.state.get()).toEqual({ name: 'signed_out', reason: 'session_revoked' });
    expect(session.account.get()).toBeNull();
    await until(async () => (await drafts()).length === 1);
    await session.signIn('infirmiere', 'demo');
    const again = session.account.get()!;
    expect(again.outbox.items.get()).toHaveLength(1);
    expect(again.drafts.list.get()[0]!.text).toBe('half');
  });

  it('learns at the opening that the session ended', async () => {
    await session.signIn('infirmiere', 'demo');
    await session.account.get()!.close();
    const next = open();
    await next.start();
    expect(next.state.get()).toEqual({ name: 'signed_out', reason: 'session_expired' });
  });

  it('does not sign out over unsent text unless told to', async () => {
    await session.signIn('infirmiere', 'demo');
    await unsent();
    expect(await session.signOut()).toEqual({ unsent: 1 });
    expect(session.state.get().name).toBe('signed_in');
    expect(await session.signOut(true)).toEqual({ unsent: 0 });
    expect(session.state.get()).toEqual({ name: 'signed_out', reason: 'signed_out' });
    expect(memory.size).toBe(0);
    expect(await databases()).not.toContain(`liaison-${id}`);
  });

  it('wipes nothing while the server cannot close the session', async () => {
    await session.signIn('infirmiere', 'demo');
    online = false;
    await expect(session.signOut()).rejects.toMatchObject({ name: 'Offline' });
    expect(session.state.get().name).toBe('signed_in');
    expect(await databases()).toContain(`liaison-${id}`);
  });

  it('signs the other tabs out too', async () => {
    await session.signIn('infirmiere', 'demo');
    const other = open();
    await other.signIn('infirmiere', 'demo');
    await session.signOut();
    await until(() => other.account.get() === null);
    expect(await databases()).not.toContain(`liaison-${id}`);
  });

  it('keeps two people of one device apart', async () => {
    await session.signIn('infirmiere', 'demo');
    await unsent();
    const other = { ...me, id: unique('person') };
    answers['POST /sign-in'] = () => [200, { me: other }];
    await session.signIn('medecin', 'demo');
    expect(session.account.get()!.outbox.items.get()).toEqual([]);
    answers['POST /sign-in'] = () => [200, { me }];
    await session.signIn('infirmiere', 'demo');
    expect(session.account.get()!.outbox.items.get()).toHaveLength(1);
  });

  it('takes over whom the server says it is', async () => {
    await session.signIn('infirmiere', 'demo');
    const renamed = { ...me, display_name: 'Nadia Ferhat-Duval' };
    answers['GET /me'] = () => [200, renamed];
    await session.refreshMe();
    expect(session.state.get()).toEqual({ name: 'signed_in', me: renamed });
    expect(session.account.get()!.me.display_name).toBe('Nadia Ferhat-Duval');
  });

  it('sends what waited once the server answers', async () => {
    await session.signIn('infirmiere', 'demo');
    await unsent();
    const account = session.account.get()!;
    const [item] = account.outbox.items.get();
    answers['POST /channels/channel-1/messages'] = () => [201, message({ id: item!.id })];
    account.wake();
    await until(() => account.outbox.items.get().length === 0);
  });
});

async function databases(): Promise<(string | undefined)[]> {
  return (await indexedDB.databases()).map((one) => one.name);
}

async function drafts(): Promise<unknown[]> {
  const db = await Db.open(id);
  const all = await db.drafts();
  db.close();
  return all;
}
