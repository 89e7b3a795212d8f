// The rules of the service worker, apart from its events so that they can be tested.

export interface Shell {
  name: string;
  files: string[];
}

export interface World {
  caches: CacheStorage;
  shell: Shell;
  fetch: typeof fetch;
  origin: string;
}

const PREFIX = 'liaison-shell-';
const PAGE = '/';
const PATIENCE_MS = 3_000;

export const cacheName = (version: string) => PREFIX + version;

/** All files or none: a half-kept version would not open. */
export async function install(caches: CacheStorage, shell: Shell): Promise<void> {
  const cache = await caches.open(shell.name);
  await cache.addAll(shell.files.map((path) => new Request(path, { cache: 'reload' })));
}

export async function purge(caches: CacheStorage, shell: Shell): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== shell.name);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Null: not ours, the browser does as usual. */
export function answer(request: Request, world: World): Promise<Response> | null {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== world.origin) return null;
  if (isServers(url.pathname)) return null;
  if (request.mode === 'navigate') return page(request, world);
  return world.shell.files.includes(url.pathname) ? kept(request, url.pathname, world) : null;
}

function isServers(path: string): boolean {
  return /^\/(api|healthz|readyz)(\/|$)/.test(path) || path === '/sw.js';
}

/** From the network when it is quick, for the newest version; else the one on the device. */
async function page(request: Request, world: World): Promise<Response> {
  const network = world.fetch(request).then(usable);
  const stored = await match(PAGE, world);
  if (!stored) return network;
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(stored), PATIENCE_MS));
  return Promise.race([network, late]).catch(() => stored);
}

/** A gateway's error page is worth less than the page on the device. */
function usable(response: Response): Response {
  if (response.status >= 500) throw new Error(`answered ${response.status}`);
  return response;
}

async function kept(request: Request, path: string, world: World): Promise<Response> {
  return (await match(path, world)) ?? world.fetch(request);
}

async function match(path: string, world: World): Promise<Response | undefined> {
  const cache = await world.caches.open(world.shell.name);
  return cache.match(path, { ignoreVary: true });
}
