import type { Fr } from '../fr';
import type { Like } from '../texts';

export const accesses: Like<Pick<Fr, 'accesses'>>['accesses'] = {
  intro: 'Who looked at this record, what was done in it, and what was refused. It does not say what the notes say. Reading it is recorded in it too.',
  not_yours: 'Only the lead professional reads the history of accesses.',
  person: 'Person',
  anybody: 'Everybody',
  kind: 'Access',
  any_kind: 'All accesses',
  kind_list: 'Seen in a list',
  kind_read: 'Reading',
  kind_search: 'Searches',
  kind_download: 'Documents opened',
  kind_write: 'Notes and documents sent',
  kind_circle: 'Identity, circle and the patient’s will',
  kind_alert: 'Alerts',
  kind_push: 'Notifications on a device',
  kind_refused: 'Refused accesses',
  refused: 'Refused',
  service: 'Liaison, by itself',
  between: '{first} to {last}',
  times: '{what} ({times} times)',
  more_things: { one: 'and something else', other: 'and {count} other things' },
  details: { one: 'See details', other: 'See the {count} accesses' },
  network: 'network {address}',
  older: 'Older accesses',
  none: 'No access in this period.',
};
