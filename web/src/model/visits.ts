// The history of accesses as a person reads it: who came to the dossier, from when to when, and what she did there.

import { dayKey } from './dates';
import type { Access, AccessKind, Professional } from './types';

/** What one person did in one go; refusals stand apart. */
export interface Visit {
  key: string;
  /** Null: the service itself. */
  who: Professional | null;
  refused: boolean;
  /** Only seen in a list, with others: the whole day makes one. */
  listed: boolean;
  /** Newest first. */
  items: Access[];
}

export interface VisitDay {
  day: string;
  visits: Visit[];
}

/** A pause longer than this begins another visit. */
const PAUSE = 15 * 60_000;

/** What tells most of a visit comes first. */
const ranks: AccessKind[] = ['refused', 'write', 'circle', 'download', 'read', 'search', 'alert', 'push', 'list'];

/** Reading notes tells more than what a page of the dossier reads besides. */
const ofNotes = new Set(['messages.list', 'thread.read', 'message.read', 'message.deliver']);

/** Groups accesses, newest first, by day and person; a visit stands where its last access does. */
export function visitsByDay(items: Access[]): VisitDay[] {
  const days: VisitDay[] = [];
  for (const item of items) {
    const day = dayKey(item.at);
    if (days.at(-1)?.day !== day) days.push({ day, visits: [] });
    const { visits } = days.at(-1)!;
    const last = visits.findLast((visit) => sameVisit(visit, item));
    if (last) last.items.push(item);
    else visits.push(begun(item));
  }
  return days;
}

function begun(item: Access): Visit {
  const who = item.professional;
  return { key: `${item.line} ${who?.id ?? ''}`, who, refused: item.refused, listed: item.kind === 'list', items: [item] };
}

function sameVisit(visit: Visit, item: Access): boolean {
  if (visit.who?.id !== item.professional?.id || visit.refused !== item.refused || visit.listed !== (item.kind === 'list')) return false;
  return visit.listed || Date.parse(visit.items.at(-1)!.at) - Date.parse(item.at) <= PAUSE;
}

export interface Said {
  what: string;
  times: number;
}

/** What was done in a visit, each thing once, what tells most first. */
export function saidOf(visit: Visit): Said[] {
  const said = new Map<string, Said & { rank: number }>();
  for (const { what, kind, verb } of visit.items) {
    const known = said.get(what);
    if (known) known.times++;
    else said.set(what, { what, times: 1, rank: ranks.indexOf(kind) + (ofNotes.has(verb) ? 0 : 0.5) });
  }
  return [...said.values()].sort((a, b) => a.rank - b.rank).map(({ what, times }) => ({ what, times }));
}
