// Keeps the built page on the device so that it opens without network, never anything of /api; and shows what is pushed.

/// <reference lib="webworker" />
import { addressOf, delivered, type Ring, ringOf, worthOf } from './push';
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

self.addEventListener('push', (event) => {
  const ring = ringOf(event.data?.text() ?? null);
  event.waitUntil(Promise.all([worthOf(ring, fetch).then(show), delivered(ring.alert, fetch)]));
});

function show({ alert, title, body, tag }: Ring): Promise<void> {
  const options: NotificationOptions & { renotify: boolean } = { body, tag, renotify: true, requireInteraction: alert !== null, lang: 'fr', icon: '/icon-192.png', data: { alert } };
  return self.registration.showNotification(title, options);
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { alert } = (event.notification.data ?? {}) as { alert?: string | null };
  event.waitUntil(open(alert ?? null));
});

/** In a window that is there, without losing what is typed in it; else in a new one. */
async function open(alert: string | null): Promise<void> {
  const path = await addressOf(alert, fetch);
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const here = windows.find((one) => one.focused) ?? windows[0];
  if (!here) return void (await self.clients.openWindow(path));
  here.postMessage({ type: 'go', path });
  await here.focus().catch(() => {});
}

// The browser changed its subscription by itself: the page registers it again at its next start; an open one at once.
self.addEventListener('pushsubscriptionchange', (event) => {
  const told = self.clients.matchAll({ type: 'window' }).then((windows) => windows.forEach((one) => one.postMessage({ type: 'renew_push' })));
  (event as ExtendableEvent).waitUntil(told);
});
