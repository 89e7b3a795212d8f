// A push service on this machine (RFC 8030): what it is sent must be signed by the instance (RFC 8292) and is opened with the
// device's key (RFC 8291), as a browser would.

import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { until } from './until.mjs';

export class PushService {
  /** What arrived, opened: device, body, and the headers that a push service sees. */
  pushes = [];
  /** What was not as it must be. */
  faults = [];
  #server = createServer((request, response) => this.#take(request, response));
  #devices = new Map();
  #origin;

  static async listen(host) {
    const service = new PushService();
    const [name, port] = host.split(':');
    service.#origin = `http://${host}`;
    service.#server.listen(Number(port), name);
    await once(service.#server, 'listening');
    return service;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** What a browser would have got: to be given to `subscribedAs`. */
  subscription() {
    const keys = createECDH('prime256v1');
    const device = { id: randomBytes(12).toString('base64url'), point: keys.generateKeys(), auth: randomBytes(16), keys };
    this.#devices.set(`/push/${device.id}`, device);
    const text = { p256dh: device.point.toString('base64url'), auth: device.auth.toString('base64url') };
    return { device: device.id, endpoint: `${this.#origin}/push/${device.id}`, keys: text };
  }

  of(subscription) {
    return this.pushes.filter((one) => one.device === subscription.device);
  }

  /** The n-th push that a device was sent. */
  async nth(subscription, n, within = 20_000) {
    return until(`push ${n} of the device`, () => this.of(subscription)[n - 1], within);
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      const device = this.#devices.get(request.url);
      assert.ok(device, 'an endpoint nobody has');
      const { headers } = request;
      assert.equal(request.method, 'POST');
      assert.equal(headers['content-encoding'], 'aes128gcm');
      assert.match(headers.ttl, /^\d+$/);
      const key = signedBy(headers.authorization, this.#origin);
      const body = opened(device, Buffer.concat(chunks));
      this.pushes.push({ device: device.id, body, key, urgency: headers.urgency, topic: headers.topic, length: chunks.reduce((n, one) => n + one.length, 0) });
      response.writeHead(201).end();
    } catch (fault) {
      this.faults.push(fault.message);
      response.writeHead(400).end();
    }
  }
}

/** The instance's public key, once its token is found good for this service and for no longer than a day. */
function signedBy(header, origin) {
  const [, token, key] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(header) ?? [];
  assert.ok(token, `no token: ${header}`);
  const [head, claims, signature] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString('base64url'));
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const good = verify('sha256', Buffer.from(`${head}.${claims}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  assert.ok(good, 'a token that its key did not sign');
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url'));
  assert.equal(aud, origin);
  assert.ok(exp * 1000 > Date.now() && exp * 1000 <= Date.now() + 86_400_000, `token until ${exp}`);
  assert.match(sub, /^(https:|mailto:)/);
  return key;
}

/** One record, as push services want it. */
function opened({ keys, point, auth }, sealed) {
  const salt = sealed.subarray(0, 16);
  const sender = sealed.subarray(21, 21 + sealed[20]);
  const record = sealed.subarray(21 + sealed[20]);
  const secret = keys.computeSecret(sender);
  const shared = derived(secret, auth, Buffer.concat([Buffer.from('WebPush: info\0'), point, sender]), 32);
  const key = derived(shared, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derived(shared, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = plain.lastIndexOf(2);
  assert.ok(plain.subarray(end + 1).every((byte) => byte === 0), 'not the last record');
  return plain.subarray(0, end).toString('utf8');
}

const derived = (secret, salt, info, length) => Buffer.from(hkdfSync('sha256', secret, salt, info, length));

/**
 * Every page of this context subscribes to the local push service: Chromium's own is out of reach of a test. What the instance
 * subscribed with is kept as `subscribedWith`.
 */
export async function subscribedAs(context, { endpoint, keys }) {
  await context.grantPermissions(['notifications']);
  await context.addInitScript((given) => {
    if (!('PushManager' in window)) return;
    const kept = 'test.subscribed';
    const subscription = () => ({ endpoint: given.endpoint, toJSON: () => given, unsubscribe: async () => localStorage.removeItem(kept) === undefined });
    PushManager.prototype.getSubscription = async () => (localStorage.getItem(kept) ? subscription() : null);
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
      if (!userVisibleOnly) throw new DOMException('silent pushes', 'NotAllowedError');
      localStorage.setItem(kept, btoa(String.fromCharCode(...new Uint8Array(applicationServerKey))));
      return subscription();
    };
  }, { endpoint, keys });
}

export const subscribedWith = (page) => page.evaluate(() => localStorage.getItem('test.subscribed')?.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''));

/** The service worker of a context in which no page of ours is open. */
export class Asleep {
  #worker;
  #session;
  #registration;
  #origin;

  static async of(context, origin) {
    const asleep = new Asleep();
    asleep.#origin = origin;
    asleep.#worker = context.serviceWorkers().find((one) => one.url().startsWith(origin));
    assert.ok(asleep.#worker, 'no service worker');
    const elsewhere = await context.newPage();
    asleep.#session = await context.newCDPSession(elsewhere);
    const scopes = [];
    asleep.#session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => scopes.push(...registrations));
    await asleep.#session.send('ServiceWorker.enable');
    const found = await until('the worker is registered', () => scopes.find((one) => one.scopeURL.startsWith(origin) && !one.isDeleted));
    asleep.#registration = found.registrationId;
    return asleep;
  }

  /**
   * As the browser does when its push service brings something; answers the notification shown for it. Chromium's inspector loses
   * one now and then: it is brought again, as a push service may too, and takes the place of the first.
   */
  async push(data, tag) {
    let brought = -Infinity;
    return until('a notification is shown', async () => {
      if (performance.now() - brought > 2_000) {
        await this.#session.send('ServiceWorker.deliverPushMessage', { origin: this.#origin, registrationId: this.#registration, data });
        brought = performance.now();
      }
      return (await this.notifications()).find((one) => one.tag === tag);
    });
  }

  notifications() {
    return this.#worker.evaluate(async () => (await self.registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data })));
  }

  /** The click a person would make; what the worker opens, which only a real click may. */
  click(tag) {
    return this.#worker.evaluate(async (wanted) => {
      const [notification] = await self.registration.getNotifications({ tag: wanted });
      const click = new NotificationEvent('notificationclick', { notification });
      click.waitUntil = () => {};
      return new Promise((done) => {
        Clients.prototype.openWindow = async (address) => (done(address), null);
        self.dispatchEvent(click);
      });
    }, tag);
  }
}
