import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message, NewMessage } from '../model/types';
import { CHANNEL, draft, gate, message, openDb, TEAM, unique, until } from '../testing/fakes';
import type { Db } from './db';
import { Drafts } from './drafts';
import { ApiError, Offline } from './http';
import { Outbox } from './outbox';
import { openTabs, turnFor } from './tabs';
import { Uploads } from './uploads';

type Send = (channel: string, body: NewMessage) => Promise<Message>;

let db: Db;
let name: string;
let open: Outbox[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  db = await openDb();
  name = unique('outbox');
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.close();
  vi.useRealTimers();
});

/** A tab: its own outbox over the device's one database. */
function tab(send: Send): { outbox: Outbox; drafts: Drafts } {
  const drafts = new Drafts(db);
  const sent = async (one: Message) => void (await db.apply({ messages: [one], sent: [one.id] }));
  const never = () => Promise.reject(new Error('no files here'));
  const uploads = new Uploads({ db, api: { createDocument: never, documentOffset: never, sendPiece: never } });
  const outbox = new Outbox({ db, drafts, uploads, tabs: openTabs(name), turn: turnFor(name), send, sent, random: () => 1 });
  open.push(outbox);
  return { outbox, drafts };
}

/** A server: takes each id once and answers the same for it ever after. */
function server() {
  const taken = new Map<string, Message>();
  const calls: string[] = [];
  const send: Send = async (channel_id, body) => {
    calls.push(body.id);
    if (!taken.has(body.id)) taken.set(body.id, message({ ...body, channel_id, mentions: [], thread_id: body.thread_id ?? null }));
    return taken.get(body.id)!;
  };
  return { taken, calls, send };
}

const problem = (status: number, code: string, retryAfter: number | null = null) =>
  new ApiError(status, { code, detail: `sentence of ${code}` }, retryAfter);

describe('outbox', () => {
  it('sends, stores the answer and is empty', async () => {
    const { send, taken } = server();
    const { outbox } = tab(send);
    const one = draft();
    await outbox.post(one);
    await outbox.flush();
    expect(outbox.items.get()).toEqual([]);
    expect([...taken.keys()]).toEqual([one.id]);
    expect((await db.message(one.id))?.text).toBe(one.text);
  });

  it('takes a double click for one', async () => {
    const { send, calls } = server();
    const { outbox } = tab(send);
    const one = draft();
    await Promise.all([outbox.post(one), outbox.post(one)]);
    await outbox.flush();
    await outbox.post(one);
    await outbox.flush();
    expect(calls).toEqual([one.id]);
  });

  it('clears the draft in the same step, and a late keystroke does not bring it back', async () => {
    const { outbox, drafts } = tab(() => Promise.reject(new Offline()));
    const one = draft();
    drafts.save(one);
    await drafts.flush();
    drafts.save({ ...one, text: one.text + ' bras G' });
    await outbox.post({ ...one, text: one.text + ' bras G' });
    drafts.save({ ...one, text: 'late' });
    expect((await drafts.open(one)).text).toBe('');
    await drafts.flush();
    expect(await db.drafts()).toEqual([]);
    expect((await db.outbox()).map((item) => item.body.text)).toEqual(['TA 186/104 bras G']);
  });

  it('survives a death between sending and the answer: the next page sends the same id again', async () => {
    const { send, taken, calls } = server();
    const never = gate<Message>();
    const dying = tab(async (channel, body) => {
      await send(channel, body);
      return never.promise;
    });
    const one = draft();
    await dying.outbox.post(one);
    await until(() => calls.length === 1);
    expect((await db.outbox())[0]!.state).toBe('sending');

    // A reloaded page has its own turn: the dead one's went with it.
    name = unique('after-reload');
    const { outbox } = tab(send);
    await outbox.load();
    expect(outbox.items.get()).toHaveLength(1);
    await outbox.flush();
    expect(calls).toEqual([one.id, one.id]);
    expect(taken.size).toBe(1);
    expect(outbox.items.get()).toEqual([]);
    never.fail(new Offline());
  });

  it('keeps a refused text with its sentence, and goes on with the next', async () => {
    const { send, calls } = server();
    const { outbox } = tab((channel, body) => {
      if (body.text === 'bad') return Promise.reject(problem(409, 'id_conflict'));
      return send(channel, body);
    });
    const [bad, good] = [draft({ text: 'bad' }), draft({ text: 'good' })];
    await outbox.post(bad);
    await outbox.post(good);
    await outbox.flush();
    expect(calls).toEqual([good.id]);
    expect(outbox.items.get()).toMatchObject([
      { id: bad.id, state: 'refused', error: 'sentence of id_conflict', error_code: 'id_conflict', body: { text: 'bad' } },
    ]);
    await outbox.flush();
    expect(calls).toEqual([good.id]);
  });

  it('gives a refused text back under a new id, ahead of what was begun since', async () => {
    const { outbox, drafts } = tab(() => Promise.reject(problem(422, 'text_too_long')));
    const bad = draft({ text: 'first', urgent: true });
    await outbox.post(bad);
    await outbox.flush();
    drafts.save(draft({ text: 'second' }));
    const back = await outbox.takeBack(bad.id);
    expect(back).toMatchObject({ text: 'first\n\nsecond', urgent: true, category: 'nursing' });
    expect(back!.id).not.toBe(bad.id);
    expect(outbox.items.get()).toEqual([]);
    const place = { team_id: TEAM, channel_id: CHANNEL, thread_id: null };
    expect((await drafts.open(place)).text).toBe('first\n\nsecond');
  });

  it('gives back an answer to what is no longer there as a note of its own', async () => {
    const { outbox } = tab(() => Promise.reject(problem(422, 'thread_unknown')));
    const one = draft({ text: 'answer', thread_id: 'lost' });
    await outbox.post(one);
    await outbox.flush();
    expect(await outbox.takeBack(one.id)).toMatchObject({ text: 'answer', thread_id: null });
  });

  it('does not give back what may have arrived', async () => {
    const { outbox } = tab(() => Promise.reject(new Offline()));
    const one = draft();
    await outbox.post(one);
    await outbox.flush();
    expect(await outbox.takeBack(one.id)).toBeNull();
    expect(outbox.items.get()).toHaveLength(1);
  });

  it('waits after a 5xx, longer each time, then succeeds', async () => {
    const { send } = server();
    let failures = 2;
    const at: number[] = [];
    const { outbox } = tab((channel, body) => {
      at.push(Date.now());
      return failures-- > 0 ? Promise.reject(problem(503, 'unavailable')) : send(channel, body);
    });
    await outbox.post(draft());
    await outbox.flush();
    expect(outbox.items.get()[0]!.state).toBe('waiting');
    await outbox.flush();
    expect(at).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await until(() => at.length === 2 && outbox.items.get()[0]?.state === 'waiting');
    await outbox.flush();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(at).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    await until(() => outbox.items.get().length === 0);
    expect(at).toHaveLength(3);
  });

  it('waits as long as the server asks', async () => {
    let calls = 0;
    const { outbox } = tab(async () => {
      calls++;
      throw problem(429, 'too_many_attempts', 30);
    });
    await outbox.post(draft());
    await outbox.flush();
    await vi.advanceTimersByTimeAsync(29_000);
    outbox.wake();
    await outbox.flush();
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(1_100);
    await until(() => calls === 2);
  });

  it('keeps the order of a channel, even through a failure, and does not hold back another', async () => {
    const { send } = server();
    const done: string[] = [];
    let down = true;
    const { outbox } = tab((channel, body) => {
      if (channel === CHANNEL && down) return Promise.reject(problem(500, 'unavailable'));
      done.push(body.text);
      return send(channel, body);
    });
    for (const text of ['1', '2', '3']) await outbox.post(draft({ text }));
    await outbox.post(draft({ text: 'elsewhere', channel_id: 'channel-2' }));
    await outbox.flush();
    expect(done).toEqual(['elsewhere']);
    down = false;
    outbox.wake();
    await outbox.flush();
    expect(done).toEqual(['elsewhere', '1', '2', '3']);
  });

  it('tries all again when the network comes back', async () => {
    const { send } = server();
    let offline = true;
    const { outbox } = tab((channel, body) => (offline ? Promise.reject(new Offline()) : send(channel, body)));
    await outbox.post(draft());
    await outbox.post(draft({ channel_id: 'channel-2' }));
    await outbox.flush();
    expect(outbox.items.get().map((item) => item.state)).toEqual(['waiting', 'waiting']);
    offline = false;
    outbox.wake();
    await outbox.flush();
    expect(outbox.items.get()).toEqual([]);
  });

  it('sends from one tab at a time, and the other sees it', async () => {
    const { send, calls } = server();
    const slow = gate<void>();
    let busy = 0;
    let most = 0;
    const counted: Send = async (channel, body) => {
      most = Math.max(most, ++busy);
      await slow.promise;
      busy--;
      return send(channel, body);
    };
    const [first, second] = [tab(counted), tab(counted)];
    await first.outbox.post(draft());
    await second.outbox.post(draft());
    await until(() => busy === 1);
    slow.open();
    await Promise.all([first.outbox.flush(), second.outbox.flush()]);
    expect(most).toBe(1);
    expect(calls).toHaveLength(2);
    await until(() => first.outbox.items.get().length === 0 && second.outbox.items.get().length === 0);
  });

  it('loses no words when two tabs send one draft differently', async () => {
    const { send, taken } = server();
    const [first, second] = [tab(send), tab(send)];
    const one = draft({ text: 'from one' });
    await first.outbox.post(one);
    await second.outbox.post({ ...one, text: 'from the other' });
    await Promise.all([first.outbox.flush(), second.outbox.flush()]);
    expect([...taken.values()].map((sent) => sent.text).sort()).toEqual(['from one', 'from the other']);
  });

  it('takes an answer about another message for no answer', async () => {
    const { outbox } = tab(async () => message());
    await outbox.post(draft());
    await outbox.flush();
    expect(outbox.items.get()).toMatchObject([{ state: 'waiting', tries: 1 }]);
  });

  it('forgets a discarded text', async () => {
    const { outbox } = tab(() => Promise.reject(problem(422, 'text_too_long')));
    const one = draft();
    await outbox.post(one);
    await outbox.flush();
    await outbox.discard(one.id);
    expect(await db.outbox()).toEqual([]);
  });
});
