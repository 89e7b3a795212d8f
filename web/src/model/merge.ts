// A conversation as a set of (id, revision): whatever arrives, however often and late, the newest stays.

import type { Message } from './types';

/** The newer of two; what is personal is never in a frame, so it survives one. */
export function newer(known: Message | undefined, incoming: Message): Message {
  if (!known) return incoming;
  if (incoming.revision < known.revision) return known;
  return {
    ...incoming,
    replies: incoming.replies === undefined ? known.replies : incoming.replies,
    receipts: incoming.receipts === undefined ? known.receipts : incoming.receipts,
  };
}

/** The server's order: when it took them, then their id. */
export function byTime(a: Message, b: Message): number {
  const at = instant(a.created_at) - instant(b.created_at);
  if (at !== 0 && !Number.isNaN(at)) return at;
  // Below a millisecond only the text tells.
  if (a.created_at.length === b.created_at.length && a.created_at !== b.created_at) {
    return a.created_at < b.created_at ? -1 : 1;
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function instant(at: string): number {
  return Date.parse(at);
}

/** The list with these in it, in order; the same list when nothing changed. */
export function merge(list: readonly Message[], incoming: readonly Message[]): Message[] {
  if (incoming.length === 0) return list as Message[];
  const byId = new Map(list.map((message) => [message.id, message]));
  let changed = false;
  for (const message of incoming) {
    const known = byId.get(message.id);
    const kept = newer(known, message);
    if (kept === known) continue;
    byId.set(message.id, kept);
    changed = true;
  }
  return changed ? [...byId.values()].sort(byTime) : (list as Message[]);
}

/**
 * What is known and should no longer be, after the server answered a page of the newest: between the page's
 * oldest and its newest (or anything older too, when the page is the last) and not in it.
 */
export function gone(known: readonly Message[], page: readonly Message[], last: boolean, askedAt: number): Message[] {
  const ids = new Set(page.map((message) => message.id));
  const sorted = [...page].sort(byTime);
  const oldest = sorted[0];
  const newest = sorted.at(-1);
  return known.filter((message) => {
    if (ids.has(message.id)) return false;
    if (!last && (!oldest || byTime(message, oldest) < 0)) return false;
    // Later than the whole page: it may have arrived while the page was on its way.
    return newest ? byTime(message, newest) <= 0 : instant(message.created_at) < askedAt;
  });
}
