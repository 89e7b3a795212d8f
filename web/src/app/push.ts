// Being rung while the app is closed: the browser's subscription, and the devices the server knows.

import { newId } from '../model/ids';
import { Signal } from '../model/signal';
import type { Device, Id } from '../model/types';
import type { Api } from './api';
import { sentenceOf } from './sentences';

/** `ios`: must be added to the home screen first. */
export type PushState = 'unknown' | 'unsupported' | 'ios' | 'denied' | 'off' | 'on';

export interface PushView {
  state: PushState;
  devices: Device[];
  busy: boolean;
  error: string | null;
}

/** What a browser brings; tests bring their own. */
export interface PushPlace {
  supported(): boolean;
  needsHomeScreen(): boolean;
  permission(): NotificationPermission;
  ask(): Promise<NotificationPermission>;
  subscription(): Promise<PushSubscription | null>;
  subscribe(key: Uint8Array<ArrayBuffer>): Promise<PushSubscription>;
  name(): string;
  memory: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export class Push {
  readonly view = new Signal<PushView>({ state: 'unknown', devices: [], busy: false, error: null });
  readonly #api: Pick<Api, 'devices' | 'addDevice' | 'testDevice' | 'removeDevice'>;
  readonly #place: PushPlace;
  readonly #kept: string;

  constructor(api: Pick<Api, 'devices' | 'addDevice' | 'testDevice' | 'removeDevice'>, place: PushPlace, account: Id) {
    this.#api = api;
    this.#place = place;
    this.#kept = `liaison.device.${account}`;
  }

  /** At each start: a browser may have changed its subscription without a word, and an endpoint of yesterday rings nobody. */
  async renew(): Promise<void> {
    if (this.#refused() !== null || !this.#device()) return;
    try {
      await this.#register();
    } catch {
      // Without network now; the next start tries again.
    }
  }

  async load(): Promise<void> {
    const refused = this.#refused();
    await this.#doing(async () => {
      const { items } = await this.#api.devices();
      const known = items.some((one) => one.id === this.#device());
      this.#show({ devices: items, state: refused ?? (known ? 'on' : 'off') });
    });
  }

  async enable(): Promise<void> {
    await this.#doing(async () => {
      if ((await this.#place.ask()) !== 'granted') return this.#show({ state: 'denied' });
      await this.#register();
      const { items } = await this.#api.devices();
      this.#show({ state: 'on', devices: items });
    });
  }

  async test(id: Id): Promise<boolean> {
    return this.#doing(() => this.#api.testDevice(id));
  }

  async remove(id: Id): Promise<void> {
    await this.#doing(async () => {
      if (id === this.#device()) {
        await (await this.#place.subscription())?.unsubscribe().catch(() => {});
        this.#place.memory.removeItem(this.#kept);
      }
      await this.#api.removeDevice(id);
      const { items } = await this.#api.devices();
      this.#show({ devices: items, state: this.#refused() ?? (this.#device() ? 'on' : 'off') });
    });
  }

  mine(): Id | null {
    return this.#device();
  }

  async #register(): Promise<void> {
    const { push_key } = await this.#api.devices();
    const subscription = (await this.#place.subscription()) ?? (await this.#place.subscribe(bytes(push_key)));
    const { endpoint, keys } = subscription.toJSON();
    // A new endpoint is another device to the server; the old one will ring nobody.
    const same = this.#place.memory.getItem(`${this.#kept}.endpoint`) === endpoint;
    const id = (same && this.#device()) || newId();
    const device = { id, name: this.#place.name(), endpoint: endpoint!, keys: { p256dh: keys!.p256dh!, auth: keys!.auth! } };
    // The server answers with the device it keeps: the same browser registered again is one device.
    const kept = await this.#api.addDevice(device);
    this.#place.memory.setItem(this.#kept, kept.id);
    this.#place.memory.setItem(`${this.#kept}.endpoint`, endpoint!);
  }

  #refused(): PushState | null {
    if (!this.#place.supported()) return this.#place.needsHomeScreen() ? 'ios' : 'unsupported';
    return this.#place.permission() === 'denied' ? 'denied' : null;
  }

  #device(): Id | null {
    return this.#place.memory.getItem(this.#kept);
  }

  async #doing(work: () => Promise<void>): Promise<boolean> {
    this.#show({ busy: true, error: null });
    try {
      await work();
      this.#show({ busy: false });
      return true;
    } catch (error) {
      this.#show({ busy: false, error: sentenceOf(error) });
      return false;
    }
  }

  #show(change: Partial<PushView>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const raw = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(raw, (char) => char.charCodeAt(0));
}

/** The browser this runs in. */
export function browserPlace(memory: PushPlace['memory']): PushPlace {
  const registration = () => navigator.serviceWorker.ready;
  return {
    memory,
    supported: () => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis,
    needsHomeScreen: () => /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1),
    permission: () => Notification.permission,
    ask: () => Notification.requestPermission(),
    subscription: async () => (await registration()).pushManager.getSubscription(),
    subscribe: async (key) => (await registration()).pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }),
    name: () => nameOf(navigator.userAgent),
  };
}

/** « Chrome, Android »: what one recognises in a list of one's own devices. */
export function nameOf(agent: string): string {
  const browser = /Edg/.test(agent) ? 'Edge' : /Firefox|FxiOS/.test(agent) ? 'Firefox' : /Chrome|CriOS/.test(agent) ? 'Chrome' : /Safari/.test(agent) ? 'Safari' : 'Web';
  const system = /Android/.test(agent) ? 'Android' : /iPhone/.test(agent) ? 'iPhone' : /iPad/.test(agent) ? 'iPad' : /Windows/.test(agent) ? 'Windows' : /Mac OS/.test(agent) ? 'Mac' : /Linux/.test(agent) ? 'Linux' : '';
  return system ? `${browser}, ${system}` : browser;
}
