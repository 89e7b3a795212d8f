import { describe, expect, it, vi } from 'vitest';
import { Api } from './api';
import { ApiError, Offline } from './http';

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers });

function api(answer: () => Promise<Response>, onSignedOut?: (code: string) => void) {
  const fetch = vi.fn((_url: string, _init: RequestInit) => answer());
  return { fetch, api: new Api({ fetch: fetch as unknown as typeof globalThis.fetch, lang: () => 'en', onSignedOut }) };
}

describe('api', () => {
  it('says who it is at sign-in, in which language, with the cookie', async () => {
    const { api: one, fetch } = api(async () => json(200, { me: { id: 'a' } }));
    await one.signIn('infirmiere', 'demo');
    const [url, init] = fetch.mock.calls[0]!;
    expect(url).toBe('/api/v1/sign-in');
    expect(init).toMatchObject({ method: 'POST', credentials: 'include', body: '{"login":"infirmiere","password":"demo"}' });
    expect(init.headers).toMatchObject({ 'X-Liaison-Client': 'web', 'Accept-Language': 'en' });
  });
  it('repeats a parameter and leaves out what is not given', async () => {
    const { api: one, fetch } = api(async () => json(200, {}));
    await one.audience('t', { category: 'nursing', masks: ['MASQUE_PS', 'MASQUE_PT'], only_to: [], thread_id: null });
    expect(fetch.mock.calls[0]![0]).toBe('/api/v1/teams/t/audience?category=nursing&mask=MASQUE_PS&mask=MASQUE_PT');
  });
  it('sends the revision it corrects', async () => {
    const { api: one, fetch } = api(async () => json(200, {}));
    await one.amend({ id: 'm', revision: 3 }, { text: 'x', reason: 'dose' });
    expect(fetch.mock.calls[0]![1].headers).toMatchObject({ 'If-Match': '3' });
  });
  it('makes a problem an error with its sentence, fields and extras', async () => {
    const errors = [{ field: 'birth_date', code: 'birth_date_future', detail: 'Dans le futur.' }];
    const problem = { status: 409, code: 'look_alike', detail: 'Un dossier proche existe.', errors, candidates: [1] };
    const { api: one } = api(async () => json(409, problem));
    const error = await one.me().catch((e: unknown) => e as ApiError);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, code: 'look_alike', detail: problem.detail, extras: { candidates: [1] } });
    expect((error as ApiError).about('birth_date')).toBe('Dans le futur.');
  });
  it('reads how long to wait', async () => {
    const { api: one } = api(async () => json(429, {}, { 'Retry-After': '7' }));
    await expect(one.me()).rejects.toMatchObject({ retryAfter: 7 });
  });
  it('tells no network from a refusal, and a foreign page from an answer', async () => {
    await expect(api(() => Promise.reject(new TypeError('failed'))).api.me()).rejects.toBeInstanceOf(Offline);
    const portal = async () => new Response('<html>Wi-Fi</html>', { status: 200 });
    await expect(api(portal).api.me()).rejects.toBeInstanceOf(Offline);
  });
  it('tells the end of the session, and not a wrong password', async () => {
    const heard: string[] = [];
    const hear = (code: string) => heard.push(code);
    await api(async () => json(401, { code: 'sign_in_failed' }), hear).api.me().catch(() => {});
    await api(async () => json(401, { code: 'session_revoked' }), hear).api.me().catch(() => {});
    expect(heard).toEqual(['session_revoked']);
  });
  it('takes an empty answer for done', async () => {
    await expect(api(async () => json(204, undefined)).api.signOut()).resolves.toBeUndefined();
  });
});
