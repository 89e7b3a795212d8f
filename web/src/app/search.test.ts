import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Found } from '../model/types';
import { Search } from './search';

const found = (id: string) => ({ kind: 'message', snippet: [], team: { id } }) as unknown as Found;
const answer = (ids: string[], next: string | null = null) => ({ items: ids.map(found), next, complete: true });

describe('search', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks once for a word typed letter by letter, and shows only the answer to the last one', async () => {
    const api = { search: vi.fn(async ({ q }: { q: string }) => answer([q])) };
    const search = new Search(api);
    for (const q of ['t', 'te', 'ten']) search.set({ q });
    await vi.advanceTimersByTimeAsync(250);
    expect(api.search).toHaveBeenCalledTimes(1);
    expect(search.view.get().items).toEqual([found('ten')]);
    search.set({ q: '  ' });
    expect(search.view.get()).toMatchObject({ items: [], asked: null, loading: false });
  });

  it('adds the next page to what is shown', async () => {
    const api = { search: vi.fn(async ({ cursor }: { q: string; cursor?: string }) => (cursor ? answer(['b']) : answer(['a'], 'c'))) };
    const search = new Search(api);
    search.set({ q: 'x' });
    await vi.advanceTimersByTimeAsync(250);
    await search.more();
    expect(search.view.get()).toMatchObject({ items: [found('a'), found('b')], next: null });
    await search.more();
    expect(api.search).toHaveBeenCalledTimes(2);
  });

  it('lets go of what was found and is no longer for this person', async () => {
    const search = new Search({ search: async () => answer(['a', 'b']) });
    search.set({ q: 'x' });
    await vi.advanceTimersByTimeAsync(250);
    search.keep((one) => one.team.id !== 'a');
    expect(search.view.get()).toMatchObject({ items: [found('b')], asked: expect.anything() });
  });

  it('keeps what is shown when the network fails, and says so', async () => {
    let fails = false;
    const search = new Search({ search: async () => (fails ? Promise.reject(new Error('x')) : answer(['a'])) });
    search.set({ q: 'x' });
    await vi.advanceTimersByTimeAsync(250);
    fails = true;
    search.set({ q: 'xy' });
    await vi.advanceTimersByTimeAsync(250);
    expect(search.view.get()).toMatchObject({ items: [found('a')], loading: false });
    expect(search.view.get().error).toBeTypeOf('string');
  });
});
