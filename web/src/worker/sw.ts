// Keeps the built page on the device so that it opens without network. Never anything of /api.

/// <reference lib="webworker" />
import { answer, cacheName, install, purge } from './shell';

declare const self: ServiceWorkerGlobalScope;
declare const __SHELL__: string[];
declare const __VERSION__: string;

const shell = { name: cacheName(__VERSION__), files: __SHELL__ };

self.addEventListener('install', (event) => {
  event.waitUntil(install(caches, shell));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(purge(caches, shell).then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const answered = answer(event.request, { caches, shell, fetch, origin: self.location.origin });
  if (answered) event.respondWith(answered);
});

self.addEventListener('message', (event) => {
  // Only when the reader asked for it: what is being typed is not cut off.
  if ((event.data as { type?: string } | null)?.type === 'take_over') void self.skipWaiting();
});
