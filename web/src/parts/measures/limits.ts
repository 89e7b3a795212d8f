// The thresholds of the dossier one is in, for whatever shows or takes a measure there.

import { getContext, setContext } from 'svelte';
import type { Threshold } from '../../model/series';

const key = Symbol('limits');

export function setLimits(now: () => Threshold[]): void {
  setContext(key, now);
}

export function getLimits(): () => Threshold[] {
  return getContext<(() => Threshold[]) | undefined>(key) ?? (() => []);
}
