// The conversations that are open: a list in memory each, fed by the device, the server and the socket.

import { gone, merge, without } from '../model/merge';
import { type Readable, Signal } from '../model/signal';
import type { ChannelKind, Id, Message } from '../model/types';
import { all, type Api } from './api';
import { background } from './background';
import type { Change, Db, StoredChannel } from './db';
import { ApiError, Offline } from './http';
import { sentenceOf } from './sentences';
import type { ChannelView, OutboxItem, ThreadView } from './shapes';
import { blank, entries, oldest, shown } from './views';

const PAGE = 50;
/** Watching again sooner than this asks the server nothing: the socket tells what is new. */
const AGAIN_MS = 5_000;

interface OpenChannel {
  team_id: Id;
  kind: ChannelKind;
  list: Message[];
  stored: StoredChannel | null;
  /** Neither the device nor the server has answered yet. */
  empty: boolean;
  loading: boolean;
  error: string | null;
  reading: Promise<boolean> | null;
  readAt: number;
  signal: Signal<ChannelView>;
}

interface OpenThread {
  channel_id: Id;
  team_id: Id;
  loading: boolean;
  error: string | null;
  readAt: number;
  signal: Signal<ThreadView>;
}

export interface ChannelsOptions {
  db: Db;
  api: Api;
  kindOf: (team: Id, channel: Id) => ChannelKind;
  outbox: Readable<OutboxItem[]>;
  /** What the server gave that this device did not have. */
  onNew: (messages: Message[]) => void;
  /** The server says it is not there for us. */
  onMissing: (team: Id) => void;
}

export class Channels {
  readonly #o: ChannelsOptions;
  readonly #open = new Map<Id, OpenChannel>();
  readonly #threads = new Map<Id, OpenThread>();
  readonly #deaf: () => void;

  constructor(options: ChannelsOptions) {
    this.#o = options;
    this.#deaf = options.outbox.subscribe(() => this.#publishAll());
  }

  close(): void {
    this.#deaf();
  }

  channel(team_id: Id, id: Id): Readable<ChannelView> {
    const known = this.#open.get(id);
    if (known) {
      if (Date.now() - known.readAt > AGAIN_MS) background(this.refresh(id));
      return known.signal;
    }
    const signal = new Signal<ChannelView>(blank(team_id, id));
    const kind = this.#o.kindOf(team_id, id);
    const state = { list: [], stored: null, empty: true, loading: true, error: null };
    const open: OpenChannel = { team_id, kind, ...state, reading: null, readAt: Date.now(), signal };
    this.#open.set(id, open);
    background(this.#fromDevice(id).then(() => this.refresh(id)));
    return signal;
  }

  thread(team_id: Id, channel_id: Id, root_id: Id): Readable<ThreadView> {
    let thread = this.#threads.get(root_id);
    if (!thread) {
      const view: ThreadView = { root_id, root: null, entries: [], loading: true, error: null };
      thread = { channel_id, team_id, loading: true, error: null, readAt: 0, signal: new Signal(view) };
      this.#threads.set(root_id, thread);
    }
    if (!this.#open.has(channel_id)) this.channel(team_id, channel_id);
    if (Date.now() - thread.readAt > AGAIN_MS) background(this.#readThread(root_id, thread));
    return thread.signal;
  }

  isOpen(id: Id): boolean {
    return this.#open.has(id);
  }

  list(id: Id): Message[] {
    return this.#open.get(id)?.list ?? [];
  }

  /** Into memory, what the database already holds. */
  put(messages: Message[]): void {
    for (const [id, open] of this.#open) {
      const list = merge(open.list, messages.filter((message) => message.channel_id === id));
      if (list === open.list) continue;
      open.list = list;
      this.#publish(id);
    }
  }

  remove(ids: Id[]): void {
    if (ids.length === 0) return;
    for (const [id, open] of this.#open) {
      if (!open.list.some((message) => ids.includes(message.id) || ids.includes(message.thread_id ?? ''))) continue;
      open.list = without(open.list, ids);
      this.#publish(id);
    }
  }

  forgetTeam(team: Id): void {
    for (const [id, open] of this.#open) {
      if (open.team_id !== team) continue;
      open.signal.set({ ...blank(team, id), loading: false });
      this.#open.delete(id);
    }
    for (const [id, thread] of this.#threads) {
      if (thread.team_id !== team) continue;
      thread.signal.set({ root_id: id, root: null, entries: [], loading: false, error: null });
      this.#threads.delete(id);
    }
  }

  /** The server said what is stored cannot be completed: read it again. */
  async reset(id: Id): Promise<void> {
    const open = this.#open.get(id);
    if (!open) return;
    // A reading begun before would bring back what it knew then.
    await open.reading;
    open.list = [];
    open.stored = open.stored && { ...open.stored, loaded: false, older: null, floor: null };
    this.#publish(id);
    const shown = [...this.#threads].filter(([, thread]) => thread.channel_id === id && thread.signal.watched);
    await Promise.all([this.refresh(id), ...shown.map(([root, thread]) => this.#readThread(root, thread))]);
  }

  /** The newest page; several asking at once get one reading. False when the server could not be asked. */
  refresh(id: Id): Promise<boolean> {
    const open = this.#open.get(id);
    if (!open) return Promise.resolve(false);
    open.reading ??= this.#refresh(id, open).finally(() => (open.reading = null));
    return open.reading;
  }

  async #refresh(id: Id, open: OpenChannel): Promise<boolean> {
    open.readAt = Date.now();
    open.loading = true;
    this.#publish(id);
    try {
      await this.#readNewest(id, open);
      open.error = null;
      open.empty = false;
    } catch (error) {
      this.#failed(open, error);
    }
    open.loading = false;
    this.#publish(id);
    return open.error === null;
  }

  async older(id: Id): Promise<void> {
    const open = this.#open.get(id);
    const cursor = open?.stored?.older;
    if (!open?.stored || !cursor || open.loading) return;
    open.loading = true;
    this.#publish(id);
    try {
      const page = await this.#page(id, open.kind, cursor);
      const stored: StoredChannel = { ...open.stored, older: page.next, floor: oldest(page.items) ?? open.stored.floor };
      await this.#keep(open, { messages: page.items, channel: stored }, stored);
      open.error = null;
    } catch (error) {
      open.error = sentenceOf(error);
    }
    open.loading = false;
    this.#publish(id);
  }

  /** For offline use: the newest page of a channel nobody opened yet. */
  async prefetch(stored: StoredChannel): Promise<void> {
    const page = await this.#page(stored.id, stored.kind);
    const channel = { ...stored, loaded: true, older: page.next, floor: oldest(page.items) };
    this.put(await this.#store({ messages: page.items, channel }));
  }

  async #fromDevice(id: Id): Promise<void> {
    const open = this.#open.get(id);
    if (!open) return;
    open.stored = (await this.#o.db.channel(id)) ?? null;
    open.list = merge(await this.#o.db.messages(id), open.list);
    open.kind = open.stored?.kind ?? open.kind;
    if (open.stored?.loaded || open.list.length > 0) open.empty = false;
    this.#publish(id);
  }

  async #readNewest(id: Id, open: OpenChannel): Promise<void> {
    const before = open.list.filter((message) => open.kind === 'discussion' || message.thread_id === null);
    const page = await this.#page(id, open.kind);
    // Not loaded yet: what is known may stand beyond a hole, so only the page counts.
    const whole = page.next === null || !open.stored?.loaded;
    const removed = gone(before, page.items, whole).map((message) => message.id);
    const known = open.stored?.loaded ? open.stored : { older: page.next, floor: oldest(page.items) };
    const { older, floor } = known;
    const stored = { id, team_id: open.team_id, kind: open.kind, loaded: true, older, floor };
    await this.#keep(open, { messages: page.items, removed, channel: stored }, stored);
  }

  #page(id: Id, kind: ChannelKind, cursor?: string) {
    return this.#o.api.messages(id, { limit: PAGE, cursor, root_only: kind === 'notebook' });
  }

  async #keep(open: OpenChannel, change: Change, stored: StoredChannel): Promise<void> {
    const kept = await this.#store(change);
    open.stored = stored;
    open.list = merge(without(open.list, change.removed ?? []), kept);
  }

  async #store(change: Change): Promise<Message[]> {
    const messages = change.messages ?? [];
    const known = await this.#o.db.knownIds(messages.map((message) => message.id));
    const kept = await this.#o.db.apply(change);
    this.#o.onNew(messages.filter((message) => !known.has(message.id)));
    return kept;
  }

  async #readThread(root: Id, thread: OpenThread): Promise<void> {
    thread.loading = true;
    thread.readAt = Date.now();
    this.put(await this.#o.db.thread(root));
    this.#publishThread(root);
    try {
      const before = this.list(thread.channel_id).filter((message) => message.thread_id === root);
      const items = await all((cursor) => this.#o.api.thread(root, cursor));
      const removed = gone(before, items, true).map((message) => message.id);
      const kept = await this.#store({ messages: items, removed });
      this.remove(removed);
      this.put(kept);
      thread.error = null;
    } catch (error) {
      thread.error = error instanceof Offline ? null : sentenceOf(error);
      thread.readAt = 0;
    }
    thread.loading = false;
    this.#publishThread(root);
  }

  #failed(open: OpenChannel, error: unknown): void {
    const known = !open.empty;
    const lost = error instanceof ApiError && error.status === 404;
    open.error = known && !lost ? null : sentenceOf(error);
    if (lost) this.#o.onMissing(open.team_id);
  }

  #publishAll(): void {
    for (const id of this.#open.keys()) this.#publish(id);
  }

  #publish(id: Id): void {
    const open = this.#open.get(id);
    if (!open) return;
    const roots = shown(open);
    const waiting = this.#waiting(id, open.list).filter((item) => open.kind === 'discussion' || !roots.some((one) => one.id === item.body.thread_id));
    open.signal.set({
      channel_id: id,
      team_id: open.team_id,
      entries: entries(roots, waiting),
      more: open.stored?.older != null,
      empty: open.empty,
      loading: open.loading,
      error: open.error,
    });
    for (const [root, thread] of this.#threads) if (thread.channel_id === id) this.#publishThread(root);
  }

  #publishThread(root: Id): void {
    const thread = this.#threads.get(root);
    if (!thread) return;
    const list = this.list(thread.channel_id);
    const waiting = this.#waiting(thread.channel_id, list).filter((item) => item.body.thread_id === root);
    thread.signal.set({
      root_id: root,
      root: list.find((message) => message.id === root) ?? null,
      entries: entries(list.filter((message) => message.thread_id === root), waiting),
      loading: thread.loading,
      error: thread.error,
    });
  }

  /** The server has it as soon as the socket tells, even before the post was answered. */
  #waiting(channel: Id, list: Message[]): OutboxItem[] {
    const ids = new Set(list.map((message) => message.id));
    return this.#o.outbox.get().filter((item) => item.channel_id === channel && !ids.has(item.id));
  }
}
