// What the server says, applied: to the device first, with the cursor, then to what is on screen.

import { compareInstants, withReply } from '../model/merge';
import { Signal } from '../model/signal';
import type { Category, ChangeEvent, ChannelKind, Id, Message, SyncAnswer } from '../model/types';
import type { Api } from './api';
import { Channels } from './channels';
import { background } from './background';
import type { Db } from './db';
import { ApiError } from './http';
import type { LiveTarget } from './live';
import { Marks } from './marks';
import type { Outbox } from './outbox';
import type { StoreFace } from './shapes';
import { Teams } from './teams';

const AFTER_MS = 1_000;
const PREFETCHED = 20;

export interface StoreOptions {
  db: Db;
  api: Api;
  me: Id;
  outbox: Pick<Outbox, 'items'>;
  onAlert?: (event: ChangeEvent) => void;
  /** Somebody else's message came in while the app is open. */
  onNews?: (message: Message, team: Id) => void;
  onGone?: (messages: Id[]) => void;
  onLost?: (team: Id) => void;
}

export class Store implements StoreFace, LiveTarget {
  readonly categories = new Signal<Category[]>([]);
  /** Messages that left this person's sight while the page was open: no list made before may show them. */
  readonly gone = new Signal<ReadonlySet<Id>>(new Set());
  /** By circle, how often messages it had were changed: what is made of them is read again. */
  readonly revised = new Signal<Readonly<Record<Id, number>>>({});
  readonly #o: StoreOptions;
  readonly #teams: Teams;
  readonly #channels: Channels;
  readonly #marks: Marks;
  #cursor: string | null = null;
  #closed = false;
  #prefetched = false;
  /** Small readings put off, so that many reasons make one. */
  readonly #later = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(options: StoreOptions) {
    this.#o = options;
    const { db, api, outbox } = options;
    this.#marks = new Marks(db, api);
    this.#teams = new Teams(db, api, (team) => {
      this.#channels.forgetTeam(team);
      options.onLost?.(team);
    });
    const kindOf = (team: Id, channel: Id): ChannelKind =>
      this.#teams.item(team)?.channels.find((one) => one.id === channel)?.kind ?? 'notebook';
    const onNew = (messages: Message[]) => background(this.#delivered(messages));
    const onMissing = (team: Id) => background(this.#teams.refreshTeam(team));
    this.#channels = new Channels({ db, api, kindOf, outbox: outbox.items, onNew, onMissing });
  }

  get teams() {
    return this.#teams.view;
  }
  get lost() {
    return this.#teams.lost;
  }
  get unread() {
    return this.#teams.unread;
  }

  /** What the device knows; enough to be shown without network. */
  async load(): Promise<void> {
    this.#cursor = (await this.#o.db.meta('cursor')) ?? null;
    this.categories.set((await this.#o.db.meta('categories')) ?? []);
    await Promise.all([this.#teams.load(), this.#marks.load()]);
  }

  /** What the server knows. */
  async refresh(): Promise<void> {
    await this.#teams.refresh();
    try {
      const categories = await this.#o.api.categories();
      this.categories.set(categories);
      await this.#o.db.setMeta('categories', categories);
    } catch {
      // The labels known, or our own, do until the next time.
    }
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#channels.close();
    this.#marks.close();
  }

  team(id: Id) {
    return this.#teams.team(id);
  }
  refreshTeams(): Promise<void> {
    return this.#teams.refresh();
  }
  refreshTeam(id: Id): Promise<void> {
    return this.#teams.refreshTeam(id);
  }
  forgetLost(id: Id): void {
    this.#teams.forgetLost(id);
  }
  channelOf(team: Id, kind: ChannelKind): Id | null {
    return this.#teams.channelOf(team, kind);
  }
  channel(team: Id, channel: Id) {
    return this.#channels.channel(team, channel);
  }
  older(channel: Id): Promise<void> {
    return this.#channels.older(channel);
  }
  thread(team: Id, channel: Id, root: Id) {
    return this.#channels.thread(team, channel, root);
  }

  /** Where a message stands never changes: the device is asked first. */
  async origin(id: Id): Promise<Message | null> {
    return (await this.#o.db.message(id)) ?? this.message(id);
  }

  async message(id: Id): Promise<Message | null> {
    try {
      const message = await this.#o.api.message(id);
      await this.put(message);
      return message;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.#absent(id);
      const known = await this.#o.db.message(id);
      if (known) return known;
      throw error;
    }
  }

  async #absent(id: Id): Promise<null> {
    await this.#o.db.apply({ removed: [id] });
    this.#dropped([id]);
    return null;
  }

  async put(message: Message): Promise<void> {
    this.#back([message]);
    this.#channels.put(await this.#o.db.apply({ messages: [message] }));
  }

  /** The answer to a post: the message is in and the waiting one out, at once. */
  async sent(message: Message): Promise<void> {
    const kept = await this.#o.db.apply({ messages: [message], sent: [message.id] });
    this.#channels.put(kept);
    this.#teams.bump(message.channel_id, message.created_at, false);
  }

  displayed(messages: Message[]): void {
    const ids = messages.filter((message) => this.#foreign(message)).map((message) => message.id);
    background(this.#marks.add(ids, 'seen'));
  }

  async markRead(channel: Id, message: Id): Promise<void> {
    const list = this.#channels.list(channel);
    const mark = list.find((one) => one.id === message);
    const after = list.filter((one) => mark && compareInstants(one.created_at, mark.created_at) > 0 && this.#foreign(one));
    this.#teams.setUnread(channel, after.length, undefined);
    await this.#marks.read(channel, message);
    if (mark) await this.#repliesRead(list, mark);
  }

  async #repliesRead(list: Message[], mark: Message): Promise<void> {
    const read = list
      .filter((one) => one.replies && one.replies.unread > 0 && compareInstants(one.replies.last_at, mark.created_at) <= 0)
      .map((one) => ({ ...one, replies: { ...one.replies!, unread: 0 } }));
    if (read.length > 0) this.#channels.put(await this.#o.db.apply({ messages: read }));
  }

  // What the connection tells.

  cursor(): string | null {
    return this.#cursor;
  }

  async forgetCursor(): Promise<void> {
    this.#cursor = null;
    await this.#o.db.forgetCursor();
  }

  async mark(cursor: string): Promise<void> {
    if (this.#closed) return;
    await this.#o.db.apply({ cursor });
    this.#cursor = cursor;
  }

  async applySync(answer: SyncAnswer, fresh: boolean): Promise<void> {
    if (this.#closed) return;
    const lost = new Set(answer.resets.filter((one) => one.reason === 'access_lost').map((one) => one.team_id));
    for (const team of lost) await this.#teams.lose(team);
    const reset = fresh ? await this.#allChannels() : answer.resets.map((one) => one.channel_id);
    await this.#applyMessages(answer.events, { reset, cursor: answer.cursor });
    this.#cursor = answer.cursor;
    for (const { id, unread, last_at } of answer.channels) {
      if (!this.#teams.setUnread(id, unread, last_at)) this.#afterwards('teams', () => this.#teams.refresh());
    }
    for (const event of answer.events) this.#sideEffects(event);
    for (const id of reset) background(this.#channels.reset(id));
    if (answer.resets.length > 0) this.#afterwards('teams', () => this.#teams.refresh());
    if (!answer.more) this.#caughtUp();
  }

  async applyEvent(event: ChangeEvent): Promise<void> {
    if (this.#closed) return;
    if (event.type === 'membership') await this.#standingChanged(event.channel_id);
    const fresh = await this.#applyMessages([event], {});
    const message = event.message;
    if (message && event.type === 'message.created') this.#count(message, fresh.has(message.id));
    this.#sideEffects(event);
  }

  /** Other rights show another past: what is stored no longer holds, and no later cursor would say so. */
  async #standingChanged(channel: Id): Promise<void> {
    await this.#o.db.apply({ reset: [channel] });
    this.#reviseTeams([], [channel]);
    background(this.#channels.reset(channel));
    this.#afterwards('ahead', () => this.#prefetch());
  }

  #count(message: Message, fresh: boolean): void {
    const channel = message.channel_id;
    const team = this.#teams.ofChannel(channel);
    if (!team) return this.#afterwards('teams', () => this.#teams.refresh());
    const last = team.channels.find((one) => one.id === channel)?.last_at;
    const order = last ? compareInstants(message.created_at, last) : 1;
    if (order < 0 || (order === 0 && !fresh)) return;
    this.#teams.bump(channel, message.created_at, this.#foreign(message));
    if (fresh && this.#foreign(message)) this.#o.onNews?.(message, team.id);
  }

  /** Answers the ids this device did not know. */
  async #applyMessages(events: ChangeEvent[], more: { reset?: Id[]; cursor?: string }): Promise<Set<Id>> {
    const messages = events.flatMap((event) => (event.message ? [event.message] : []));
    const removed = events.flatMap((event) => (!event.message && event.message_id ? [event.message_id] : []));
    if (messages.length + removed.length === 0 && more.cursor === undefined) return new Set();
    const known = await this.#o.db.knownIds(messages.map((message) => message.id));
    const created = events.flatMap((event) => (event.type === 'message.created' && event.message ? [event.message] : []));
    const roots = await this.#countReplies(created, known);
    const kept = await this.#o.db.apply({ messages: [...messages, ...roots], removed, ...more });
    this.#dropped(removed);
    this.#channels.put(kept);
    this.#reviseTeams(events, more.reset ?? []);
    const fresh = messages.filter((message) => !known.has(message.id));
    await this.#delivered(fresh);
    return new Set(fresh.map((message) => message.id));
  }

  #dropped(ids: Id[]): void {
    if (ids.length === 0) return;
    this.gone.update((gone) => new Set([...gone, ...ids]));
    this.#channels.remove(ids);
    this.#o.onGone?.(ids);
  }

  /** Other rights may show again what was lost. */
  #back(messages: Message[]): void {
    const gone = this.gone.get();
    if (messages.some((one) => gone.has(one.id))) this.gone.set(new Set([...gone].filter((id) => messages.every((one) => one.id !== id))));
  }

  #reviseTeams(events: ChangeEvent[], reset: Id[]): void {
    const changed = events.filter((event) => event.type.startsWith('message.') && event.type !== 'message.created');
    const channels = [...changed.map((event) => event.channel_id), ...reset];
    const teams = new Set(channels.flatMap((channel) => this.#teams.ofChannel(channel)?.id ?? []));
    if (teams.size === 0) return;
    this.revised.update((times) => ({ ...times, ...Object.fromEntries([...teams].map((team) => [team, (times[team] ?? 0) + 1])) }));
  }

  /** Frames carry nothing personal, so a root's count of replies is kept here. */
  async #countReplies(created: Message[], known: Set<Id>): Promise<Message[]> {
    const roots = new Map<Id, Message>();
    for (const reply of created) {
      if (!reply.thread_id) continue;
      const root = roots.get(reply.thread_id) ?? (await this.#o.db.message(reply.thread_id));
      const news = { fresh: !known.has(reply.id), foreign: this.#foreign(reply) };
      if (root) roots.set(root.id, withReply(root, reply, news));
    }
    return [...roots.values()];
  }

  #sideEffects(event: ChangeEvent): void {
    if (event.type === 'membership') this.#membership(event.team_id);
    else if (event.type === 'alert') this.#o.onAlert?.(event);
    else if (event.type === 'read') this.#readElsewhere(event);
    else if (event.type === 'receipt' && event.receipt) {
      const id = event.receipt.message_id;
      this.#afterwards(`message ${id}`, async () => this.put(await this.#o.api.message(id)));
    } else if (event.type === 'message.narrowed' && event.message && !this.#foreign(event.message)) {
      // To how many it goes is personal, and changed.
      const { id } = event.message;
      this.#afterwards(`message ${id}`, async () => this.put(await this.#o.api.message(id)));
    } else if (event.type.startsWith('message.') && !event.message && !event.message_id) {
      this.#afterwards(`channel ${event.channel_id}`, () => this.#channels.refresh(event.channel_id));
    }
  }

  #membership(team: Id | undefined): void {
    this.#afterwards('teams', () => this.#teams.refresh());
    if (team) this.#afterwards(`team ${team}`, () => this.#teams.refreshTeam(team));
  }

  #readElsewhere(event: ChangeEvent): void {
    const newest = this.#channels.list(event.channel_id).at(-1);
    if (newest && newest.id === event.read?.message_id) this.#teams.setUnread(event.channel_id, 0, undefined);
    else this.#afterwards('teams', () => this.#teams.refresh());
  }

  #caughtUp(): void {
    background(this.#marks.flush());
    if (this.#prefetched) return;
    this.#prefetched = true;
    void this.#prefetch();
  }

  /** So that the newest notes are there in a cellar too, before anyone opened them. */
  async #prefetch(): Promise<void> {
    try {
      await this.#teams.refresh();
      for (const team of this.teams.get().items.slice(0, PREFETCHED)) {
        const stored = (await this.#o.db.channels()).filter((one) => one.team_id === team.id && !one.loaded);
        if (stored.length > 0) await this.#teams.refreshTeam(team.id);
        for (const channel of stored) {
          if (this.#closed) return;
          if (!this.#channels.isOpen(channel.id)) await this.#channels.prefetch(channel);
        }
      }
    } catch {
      // It was only ahead of need: opening the channel reads it.
      this.#prefetched = false;
    }
  }

  async #allChannels(): Promise<Id[]> {
    return (await this.#o.db.channels()).map((channel) => channel.id);
  }

  #delivered(messages: Message[]): Promise<void> {
    this.#back(messages);
    const ids = messages.filter((message) => this.#foreign(message)).map((message) => message.id);
    return this.#marks.add(ids, 'delivered');
  }

  #foreign(message: Message): boolean {
    return message.author.id !== this.#o.me;
  }

  #afterwards(name: string, run: () => Promise<unknown>): void {
    if (this.#closed || this.#later.has(name)) return;
    const go = () => {
      this.#later.delete(name);
      // What cannot be read now is read at the next opening.
      if (!this.#closed) run().catch(() => {});
    };
    this.#later.set(name, setTimeout(go, AFTER_MS));
  }
}
