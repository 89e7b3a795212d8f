// What is said of a structure beside its name.

import type { tr as words } from '../../i18n';
import { shortDay } from '../../model/dates';
import type { Structure } from '../../model/types';

type Tr = ReturnType<(typeof words)['get']>;

/** « SSIAD, Saint-Aubain »; the kind is left out where the name begins with it. */
export function kindAndTown(tr: Tr, one: Structure): string {
  const kind = tr(`structures.kind_${one.kind}`);
  return [one.name.startsWith(kind) ? '' : kind, one.town ?? ''].filter(Boolean).join(', ');
}

/** « depuis le 02/09/2026, jusqu’au 31/12/2026 », « à partir du 01/12/2026 » */
export function times(tr: Tr, time: { from: string; until: string | null }, now: Date): string {
  const from = shortDay(time.from);
  const until = time.until ? shortDay(time.until) : '';
  if (time.until && new Date(time.until) <= now) return tr('structures.from_until', { from, until });
  if (new Date(time.from) > now) return until ? tr('structures.from_until', { from, until }) : tr('structures.from', { from });
  return until ? tr('structures.since_until', { from, until }) : tr('structures.since', { from });
}

/** As it begins a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
