// The circles one belongs to: from the device at once, then as the server says.

import { patientName } from '../model/identity';
import { derived, type Readable, Signal } from '../model/signal';
import type { ChannelItem, ChannelKind, Id, Instant, Team, TeamItem } from '../model/types';
import { all, type Api } from './api';
import { background } from './background';
import type { Db } from './db';
import { ApiError, Offline } from './http';
import { sentenceOf } from './sentences';
import type { LostTeam, TeamsView, TeamView } from './shapes';

/** Watching again sooner than this asks the server nothing. */
const AGAIN_MS = 5_000;
const nothing: TeamView = { team: null, loading: true, missing: false, error: null };

export class Teams {
  readonly view = new Signal<TeamsView>({ items: [], loading: true, empty: true, error: null });
  readonly lost = new Signal<LostTeam[]>([]);
  readonly unread: Readable<number> = derived([this.view], () =>
    this.view.get().items.reduce((sum, item) => sum + item.unread, 0),
  );
  readonly #db: Db;
  readonly #api: Api;
  readonly #open = new Map<Id, Signal<TeamView>>();
  readonly #readAt = new Map<Id, number>();
  /** Told when a circle is gone, so that what was read of it leaves memory. */
  readonly #onLost: (team: Id) => void;
  #reading: Promise<void> | null = null;

  constructor(db: Db, api: Api, onLost: (team: Id) => void) {
    this.#db = db;
    this.#api = api;
    this.#onLost = onLost;
  }

  async load(): Promise<void> {
    const stored = await this.#db.teams();
    const known = (await this.#db.meta('teams_known')) ?? false;
    this.#show(stored.map((team) => team.item), !known);
  }

  /** Several asking at once get one reading. */
  refresh(): Promise<void> {
    this.#reading ??= this.#refresh().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #refresh(): Promise<void> {
    this.view.update((view) => ({ ...view, loading: true }));
    try {
      const items = await all((cursor) => this.#api.teams(cursor));
      for (const gone of await this.#db.putTeams(items)) await this.lose(gone);
      this.#show(items, false);
      for (const item of items) this.#patchOpen(item);
    } catch (error) {
      const quiet = error instanceof Offline && !this.view.get().empty;
      this.view.update((view) => ({ ...view, loading: false, error: quiet ? null : sentenceOf(error) }));
    }
  }

  team(id: Id): Readable<TeamView> {
    let signal = this.#open.get(id);
    if (!signal) {
      signal = new Signal(nothing);
      this.#open.set(id, signal);
      this.#readAt.set(id, Date.now());
      background(this.#openTeam(id));
    } else if (Date.now() - (this.#readAt.get(id) ?? 0) > AGAIN_MS) background(this.refreshTeam(id));
    return signal;
  }

  async #openTeam(id: Id): Promise<void> {
    const stored = (await this.#db.teams()).find((team) => team.id === id);
    if (stored?.details) this.#tell(id, { team: stored.details });
    await this.refreshTeam(id);
  }

  async refreshTeam(id: Id): Promise<void> {
    this.#readAt.set(id, Date.now());
    try {
      const team = await this.#api.team(id);
      await this.#db.putTeam(team);
      this.#tell(id, { team, loading: false, missing: false, error: null });
      this.#putItem(team);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.#missing(id);
      const known = this.#open.get(id)?.get().team;
      this.#tell(id, { loading: false, error: known ? null : sentenceOf(error) });
    }
  }

  async #missing(id: Id): Promise<void> {
    if (this.item(id)) await this.lose(id);
    this.#tell(id, { team: null, loading: false, missing: true, error: null });
  }

  item(id: Id): TeamItem | undefined {
    return this.view.get().items.find((item) => item.id === id);
  }

  ofChannel(channel: Id): TeamItem | undefined {
    return this.view.get().items.find((item) => item.channels.some((one) => one.id === channel));
  }

  channelOf(team: Id, kind: ChannelKind): Id | null {
    return this.item(team)?.channels.find((one) => one.kind === kind)?.id ?? null;
  }

  /** One no longer belongs: it leaves the screen, the memory and the device. What was written stays. */
  async lose(id: Id): Promise<void> {
    const item = this.item(id);
    await this.#db.dropTeam(id);
    this.#onLost(id);
    if (item) {
      const lost: LostTeam = { team_id: id, name: patientName(item.patient), at: new Date().toISOString() };
      this.lost.update((list) => [lost, ...list.filter((one) => one.team_id !== id)]);
    }
    this.view.update((view) => ({ ...view, items: view.items.filter((one) => one.id !== id) }));
    this.#tell(id, { team: null, loading: false, missing: true });
  }

  forgetLost(id: Id): void {
    this.lost.update((list) => list.filter((one) => one.team_id !== id));
  }

  /** False for a channel of a circle not known yet. */
  setUnread(channel: Id, unread: number, last_at: Instant | null | undefined): boolean {
    return this.#change(channel, (one) => ({ ...one, unread, last_at: last_at === undefined ? one.last_at : last_at }));
  }

  bump(channel: Id, at: Instant, unread: boolean): void {
    this.#change(channel, (one) => ({ ...one, unread: one.unread + (unread ? 1 : 0), last_at: at }));
  }

  #change(channel: Id, change: (one: ChannelItem) => ChannelItem): boolean {
    const item = this.ofChannel(channel);
    if (!item) return false;
    const channels = item.channels.map((one) => (one.id === channel ? change(one) : one));
    this.#putItem({ ...item, ...totals(channels) });
    return true;
  }

  #putItem(team: TeamItem | Team): void {
    const { members: _members, my: _my, ...item } = team as Team;
    const others = this.view.get().items.filter((one) => one.id !== item.id);
    this.#show([...others, item], false);
    this.#patchOpen(item);
  }

  #show(items: TeamItem[], empty: boolean): void {
    const sorted = [...items].sort((a, b) => (b.last_at ?? '').localeCompare(a.last_at ?? ''));
    this.view.set({ items: sorted, loading: empty, empty, error: null });
  }

  #patchOpen(item: TeamItem): void {
    const team = this.#open.get(item.id)?.get().team;
    if (team) this.#tell(item.id, { team: { ...team, ...item } });
  }

  #tell(id: Id, change: Partial<TeamView>): void {
    this.#open.get(id)?.update((view) => ({ ...view, ...change }));
  }
}

function totals(channels: ChannelItem[]): Pick<TeamItem, 'channels' | 'unread' | 'last_at'> {
  const last = channels.map((one) => one.last_at ?? '').sort().at(-1);
  return { channels, unread: channels.reduce((sum, one) => sum + one.unread, 0), last_at: last || null };
}
