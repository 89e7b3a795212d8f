// Alerts: what asks this person, what became of it, and that she is told at once while the page is open.

import { derived, type Readable, Signal } from '../model/signal';
import type { Alert, ChangeEvent, Id, Professional } from '../model/types';
import { all, type Api } from './api';
import { background } from './background';
import { ApiError } from './http';
import { sentenceOf } from './sentences';

export interface AlertsView {
  open: Alert[];
  ended: Alert[];
  next: string | null;
  loading: boolean;
  error: string | null;
}

export interface AlertsOptions {
  api: Pick<Api, 'alerts' | 'alert' | 'alertOf' | 'takers' | 'acknowledge' | 'alertShown' | 'alertSeen'>;
  me: Id;
  /** The page is in sight: only then was an alert shown. */
  visible: () => boolean;
  /** Something new asks this person. */
  ring: () => void;
  /** How many ask, for the badge of the app's icon. */
  badge: (count: number) => void;
}

export class Alerts {
  readonly view = new Signal<AlertsView>({ open: [], ended: [], next: null, loading: true, error: null });
  /** Those that ask me now, the oldest first: it has waited longest. */
  readonly asking: Readable<Alert[]> = derived([this.view], () => this.view.get().open.filter((one) => one.mine));
  readonly #o: AlertsOptions;
  readonly #ofMessage = new Map<Id, Signal<Alert | null>>();
  /** The last ring told of each, so that a repeated one is told again. */
  readonly #announced = new Map<Id, string>();
  readonly #opened = new Set<Id>();
  #reading: Promise<void> | null = null;
  #closed = false;

  constructor(options: AlertsOptions) {
    this.#o = options;
  }

  /** The open ones; several asking at once get one reading. */
  refresh(): Promise<void> {
    this.#reading ??= this.#refresh().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #refresh(): Promise<void> {
    this.view.update((view) => ({ ...view, loading: true }));
    try {
      const open = await all((cursor) => this.#o.api.alerts('open', cursor));
      if (this.#closed) return;
      for (const alert of open) this.#tell(alert);
      this.view.update((view) => ({ ...view, open: open.filter((one) => this.#concerns(one)).sort(byAge), loading: false, error: null }));
      this.#announce();
    } catch (error) {
      this.view.update((view) => ({ ...view, loading: false, error: sentenceOf(error) }));
    }
  }

  /** What has ended, newest first, a page more at each call. */
  async ended(more = false): Promise<void> {
    try {
      const { next, ended } = this.view.get();
      const page = await this.#o.api.alerts('ended', more ? (next ?? undefined) : undefined);
      const items = page.items.filter((one) => this.#concerns(one));
      this.view.update((view) => ({ ...view, ended: more ? [...ended, ...items] : items, next: page.next, error: null }));
    } catch (error) {
      this.view.update((view) => ({ ...view, error: sentenceOf(error) }));
    }
  }

  /** The alert a note raised; null until known, or when there is none. */
  of(message: Id): Readable<Alert | null> {
    let signal = this.#ofMessage.get(message);
    if (!signal) {
      this.#ofMessage.set(message, (signal = new Signal<Alert | null>(null)));
      background(this.#readOf(message, signal));
    }
    return signal;
  }

  /** One by its id; null when it is not there for us, or cannot be asked now. */
  async one(id: Id): Promise<Alert | null> {
    try {
      const alert = await this.#o.api.alert(id);
      this.#keep(alert);
      return alert;
    } catch {
      return null;
    }
  }

  /** The note of an alert that asks me is in front of me. */
  opened(alert: Alert): void {
    if (!this.#o.visible() || this.#opened.has(alert.id)) return;
    this.#opened.add(alert.id);
    background(this.#o.api.alertSeen(alert.id).catch(() => void this.#opened.delete(alert.id)));
  }

  /** The server says that something happened to an alert. */
  heard(event: ChangeEvent): void {
    const about = event.alert;
    if (!about || this.#closed) return;
    background(this.#read(about.id));
  }

  /** Their notes are no longer for this person. */
  forget(messages: Id[]): void {
    const stays = (one: Alert) => !messages.includes(one.message_id);
    this.view.update((view) => ({ ...view, open: view.open.filter(stays), ended: view.ended.filter(stays) }));
    for (const id of messages) this.#ofMessage.delete(id);
    this.#announce();
  }

  /** The page came into sight: what asks has now been shown. */
  seen(): void {
    for (const alert of this.asking.get()) background(this.#shown(alert));
  }

  /** To whom it can be handed over, in alerting order. Throws ApiError or Offline. */
  async takers(alert: Id): Promise<Professional[]> {
    return (await this.#o.api.takers(alert)).items.map((one) => one.professional);
  }

  /** Throws ApiError (alert_ended, …) or Offline; what is known is brought up to date either way. */
  async acknowledge(alert: Id, outcome: 'taken' | 'handed_over', to?: Id): Promise<void> {
    try {
      this.#keep(await this.#o.api.acknowledge(alert, outcome, to));
    } catch (error) {
      await this.#read(alert).catch(() => {});
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#o.badge(0);
  }

  async #read(id: Id): Promise<void> {
    try {
      this.#keep(await this.#o.api.alert(id));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      this.view.update((view) => ({ ...view, open: view.open.filter((one) => one.id !== id), ended: view.ended.filter((one) => one.id !== id) }));
    }
  }

  async #readOf(message: Id, signal: Signal<Alert | null>): Promise<void> {
    try {
      signal.set(await this.#o.api.alertOf(message));
    } catch {
      // None, or not readable now; a frame tells when there is one.
    }
  }

  #keep(alert: Alert): void {
    if (this.#closed) return;
    this.#tell(alert);
    this.view.update((view) => {
      const open = view.open.filter((one) => one.id !== alert.id);
      const ended = view.ended.filter((one) => one.id !== alert.id);
      if (!this.#concerns(alert)) return { ...view, open, ended };
      return alert.state === 'open' ? { ...view, open: [...open, alert].sort(byAge), ended } : { ...view, open, ended: [alert, ...ended] };
    });
    this.#announce();
  }

  /** Asked of me, or raised by me: what others were asked is beside their note, not in my list. */
  #concerns(alert: Alert): boolean {
    const me = this.#o.me;
    return alert.mine || alert.raised_by.id === me || alert.steps.some((step) => step.professional.id === me);
  }

  #tell(alert: Alert): void {
    const signal = this.#ofMessage.get(alert.message_id);
    if (signal) signal.set(alert);
    else this.#ofMessage.set(alert.message_id, new Signal<Alert | null>(alert));
  }

  #announce(): void {
    const asking = this.asking.get();
    this.#o.badge(asking.length);
    const fresh = asking.filter((one) => this.#announced.get(one.id) !== this.#rungAt(one));
    // Taken and handed over again, it is news again.
    this.#announced.clear();
    for (const one of asking) this.#announced.set(one.id, this.#rungAt(one));
    if (fresh.length === 0) return;
    this.#o.ring();
    if (this.#o.visible()) for (const one of fresh) background(this.#shown(one));
  }

  #rungAt(alert: Alert): string {
    const mine = alert.steps.find((step) => step.professional.id === this.#o.me);
    return mine?.repeated_at ?? mine?.asked_at ?? '';
  }

  async #shown(alert: Alert): Promise<void> {
    // Not said is at worst a ring too many.
    await this.#o.api.alertShown(alert.id).catch(() => {});
  }
}

const byAge = (a: Alert, b: Alert) => Date.parse(a.raised_at) - Date.parse(b.raised_at);
