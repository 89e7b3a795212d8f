// Looking something up: what was asked last stays, so that coming back from a note finds the list again. Nothing of it is in an
// address or on the device.

import { Signal } from '../model/signal';
import type { CategoryCode, Found, Id } from '../model/types';
import type { Api } from './api';
import { sentenceOf } from './sentences';

export type FoundKind = Found['kind'];

export interface SearchQuery {
  q: string;
  team: Id | null;
  category: CategoryCode | null;
  kind: FoundKind | null;
  /** Days back from now; 0 is everything. */
  days: number;
}

export interface SearchView {
  query: SearchQuery;
  items: Found[];
  next: string | null;
  /** False: the newest notes may be missing; a moment later they are there. */
  complete: boolean;
  /** What `items` answer to; null before the first answer. */
  asked: SearchQuery | null;
  loading: boolean;
  error: string | null;
}

export const noQuery: SearchQuery = { q: '', team: null, category: null, kind: null, days: 0 };
const nothing: SearchView = { query: noQuery, items: [], next: null, complete: true, asked: null, loading: false, error: null };
const PAUSE_MS = 250;
const DAY = 86_400_000;

export class Search {
  readonly view = new Signal<SearchView>(nothing);
  readonly #api: Pick<Api, 'search'>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;

  constructor(api: Pick<Api, 'search'>) {
    this.#api = api;
  }

  /** Asks a quarter of a second after the last change. */
  set(change: Partial<SearchQuery>): void {
    const query = { ...this.view.get().query, ...change };
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (query.q.trim() === '') {
      this.view.set({ ...nothing, query });
      return;
    }
    this.view.update((view) => ({ ...view, query, loading: true, error: null }));
    this.#timer = setTimeout(() => void this.ask(), PAUSE_MS);
  }

  /** Asks now, for instance again after a fault. */
  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    const { query } = this.view.get();
    await this.#read(query, undefined, (answer) => ({ items: answer.items, asked: query }));
  }

  async more(): Promise<void> {
    const { asked, next, items, loading } = this.view.get();
    if (!asked || !next || loading) return;
    await this.#read(asked, next, (answer) => ({ items: [...items, ...answer.items] }));
  }

  /** What was found before and is no longer for this person leaves the list. */
  keep(stays: (found: Found) => boolean): void {
    this.view.update((view) => ({ ...view, items: view.items.filter(stays) }));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  async #read(
    query: SearchQuery,
    cursor: string | undefined,
    keep: (answer: { items: Found[] }) => Partial<SearchView>,
  ): Promise<void> {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.view.update((view) => ({ ...view, loading: true, error: null }));
    try {
      const answer = await this.#api.search({ ...params(query), cursor }, asking.signal);
      if (asking.signal.aborted) return;
      const { next, complete } = answer;
      this.view.update((view) => ({ ...view, ...keep(answer), next, complete, loading: false }));
    } catch (error) {
      if (asking.signal.aborted) return;
      this.view.update((view) => ({ ...view, loading: false, error: sentenceOf(error) }));
    }
  }
}

function params({ q, team, category, kind, days }: SearchQuery) {
  const from = days > 0 ? new Date(Date.now() - days * DAY).toISOString() : undefined;
  return { q: q.trim(), team: team ?? undefined, category: category ?? undefined, kind: kind ?? undefined, from };
}
