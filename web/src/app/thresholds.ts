// The thresholds of the circles one looks at, in memory: without them a measure is shown all the same, only not flagged.

import type { Threshold } from '../model/series';
import { type Readable, Signal } from '../model/signal';
import type { Id } from '../model/types';
import type { Api } from './api';

export interface ThresholdsView {
  items: Threshold[];
  may_set: boolean;
}

const none: ThresholdsView = { items: [], may_set: false };

export class Thresholds {
  readonly #api: Pick<Api, 'thresholds' | 'setThresholds'>;
  readonly #open = new Map<Id, Signal<ThresholdsView>>();

  constructor(api: Pick<Api, 'thresholds' | 'setThresholds'>) {
    this.#api = api;
  }

  /** Watching reads them anew. */
  of(team: Id): Readable<ThresholdsView> {
    let signal = this.#open.get(team);
    if (!signal) this.#open.set(team, (signal = new Signal(none)));
    void this.#read(team, signal);
    return signal;
  }

  async set(team: Id, items: Threshold[]): Promise<void> {
    await this.#api.setThresholds(team, items);
    const signal = this.#open.get(team);
    if (signal) await this.#read(team, signal);
  }

  async #read(team: Id, signal: Signal<ThresholdsView>): Promise<void> {
    try {
      signal.set(await this.#api.thresholds(team));
    } catch {
      // Kept as known; the next watching asks again.
    }
  }
}
