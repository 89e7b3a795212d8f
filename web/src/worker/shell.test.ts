import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, cacheName, install, purge, type World } from './shell';

const ORIGIN = 'https://liaison.test';

/** Caches in memory, keyed by path. */
function memoryCaches(fetched: (path: string) => Response) {
  const all = new Map<string, Map<string, Response>>();
  const open = async (name: string) => {
    const kept = all.get(name) ?? new Map<string, Response>();
    all.set(name, kept);
    return {
      addAll: async (requests: Request[]) => {
        const answers = requests.map((one) => [new URL(one.url).pathname, fetched(new URL(one.url).pathname)] as const);
        if (answers.some(([, one]) => !one.ok)) throw new TypeError('not all');
        for (const [path, one] of answers) kept.set(path, one);
      },
      match: async (path: string) => kept.get(path)?.clone(),
    };
  };
  const caches = { open, keys: async () => [...all.keys()], delete: async (name: string) => all.delete(name) };
  return { all, caches: caches as unknown as CacheStorage };
}

let world: World;
let network: ReturnType<typeof vi.fn<(request: Request) => Promise<Response>>>;
const { Request: RealRequest } = globalThis;

function asked(path: string, init: RequestInit & { mode?: RequestMode } = {}): Request {
  const { mode, ...rest } = init;
  const request = new RealRequest(new URL(path, ORIGIN), rest);
  return mode ? new Proxy(request, { get: (r, key) => (key === 'mode' ? mode : Reflect.get(r, key, r)) }) : request;
}
const visit = (path: string) => answer(asked(path, { mode: 'navigate' }), world);
const text = async (response: Promise<Response> | null) => (await response!).text();

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { caches } = memoryCaches((path) => new Response(`kept ${path}`));
  const shell = { name: cacheName('v1'), files: ['/', '/assets/app-1.js'] };
  network = vi.fn(async () => new Response('network'));
  world = { caches, shell, fetch: network as unknown as typeof fetch, origin: ORIGIN };
  vi.stubGlobal('Request', class extends RealRequest {
    constructor(path: string | URL | Request, init?: RequestInit) {
      super(typeof path === 'string' ? new URL(path, ORIGIN) : path, init);
    }
  });
  await install(caches, shell);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('service worker', () => {
  it('never touches the server\'s calls, other origins, or what is not read', () => {
    expect(answer(asked('/api/v1/teams'), world)).toBeNull();
    expect(visit('/api/v1/openapi.json')).toBeNull();
    expect(answer(asked('/sw.js'), world)).toBeNull();
    expect(answer(asked('https://elsewhere.test/assets/app-1.js'), world)).toBeNull();
    expect(answer(asked('/patients', { method: 'POST' }), world)).toBeNull();
    expect(answer(asked('/not-of-the-build.js'), world)).toBeNull();
  });

  it('opens the newest page when the network is quick', async () => {
    expect(await text(visit('/patients'))).toBe('network');
  });

  it('opens the kept page, whatever the address, without network', async () => {
    network.mockRejectedValue(new TypeError('no network'));
    expect(await text(visit('/patients/t1/cahier'))).toBe('kept /');
  });

  it('opens the kept page after three seconds of a slow network', async () => {
    network.mockReturnValue(new Promise(() => {}));
    const opened = text(visit('/patients'));
    let done = false;
    void opened.then(() => (done = true));
    await vi.advanceTimersByTimeAsync(2_900);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await opened).toBe('kept /');
  });

  it('prefers the kept page to a gateway\'s error', async () => {
    network.mockResolvedValue(new Response('bad gateway', { status: 502 }));
    expect(await text(visit('/'))).toBe('kept /');
  });

  it('answers a file of the build from the device, without asking', async () => {
    expect(await text(answer(asked('/assets/app-1.js'), world))).toBe('kept /assets/app-1.js');
    expect(network).not.toHaveBeenCalled();
  });

  it('keeps all files of a version or is not installed', async () => {
    const { caches } = memoryCaches((path) => new Response('', { status: path === '/' ? 200 : 404 }));
    await expect(install(caches, world.shell)).rejects.toThrow();
  });

  it('removes former versions, and nothing that is not its own', async () => {
    await world.caches.open(cacheName('v0'));
    await world.caches.open('something-else');
    await purge(world.caches, world.shell);
    expect(await world.caches.keys()).toEqual([cacheName('v1'), 'something-else']);
  });
});
