// A conversation as a set of (id, revision): whatever arrives, however often and late, the newest stays.

import { equal } from './equal';
import type { Id, Instant, Message } from './types';

/** The newer of two, the known one when nothing is new; what is personal is never in a frame, so it survives one. */
export function newer(known: Message | undefined, incoming: Message): Message {
  if (!known) return incoming;
  if (incoming.revision < known.revision) return known;
  const next = {
    ...incoming,
    replies: incoming.replies === undefined ? known.replies : incoming.replies,
    receipts: incoming.receipts === undefined ? known.receipts : incoming.receipts,
  };
  return equal(known, next) ? known : next;
}

/** The server's order: when it took them, then their id. */
export function byTime(a: Message, b: Message): number {
  return compareInstants(a.created_at, b.created_at) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** To the last digit the server gives; a Date stops at milliseconds. */
export function compareInstants(a: Instant, b: Instant): number {
  const difference = Date.parse(a) - Date.parse(b);
  if (difference !== 0) return difference;
  const [x, y] = [fraction(a), fraction(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function fraction(at: Instant): string {
  return (/\.(\d+)/.exec(at)?.[1] ?? '').padEnd(9, '0');
}

/** The list when these are no longer for us: an answer to one of them stands alone, as the server tells it. */
export function without(list: readonly Message[], ids: readonly Id[]): Message[] {
  return list.filter((message) => !ids.includes(message.id)).map((message) => alone(message, ids));
}

export function alone(message: Message, ids: readonly Id[]): Message {
  return message.thread_id !== null && ids.includes(message.thread_id) ? { ...message, thread_id: null } : message;
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
 * Of what was known before asking, what should no longer be, once the server answered a page of the newest:
 * what is not in it and not older than it (older counts too when the page is the last).
 */
export function gone(known: readonly Message[], page: readonly Message[], last: boolean): Message[] {
  const ids = new Set(page.map((message) => message.id));
  const oldest = [...page].sort(byTime)[0];
  return known.filter((message) => {
    if (ids.has(message.id)) return false;
    return last || (oldest !== undefined && byTime(message, oldest) >= 0);
  });
}

/**
 * The root with one more reply counted. A count read over REST may include it already: only a later one adds,
 * or one of the same instant when it is new here.
 */
export function withReply(root: Message, reply: Message, news: { fresh: boolean; foreign: boolean }): Message {
  const known = root.replies ?? { count: 0, unread: 0, last_at: '', authors: [] };
  const order = known.last_at ? compareInstants(reply.created_at, known.last_at) : 1;
  if (order < 0 || (order === 0 && !news.fresh)) return root;
  const name = reply.author.display_name;
  const replies = {
    count: known.count + 1,
    unread: known.unread + (news.foreign ? 1 : 0),
    last_at: reply.created_at,
    authors: known.authors.includes(name) ? known.authors : [...known.authors, name],
  };
  return { ...root, replies };
}
