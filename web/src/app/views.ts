// What a page is given of a conversation.

import { byTime } from '../model/merge';
import type { ChannelKind, Id, Message } from '../model/types';
import type { StoredChannel } from './schema';
import type { ChannelView, Entry, OutboxItem } from './shapes';

interface Shown {
  kind: ChannelKind;
  list: Message[];
  stored: StoredChannel | null;
}

export function entries(messages: Message[], waiting: OutboxItem[]): Entry[] {
  return [
    ...messages.map((message): Entry => ({ kind: 'message', message })),
    ...waiting.map((item): Entry => ({ kind: 'outbox', item })),
  ];
}

/** The main stream: no replies in a notebook, and nothing from beyond a hole. */
export function shown({ kind, list, stored }: Shown): Message[] {
  const floor = stored?.older != null && stored.floor ? Date.parse(stored.floor) : -Infinity;
  return list.filter((one) => (kind === 'discussion' || one.thread_id === null) && Date.parse(one.created_at) >= floor);
}

export function oldest(messages: Message[]): string | null {
  return [...messages].sort(byTime)[0]?.created_at ?? null;
}

export function blank(team_id: Id, channel_id: Id): ChannelView {
  return { channel_id, team_id, entries: [], more: false, empty: true, loading: true, error: null };
}
