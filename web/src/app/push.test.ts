import { describe, expect, it, vi } from 'vitest';
import type { Device, NewDevice } from '../model/types';
import { nameOf, Push, type PushPlace } from './push';

function world(change: Partial<PushPlace> = {}) {
  const devices: Device[] = [];
  const api = {
    devices: vi.fn(async () => ({ items: [...devices], next: null, push_key: 'AQID' })),
    addDevice: vi.fn(async ({ id, name }: NewDevice) => {
      const device = { id, name, created_at: '', last_reached_at: null, failing: false, this_session: true };
      if (!devices.some((one) => one.id === id)) devices.push(device);
      return device;
    }),
    testDevice: vi.fn(async () => {}),
    removeDevice: vi.fn(async (id: string) => void devices.splice(devices.findIndex((one) => one.id === id), 1)),
  };
  let subscription: PushSubscription | null = null;
  const kept = new Map<string, string>();
  const place: PushPlace = {
    supported: () => true,
    needsHomeScreen: () => false,
    permission: () => 'default',
    ask: async () => 'granted',
    subscription: async () => subscription,
    subscribe: vi.fn(async () => {
      const keys = { p256dh: 'p', auth: 'a' };
      return (subscription = { toJSON: () => ({ endpoint: 'https://push.example/1', keys }), unsubscribe: async () => ((subscription = null), true) } as unknown as PushSubscription);
    }),
    name: () => 'Chrome, Android',
    memory: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) },
    ...change,
  };
  return { api, place, push: new Push(api, place, 'me') };
}

describe('push', () => {
  it('registers this browser, and again as the same device at the next start', async () => {
    const { push, api } = world();
    await push.load();
    expect(push.view.get().state).toBe('off');
    await push.enable();
    expect(push.view.get()).toMatchObject({ state: 'on', devices: [{ name: 'Chrome, Android' }] });
    await push.renew();
    expect(api.addDevice).toHaveBeenCalledTimes(2);
    expect(api.addDevice.mock.calls[0]![0].id).toBe(api.addDevice.mock.calls[1]![0].id);
  });

  it('is another device when the browser changed its endpoint', async () => {
    const { push, api, place } = world();
    await push.enable();
    place.subscription = async () => ({ toJSON: () => ({ endpoint: 'https://push.example/2', keys: { p256dh: 'p', auth: 'a' } }) }) as unknown as PushSubscription;
    await push.renew();
    expect(api.addDevice.mock.calls[0]![0].id).not.toBe(api.addDevice.mock.calls[1]![0].id);
    expect(push.mine()).toBe(api.addDevice.mock.calls[1]![0].id);
  });

  it('asks for no subscription before somebody wanted one', async () => {
    const { push, place } = world();
    await push.renew();
    expect(place.subscribe).not.toHaveBeenCalled();
  });

  it.each([
    ['unsupported', { supported: (): boolean => false }],
    ['ios', { supported: (): boolean => false, needsHomeScreen: (): boolean => true }],
    ['denied', { permission: (): NotificationPermission => 'denied' }],
  ] as const)('says when it cannot: %s', async (state, change) => {
    const { push } = world(change);
    await push.load();
    expect(push.view.get().state).toBe(state);
  });

  it('forgets this device when it is removed', async () => {
    const { push, place } = world();
    await push.enable();
    await push.remove(push.mine()!);
    expect(push.view.get()).toMatchObject({ state: 'off', devices: [] });
    expect(await place.subscription()).toBeNull();
  });

  it('names a browser as people do', () => {
    expect(nameOf('Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36')).toBe('Chrome, Android');
    expect(nameOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1')).toBe('Safari, iPhone');
  });
});
