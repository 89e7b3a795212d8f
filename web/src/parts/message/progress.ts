import type { Lang } from '../../model/dates';
import { when } from '../../model/dates';
import type { Receipt } from '../../model/types';
import type { Key, Params } from '../../i18n/texts';

/** How far a note got to one of its readers, in words. */
export function reached(one: Receipt, tr: (key: Key, params?: Params) => string, lang: Lang): string {
  if (one.seen_at) return tr('dossier.seen_at', { when: when(one.seen_at, lang) });
  return one.delivered_at ? tr('dossier.delivered_at', { when: when(one.delivered_at, lang) }) : tr('dossier.not_delivered');
}
