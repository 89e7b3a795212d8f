// Emergency accesses that this person has to follow up, over all her circles, and her own that are open.

import { Signal } from '../model/signal';
import type { DueEmergency, Emergency } from '../model/types';
import type { Api } from './api';

export class Emergencies {
  readonly due = new Signal<DueEmergency[]>([]);
  readonly #api: Pick<Api, 'emergenciesDue'>;
  #reading: Promise<void> | null = null;

  constructor(api: Pick<Api, 'emergenciesDue'>) {
    this.#api = api;
  }

  /** Several asking at once get one reading; what cannot be read now stays as it was. */
  refresh(): Promise<void> {
    this.#reading ??= this.#api
      .emergenciesDue()
      .then(({ items }) => this.due.set(items))
      .catch(() => {})
      .finally(() => (this.#reading = null));
    return this.#reading;
  }
}

/** Whether somebody has still to tell the patient, or to judge the access. */
export function followUp(one: Emergency): ('inform' | 'review')[] {
  return [...(one.informed ? [] : (['inform'] as const)), ...(one.may_review ? (['review'] as const) : [])];
}
