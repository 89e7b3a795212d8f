import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHANNEL, draft, openDb, TEAM, until } from '../testing/fakes';
import type { Db } from './db';
import { Drafts } from './drafts';

const place = { team_id: TEAM, channel_id: CHANNEL, thread_id: null };
let db: Db;
let drafts: Drafts;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  db = await openDb();
  drafts = new Drafts(db);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('drafts', () => {
  it('writes once the hand rests, the last words only', async () => {
    const put = vi.spyOn(db, 'putDraft');
    for (const text of ['T', 'TA', 'TA 186']) {
      drafts.save(draft({ text }));
      await vi.advanceTimersByTimeAsync(400);
    }
    expect(put).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    await until(() => drafts.list.get().length === 1);
    expect(put).toHaveBeenCalledTimes(1);
    expect(drafts.list.get()[0]!.text).toBe('TA 186');
  });

  it('is there for the next page, with the id the message will have', async () => {
    const one = draft({ text: 'à suivre', measures: [{ code: 'pain', components: [] }] });
    drafts.save(one);
    await drafts.flush();
    const next = new Drafts(db);
    await next.load();
    expect(await next.open(place)).toMatchObject({ id: one.id, text: 'à suivre', measures: one.measures });
    expect(next.list.get()).toHaveLength(1);
  });

  it('answers what was typed though it is not written yet', async () => {
    drafts.save(draft({ text: 'pending' }));
    expect((await drafts.open(place)).text).toBe('pending');
  });

  it('keeps one a place: a reply is not the note', async () => {
    drafts.save(draft({ text: 'note' }));
    drafts.save(draft({ text: 'reply', thread_id: 'root' }));
    await drafts.flush();
    expect((await drafts.open(place)).text).toBe('note');
    expect((await drafts.open({ ...place, thread_id: 'root' })).text).toBe('reply');
    expect((await drafts.open({ ...place, channel_id: 'other' })).text).toBe('');
  });

  it('lets an answer stand alone once, after what was begun there, whatever the number of tabs', async () => {
    const other = new Drafts(db);
    drafts.save(draft({ text: 'begun' }));
    drafts.save(draft({ text: 'answer', thread_id: 'lost', urgent: true }));
    drafts.save(draft({ text: 'elsewhere', thread_id: 'kept' }));
    await drafts.flush();
    await Promise.all([drafts.standAlone(['lost']), other.standAlone(['lost'])]);
    expect((await drafts.open(place)).text).toBe('begun\n\nanswer');
    expect((await drafts.open({ ...place, thread_id: 'lost' })).text).toBe('');
    expect((await drafts.open({ ...place, thread_id: 'kept' })).text).toBe('elsewhere');
  });

  it('moves an answer as it is where nothing was begun', async () => {
    const answer = draft({ text: 'answer', thread_id: 'lost', urgent: true });
    drafts.save(answer);
    await drafts.standAlone(['lost']);
    expect(await drafts.open(place)).toMatchObject({ id: answer.id, text: 'answer', urgent: true, thread_id: null });
    expect(drafts.list.get()).toHaveLength(1);
  });

  it('keeps nothing of an emptied one', async () => {
    const one = draft({ text: 'x' });
    drafts.save(one);
    await drafts.flush();
    drafts.save({ ...one, text: '  ' });
    await drafts.flush();
    expect(await db.drafts()).toEqual([]);
    expect(drafts.list.get()).toEqual([]);
  });

  it('clears, also what is not written yet', async () => {
    drafts.save(draft({ text: 'x' }));
    await drafts.clear(place);
    await drafts.flush();
    expect(await db.drafts()).toEqual([]);
  });
});
