// A newer version installs beside the running one and waits: nobody's typing is cut off.

import { Signal } from '../model/signal';

const HOUR_MS = 3_600_000;

export class Updates {
  readonly ready = new Signal(false);
  #waiting: ServiceWorker | null = null;
  #registration: ServiceWorkerRegistration | null = null;
  #askedAt = Date.now();

  async register(path = '/sw.js'): Promise<void> {
    if (!('serviceWorker' in navigator)) return;
    try {
      this.#registration = await navigator.serviceWorker.register(path);
      this.#watch(this.#registration);
    } catch {
      // Without a worker the app still works, with a network.
    }
  }

  /** A page left open for days would otherwise never hear of a newer one. */
  check(): void {
    if (Date.now() - this.#askedAt < HOUR_MS) return;
    this.#askedAt = Date.now();
    this.#registration?.update().catch(() => {});
  }

  /** Takes the new version; the page reloads once it is in charge. */
  apply(reload: () => void): void {
    if (!this.#waiting) return reload();
    navigator.serviceWorker.addEventListener('controllerchange', reload, { once: true });
    this.#waiting.postMessage({ type: 'take_over' });
  }

  #watch(registration: ServiceWorkerRegistration): void {
    this.#found(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        if (worker.state === 'installed') this.#found(worker);
      });
    });
  }

  #found(worker: ServiceWorker | null): void {
    // The very first one has nothing to replace.
    if (!worker || !navigator.serviceWorker.controller) return;
    this.#waiting = worker;
    this.ready.set(true);
  }
}
