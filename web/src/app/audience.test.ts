import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Audience } from '../model/types';
import { openDb, TEAM, until } from '../testing/fakes';
import type { Api } from './api';
import { Audiences } from './audience';
import type { Db } from './db';
import { ApiError, Offline } from './http';
import type { AudienceQuery } from './shapes';

let db: Db;
let ask: ReturnType<typeof vi.fn<(team: string, query: AudienceQuery) => Promise<Audience>>>;
const answer = (total: number): Audience => ({ visible_to: [], hidden_from: [], as_of: '', total });
const query = (category: AudienceQuery['category']): AudienceQuery => ({ category, masks: [], only_to: [] });
const open = () => new Audiences(db, { audience: ask } as unknown as Api).open(TEAM);

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  db = await openDb();
  ask = vi.fn(async () => answer(7));
});
afterEach(() => {
  vi.useRealTimers();
});

describe('audience', () => {
  it('asks once the choice is made', async () => {
    const one = open();
    one.set(query('medical'));
    await vi.advanceTimersByTimeAsync(200);
    one.set(query('nursing'));
    await vi.advanceTimersByTimeAsync(249);
    expect(ask).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await until(() => one.state.get().audience !== null);
    expect(ask.mock.calls.map(([, asked]) => asked.category)).toEqual(['nursing']);
    expect(one.state.get()).toMatchObject({ stale: false, loading: false, error: null });
  });

  it('shows without network what was known, and when', async () => {
    vi.setSystemTime(new Date('2026-11-17T06:58:00Z'));
    const first = open();
    first.set(query('nursing'));
    await vi.advanceTimersByTimeAsync(250);
    await until(() => first.state.get().audience !== null);
    first.close();
    ask.mockRejectedValue(new Offline());
    vi.setSystemTime(new Date('2026-11-17T07:30:00Z'));
    const second = open();
    second.set(query('nursing'));
    await vi.advanceTimersByTimeAsync(250);
    await until(() => second.state.get().audience !== null && !second.state.get().loading);
    const known_at = second.state.get().known_at!;
    expect(Math.round(Date.parse(known_at) / 60_000)).toBe(Date.parse('2026-11-17T06:58:00Z') / 60_000);
    expect(second.state.get()).toMatchObject({ stale: true, error: null, audience: { total: 7 } });
  });

  it('never leaves the readers of one choice beside another', async () => {
    const one = open();
    one.set(query('nursing'));
    await vi.advanceTimersByTimeAsync(250);
    await until(() => one.state.get().audience !== null);
    one.set(query('social'));
    expect(one.state.get().audience).toBeNull();
    ask.mockRejectedValue(new Offline());
    await vi.advanceTimersByTimeAsync(250);
    await until(() => !one.state.get().loading);
    expect(one.state.get()).toMatchObject({ audience: null, error: null });
  });

  it('ignores a late answer to an earlier choice', async () => {
    const answers: ((audience: Audience) => void)[] = [];
    ask.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    const one = open();
    one.set(query('nursing'));
    await vi.advanceTimersByTimeAsync(250);
    one.set(query('social'));
    await vi.advanceTimersByTimeAsync(250);
    answers[1]!(answer(2));
    await until(() => one.state.get().audience !== null);
    answers[0]!(answer(1));
    await until(async () => (await db.audience(JSON.stringify([TEAM, 'nursing', [], [], null]))) !== undefined);
    expect(one.state.get().audience?.total).toBe(2);
  });

  it('says what the server refuses', async () => {
    ask.mockRejectedValue(new ApiError(403, { detail: 'Vos droits ne permettent pas cette action.' }));
    const one = open();
    one.set(query('nursing'));
    await vi.advanceTimersByTimeAsync(250);
    await until(() => one.state.get().error !== null);
    expect(one.state.get().error).toBe('Vos droits ne permettent pas cette action.');
  });
});
