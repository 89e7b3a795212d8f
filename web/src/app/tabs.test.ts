import { afterEach, describe, expect, it, vi } from 'vitest';
import { gate, unique, until } from '../testing/fakes';
import { backoff, openTabs, turnFor, type TabNews } from './tabs';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('turn', () => {
  it('is asked of the browser where it can give one, for all tabs', async () => {
    const asked: string[] = [];
    const request = async (name: string, run: () => Promise<void>) => {
      asked.push(name);
      await run();
    };
    vi.stubGlobal('navigator', { locks: { request } });
    const run = vi.fn(async () => {});
    await turnFor('liaison-outbox-a')(run);
    expect(asked).toEqual(['liaison-outbox-a']);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('is taken one after the other where the browser cannot, failures included', async () => {
    vi.stubGlobal('navigator', {});
    const name = unique('turn');
    const order: string[] = [];
    const first = gate<void>();
    const one = turnFor(name)(async () => {
      await first.promise;
      order.push('one');
      throw new Error('died');
    });
    const two = turnFor(name)(async () => void order.push('two'));
    const elsewhere = turnFor(unique('turn'))(async () => void order.push('elsewhere'));
    await elsewhere;
    first.open();
    await expect(one).rejects.toThrow('died');
    await two;
    expect(order).toEqual(['elsewhere', 'one', 'two']);
  });
});

describe('tabs', () => {
  it('tell the others, not themselves, and nothing once closed', async () => {
    const name = unique('tabs');
    const [here, there] = [openTabs(name), openTabs(name)];
    const heard: [string, TabNews][] = [];
    here.listen((news) => heard.push(['here', news]));
    const stop = there.listen((news) => heard.push(['there', news]));
    here.tell({ type: 'outbox' });
    await until(() => heard.length === 1);
    expect(heard).toEqual([['there', { type: 'outbox' }]]);
    stop();
    there.tell({ type: 'outbox' });
    await until(() => heard.length === 2);
    expect(heard[1]![0]).toBe('here');
    here.close();
    there.close();
  });
});

describe('backoff', () => {
  it('doubles up to its most, and never falls below half', () => {
    const at = (tries: number, random: number) => backoff(tries, 500, 30_000, () => random);
    expect([0, 1, 2, 6, 50].map((tries) => at(tries, 1))).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
    expect(at(2, 0)).toBe(1_000);
  });
});
