// The measures of one circle: read when they are looked at, and again when a note may have brought one.

import type { Measured } from '../model/series';
import { Signal } from '../model/signal';
import type { Id } from '../model/types';
import type { Api } from './api';
import { sentenceOf } from './sentences';

export interface MeasuresView {
  measured: Measured | null;
  loading: boolean;
  error: string | null;
}

const DAY = 86_400_000;

export class Measures {
  readonly view = new Signal<MeasuresView>({ measured: null, loading: true, error: null });
  readonly #api: Pick<Api, 'measures'>;
  readonly #team: Id;
  #asked = 0;

  constructor(api: Pick<Api, 'measures'>, team: Id) {
    this.#api = api;
    this.#team = team;
  }

  /** `days` back from now; 0 is everything. A later question makes an earlier answer void. */
  async read(days: number): Promise<void> {
    const asked = ++this.#asked;
    this.view.update((view) => ({ ...view, loading: true }));
    try {
      const from = days > 0 ? new Date(Date.now() - days * DAY).toISOString() : undefined;
      const measured = await this.#api.measures(this.#team, { from });
      if (asked === this.#asked) this.view.set({ measured, loading: false, error: null });
    } catch (error) {
      if (asked === this.#asked) this.view.update((view) => ({ ...view, loading: false, error: sentenceOf(error) }));
    }
  }
}
