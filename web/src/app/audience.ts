// Who will read what is being written: asked while one chooses, remembered with its hour for when there is no network.

import { Signal } from '../model/signal';
import type { Id } from '../model/types';
import type { Api } from './api';
import { background } from './background';
import type { Db } from './db';
import { Offline } from './http';
import { sentenceOf } from './sentences';
import type { AudienceQuery, AudienceView, ComposerAudience } from './shapes';

const PAUSE_MS = 250;
const unknown: AudienceView = { audience: null, known_at: null, stale: false, loading: true, error: null };

export const audienceKey = (team: Id, query: AudienceQuery) =>
  JSON.stringify([team, query.category, [...query.masks].sort(), [...query.only_to].sort(), query.thread_id ?? null, ...(query.types?.length ? [[...query.types].sort()] : [])]);

export class Audiences {
  readonly #db: Db;
  readonly #api: Api;

  constructor(db: Db, api: Api) {
    this.#db = db;
    this.#api = api;
  }

  open(team: Id): ComposerAudience {
    return new OpenAudience(team, this.#db, this.#api);
  }
}

class OpenAudience implements ComposerAudience {
  readonly state = new Signal<AudienceView>(unknown);
  readonly #team: Id;
  readonly #db: Db;
  readonly #api: Api;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;
  #key = '';

  constructor(team: Id, db: Db, api: Api) {
    this.#team = team;
    this.#db = db;
    this.#api = api;
  }

  set(query: AudienceQuery): void {
    const key = audienceKey(this.#team, query);
    this.#asking?.abort();
    clearTimeout(this.#timer);
    if (key !== this.#key) this.#remember(key);
    this.#timer = setTimeout(() => background(this.#ask(key, query)), PAUSE_MS);
  }

  close(): void {
    this.#key = '';
    this.#asking?.abort();
    clearTimeout(this.#timer);
  }

  /** Another choice has other readers: the former answer must not stand beside it. */
  #remember(key: string): void {
    this.#key = key;
    this.state.set(unknown);
    const remembered = this.#db.audience(key).then((known) => {
      if (key !== this.#key || !known || this.state.get().audience) return;
      const { audience, known_at } = known;
      this.state.update((view) => ({ ...view, audience, known_at, stale: true }));
    });
    background(remembered);
  }

  async #ask(key: string, query: AudienceQuery): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    this.state.update((view) => ({ ...view, loading: true }));
    try {
      const audience = await this.#api.audience(this.#team, query, asking.signal);
      const known_at = new Date().toISOString();
      if (key === this.#key) this.state.set({ audience, known_at, stale: false, loading: false, error: null });
      await this.#db.putAudience({ key, team_id: this.#team, audience, known_at });
    } catch (error) {
      if (asking.signal.aborted || key !== this.#key) return;
      const said = error instanceof Offline ? null : sentenceOf(error);
      this.state.update((view) => ({ ...view, stale: view.audience !== null, loading: false, error: said }));
    }
  }
}
