import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Signal } from '../model/signal';
import type { Message, Page, Team } from '../model/types';
import { CHANNEL, created, ME, message, openDb, person, syncAnswer, TEAM, team, teamItem, until } from '../testing/fakes';
import type { Api } from './api';
import type { Db } from './db';
import { ApiError, Offline } from './http';
import type { OutboxItem } from './shapes';
import { Store } from './store';

let db: Db;
let store: Store;
let items: Signal<OutboxItem[]>;
let server: { teams: Team[]; messages: Message[]; online: boolean };

const page = <T>(list: T[]): Page<T> => ({ items: list, next: null });

/** Just enough of the server, over what a test puts in it. */
function fakeApi() {
  const on = <T>(make: () => T): Promise<T> => {
    if (!server.online) return Promise.reject(new Offline());
    try {
      return Promise.resolve(make());
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
  const absent = () => new ApiError(404, { code: 'not_found', detail: 'Dossier introuvable.' });
  const found = (id: string) => {
    const one = server.teams.find((each) => each.id === id);
    if (!one) throw absent();
    return one;
  };
  const newestFirst = () => [...server.messages].reverse();
  return {
    teams: vi.fn(() => on(() => page(server.teams))),
    team: vi.fn((id: string) => on(() => found(id))),
    categories: vi.fn(() => on(() => [])),
    messages: vi.fn((id: string, options: { root_only?: boolean }) =>
      on(() => page(newestFirst().filter((one) => one.channel_id === id && !(options.root_only && one.thread_id)))),
    ),
    thread: vi.fn((root: string) => on(() => page(server.messages.filter((m) => m.id === root || m.thread_id === root)))),
    message: vi.fn((id: string) => on(() => server.messages.find((one) => one.id === id) ?? message({ id }))),
    read: vi.fn(() => on(() => undefined)),
    sendReceipts: vi.fn((_items: unknown) => on(() => undefined)),
  };
}
let api: ReturnType<typeof fakeApi>;

function open(): Store {
  return new Store({ db, api: api as unknown as Api, me: ME, outbox: { items } });
}
const texts = (id = CHANNEL) =>
  store
    .channel(TEAM, id)
    .get()
    .entries.map((entry) => (entry.kind === 'message' ? entry.message.text : `(${entry.item.body.text})`));
const ready = () => until(() => !store.channel(TEAM, CHANNEL).get().loading);
/** Later than the page was last read, so that watching asks again. */
const later = () => vi.setSystemTime(Date.now() + 6_000);
const unread = () => store.teams.get().items[0]?.unread;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  db = await openDb();
  items = new Signal<OutboxItem[]>([]);
  server = { teams: [team()], messages: [], online: true };
  api = fakeApi();
  store = open();
  await store.load();
  await store.refresh();
});
afterEach(() => {
  store.close();
  vi.useRealTimers();
});

const at = (minute: number, change: Partial<Message> = {}) =>
  message({ created_at: `2026-11-17T07:${String(minute).padStart(2, '0')}:00Z`, ...change });

describe('store', () => {
  it('shows a channel oldest first, what waits last', async () => {
    server.messages = [at(1, { text: 'one' }), at(2, { text: 'two' })];
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 2);
    items.set([{ id: 'w', channel_id: CHANNEL, team_id: TEAM, state: 'waiting', at: '', tries: 0, body: { id: 'w', category: 'nursing', text: 'w' } }]);
    expect(texts()).toEqual(['one', 'two', '(w)']);
  });

  it('shows a waiting one once the socket brought it, not twice', async () => {
    store.channel(TEAM, CHANNEL);
    await ready();
    items.set([{ id: 'w', channel_id: CHANNEL, team_id: TEAM, state: 'sending', at: '', tries: 1, body: { id: 'w', category: 'nursing', text: 'w' } }]);
    await store.applyEvent(created(at(1, { id: 'w', text: 'w', author: person(ME, 'me') })));
    expect(texts()).toEqual(['w']);
    expect(unread()).toBe(0);
  });

  it('stores the cursor with what it covers, or neither', async () => {
    await store.applySync(syncAnswer({ events: [created(at(1, { id: 'm1' }))], cursor: 'c1' }), false);
    expect([await db.meta('cursor'), (await db.message('m1'))?.id]).toEqual(['c1', 'm1']);
    const unclonable = { ...at(2, { id: 'm2' }), documents: [(() => 0) as never] };
    const answer = syncAnswer({ events: [created(at(3, { id: 'm3' })), created(unclonable)], cursor: 'c2' });
    await expect(store.applySync(answer, false)).rejects.toThrow();
    expect([await db.meta('cursor'), await db.message('m3')]).toEqual(['c1', undefined]);
    expect(store.cursor()).toBe('c1');
  });

  it("counts what is new once, frames and sync together, and not one's own", async () => {
    const one = at(5, { id: 'm1' });
    await store.applyEvent(created(one));
    expect(unread()).toBe(1);
    await store.applyEvent(created(one));
    expect(unread()).toBe(1);
    const channels = [{ id: CHANNEL, unread: 1, last_at: one.created_at }];
    server.teams = [team({ channels: [{ ...channels[0]!, kind: 'notebook' }], unread: 1, last_at: one.created_at })];
    await store.applySync(syncAnswer({ events: [created(one)], channels }), false);
    await store.applyEvent(created(one));
    expect(unread()).toBe(1);
    await store.applyEvent(created(at(6, { author: person(ME, 'me') })));
    expect(unread()).toBe(1);
  });

  it('counts replies on their root', async () => {
    server.messages = [at(1, { id: 'root', replies: { count: 1, unread: 0, last_at: at(2).created_at, authors: ['A'] } })];
    const view = store.channel(TEAM, CHANNEL);
    await until(() => view.get().entries.length === 1 && !view.get().loading);
    const root = () => {
      const entry = view.get().entries[0]!;
      return entry.kind === 'message' ? entry.message.replies : null;
    };
    await store.applyEvent(created(at(2, { id: 'r0', thread_id: 'root' })));
    expect(root()?.count).toBe(2);
    await store.applyEvent(created(at(3, { id: 'r1', thread_id: 'root' })));
    await store.applyEvent(created(at(3, { id: 'r1', thread_id: 'root' })));
    expect(root()).toMatchObject({ count: 3, unread: 2 });
    expect(view.get().entries).toHaveLength(1);
  });

  it('opens without network on what the device knows', async () => {
    server.messages = [at(1, { text: 'kept' })];
    store.channel(TEAM, CHANNEL);
    store.team(TEAM);
    await until(() => texts().length === 1 && store.team(TEAM).get().team !== null);
    await ready();
    store.close();
    server.online = false;
    store = open();
    await store.load();
    await store.refresh();
    expect(store.teams.get()).toMatchObject({ empty: false, error: null });
    expect(store.channelOf(TEAM, 'notebook')).toBe(CHANNEL);
    store.channel(TEAM, CHANNEL);
    await until(() => texts()[0] === 'kept');
    await ready();
    expect(store.channel(TEAM, CHANNEL).get().error).toBeNull();
  });

  it('says so when nothing is known and the server cannot be asked', async () => {
    server.online = false;
    const view = store.channel(TEAM, CHANNEL);
    await until(() => view.get().error !== null);
    expect(view.get()).toMatchObject({ empty: true, error: 'Pas de réseau. Réessayez dès son retour.' });
  });

  it('takes off the screen and the device what the server no longer shows', async () => {
    server.messages = [at(1, { id: 'a' }), at(2, { id: 'b' })];
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 2);
    await ready();
    server.messages = [server.messages[0]!];
    later();
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 1);
    expect(await db.message('b')).toBeUndefined();
    await store.applyEvent({ type: 'message.narrowed', channel_id: CHANNEL, message_id: 'a' });
    expect(texts()).toEqual([]);
    expect(await db.message('a')).toBeUndefined();
  });

  it('forgets a circle one lost, says since when, and keeps what was written', async () => {
    server.messages = [at(1, { id: 'a' })];
    const view = store.channel(TEAM, CHANNEL);
    await until(() => view.get().entries.length === 1);
    await ready();
    const key = `${TEAM}|${CHANNEL}|`;
    await db.putDraft({ key, team_id: TEAM, channel_id: CHANNEL, text: 'unsent' } as never);
    server.teams = [];
    const reset = { channel_id: CHANNEL, team_id: TEAM, reason: 'access_lost' as const };
    await store.applySync(syncAnswer({ resets: [reset] }), false);
    expect(view.get().entries).toEqual([]);
    expect(store.teams.get().items).toEqual([]);
    expect(store.lost.get()).toMatchObject([{ team_id: TEAM, name: 'MARCILLAC Odette' }]);
    expect([await db.teams(), await db.channels(), await db.messages(CHANNEL)]).toEqual([[], [], []]);
    expect(await db.draft(key)).toMatchObject({ text: 'unsent' });
  });

  it('reads a channel again when rights changed: more or less of its past is shown', async () => {
    server.messages = [at(1, { id: 'a', text: 'a' }), at(2, { id: 'b', text: 'b' })];
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 2);
    await ready();
    server.messages = [at(1, { id: 'a', text: 'a' })];
    await store.applyEvent({ type: 'membership', channel_id: CHANNEL, team_id: TEAM });
    expect(await db.message('b')).toBeUndefined();
    await until(() => texts().join() === 'a');
  });

  it('notices a circle that is no longer in the list', async () => {
    server.teams = [];
    await store.applyEvent({ type: 'membership', channel_id: CHANNEL, team_id: TEAM });
    await vi.advanceTimersByTimeAsync(1_000);
    await until(() => store.lost.get().length === 1);
    expect(await db.teams()).toEqual([]);
  });

  it('reads again a channel that could not be completed', async () => {
    server.messages = [at(1, { id: 'a' })];
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 1);
    await ready();
    server.messages = [at(1, { id: 'a' }), at(2, { id: 'b' })];
    const reset = { channel_id: CHANNEL, team_id: TEAM, reason: 'too_long' as const };
    await store.applySync(syncAnswer({ resets: [reset] }), false);
    await until(() => texts().length === 2);
  });

  it('tells what was delivered and seen, in batches, the stronger one, once', async () => {
    const sent = () => api.sendReceipts.mock.calls.flatMap(([batch]) => batch as { message_id: string; state: string }[]);
    const [one, two] = [at(1, { id: 'a' }), at(2, { id: 'b' })];
    await store.applyEvent(created(one));
    await store.applyEvent(created(two));
    store.displayed([one, at(3, { author: person(ME, 'me') })]);
    await until(async () => (await db.receipts()).some((receipt) => receipt.state === 'seen'));
    expect(await db.receipts()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    await until(async () => (await db.receipts()).length === 0);
    expect(sent()).toEqual([
      { message_id: 'a', state: 'seen' },
      { message_id: 'b', state: 'delivered' },
    ]);
    const next = open();
    next.displayed([one]);
    store.displayed([one]);
    await vi.advanceTimersByTimeAsync(1_000);
    await store.applySync(syncAnswer(), false);
    expect(sent()).toHaveLength(2);
    next.close();
  });

  it('keeps receipts and read marks until the network is back', async () => {
    server.messages = [at(1, { id: 'a' }), at(2, { id: 'b' })];
    server.teams = [team({ channels: [{ id: CHANNEL, kind: 'notebook', unread: 2, last_at: at(2).created_at }], unread: 2 })];
    await store.refreshTeams();
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 2);
    await ready();
    server.online = false;
    await store.markRead(CHANNEL, 'a');
    expect(unread()).toBe(1);
    await store.markRead(CHANNEL, 'b');
    expect(unread()).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    server.online = true;
    await store.applySync(syncAnswer(), false);
    await until(() => api.read.mock.calls.length > 0 && server.online);
    expect(api.read).toHaveBeenLastCalledWith(CHANNEL, 'b');
  });

  it('reads ahead, for the cellar, the channels nobody opened', async () => {
    server.messages = [at(1, { id: 'a' })];
    await store.applySync(syncAnswer(), false);
    await until(async () => (await db.message('a')) !== undefined);
    expect((await db.channels())[0]).toMatchObject({ loaded: true });
  });

  it('shows a thread with its waiting replies, and not in the main stream', async () => {
    server.messages = [at(1, { id: 'root' }), at(2, { id: 'r1', thread_id: 'root', text: 'reply' })];
    const view = store.thread(TEAM, CHANNEL, 'root');
    await until(() => view.get().entries.length === 1 && view.get().root !== null);
    items.set([{ id: 'w', channel_id: CHANNEL, team_id: TEAM, state: 'waiting', at: '', tries: 0, body: { id: 'w', category: 'nursing', text: 'w', thread_id: 'root' } }]);
    expect(view.get().entries).toHaveLength(2);
    await ready();
    expect(store.channel(TEAM, CHANNEL).get().entries).toHaveLength(1);
  });

  it('asks once for a thread however often it is watched, and again once other rights show another past', async () => {
    server.messages = [at(1, { id: 'root', replies: { count: 1, unread: 0, last_at: '', authors: [] } }), at(2, { id: 'r1', thread_id: 'root' })];
    await ready();
    // As a page does that watches anew whenever the root is told anew.
    store.channel(TEAM, CHANNEL).subscribe(() => store.thread(TEAM, CHANNEL, 'root'));
    const view = store.thread(TEAM, CHANNEL, 'root');
    view.subscribe(() => {});
    await until(() => view.get().entries.length === 1 && !view.get().loading);
    await store.put(at(1, { id: 'root', revision: 2 }));
    expect(api.thread).toHaveBeenCalledTimes(1);
    await store.applySync(syncAnswer({ resets: [{ channel_id: CHANNEL, team_id: TEAM, reason: 'access_changed' }] }), false);
    await until(() => api.thread.mock.calls.length === 2 && view.get().entries.length === 1);
  });

  it('shows nothing from beyond a hole until the pages between are read', async () => {
    const recent = [at(30, { id: 'n1' }), at(31, { id: 'n2' })];
    api.messages.mockImplementationOnce(async () => ({ items: recent, next: 'older' }));
    store.channel(TEAM, CHANNEL);
    await until(() => texts().length === 2);
    await store.put(at(1, { id: 'old' }));
    expect(texts()).toHaveLength(2);
    await ready();
    api.messages.mockImplementationOnce(async () => page([at(20, { id: 'between' }), at(1, { id: 'old' })]));
    await store.older(CHANNEL);
    expect(texts()).toHaveLength(4);
  });

  it('drops a message the server no longer shows, when asked for it', async () => {
    await store.applyEvent(created(at(1, { id: 'a' })));
    expect((await store.message('a'))?.id).toBe('a');
    api.message.mockRejectedValueOnce(new ApiError(404, { code: 'not_found' }));
    expect(await store.message('a')).toBeNull();
    expect(await db.message('a')).toBeUndefined();
  });

  it('drops a note narrowed away from this person; the answers to it stand alone', async () => {
    const lost: string[][] = [];
    store.close();
    store = new Store({ db, api: api as unknown as Api, me: ME, outbox: { items }, onGone: (ids) => lost.push(ids) });
    await store.load();
    await store.refreshTeams();
    server.messages = [at(1, { id: 'root' }), at(2, { id: 'mine', thread_id: 'root', text: 'mine' })];
    const thread = store.thread(TEAM, CHANNEL, 'root');
    await until(() => thread.get().entries.length === 1 && thread.get().root !== null);
    await ready();
    await store.applyEvent({ type: 'message.narrowed', channel_id: CHANNEL, message_id: 'root' });
    expect(texts()).toEqual(['mine']);
    expect(await db.message('root')).toBeUndefined();
    expect((await db.message('mine'))!.thread_id).toBeNull();
    expect([lost, [...store.gone.get()], store.revised.get()]).toEqual([[['root']], ['root'], { [TEAM]: 1 }]);
    await store.put(at(1, { id: 'root', revision: 3 }));
    expect(store.gone.get().size).toBe(0);
  });

  it('reads again to how many an own note goes that was narrowed', async () => {
    const mine = at(1, { id: 'a', author: person(ME, 'me'), receipts: { delivered: 1, seen: 1, of: 3 } });
    await store.put(mine);
    server.messages = [{ ...mine, revision: 2, receipts: { delivered: 1, seen: 1, of: 1 } }];
    await store.applyEvent({ type: 'message.narrowed', channel_id: CHANNEL, message: { ...mine, revision: 2, receipts: undefined } });
    await vi.advanceTimersByTimeAsync(1_000);
    await until(async () => (await db.message('a'))!.receipts!.of === 1);
  });

  it('leaves a circle when one of its channels is no longer there', async () => {
    const view = store.channel(TEAM, CHANNEL);
    await until(() => !view.get().loading);
    server.teams = [];
    api.messages.mockRejectedValueOnce(new ApiError(404, { code: 'not_found', detail: 'Dossier introuvable.' }));
    later();
    store.channel(TEAM, CHANNEL);
    await until(() => store.lost.get().length === 1);
  });

  it('sums unread over circles', () => {
    expect(store.unread.get()).toBe(teamItem().unread);
  });
});
