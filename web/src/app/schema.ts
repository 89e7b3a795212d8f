// The shape of what this device keeps.

import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type { Audience, Category, ChannelKind, Id, Instant, Me, Message, ReceiptState, Team, TeamItem } from '../model/types';
import type { Draft, OutboxItem } from './shapes';

export interface StoredTeam {
  id: Id;
  item: TeamItem;
  details: Team | null;
}

export interface StoredChannel {
  id: Id;
  team_id: Id;
  kind: ChannelKind;
  /** The newest page was read once: what is stored has no hole down to its oldest. */
  loaded: boolean;
  /** Where older messages continue; null when there are none. */
  older: string | null;
  /** The oldest of what has no hole; something older may be known (a thread opened by its address). */
  floor: Instant | null;
}

export interface StoredAudience {
  key: string;
  team_id: Id;
  audience: Audience;
  known_at: Instant;
}

/** Kept once told too, so that nothing is told again at each opening. */
export interface StoredReceipt {
  message_id: Id;
  state: ReceiptState;
  /** Only while the server does not know. */
  waiting?: 1;
}

/** Only what has not left yet: what others sent is never kept here. */
export interface StoredFile {
  file: Id;
  team_id: Id;
  blob: Blob;
  at: Instant;
}

export interface Schema extends DBSchema {
  teams: { key: Id; value: StoredTeam };
  channels: { key: Id; value: StoredChannel; indexes: { team: Id } };
  messages: { key: Id; value: Message; indexes: { channel: Id; thread: Id } };
  outbox: { key: Id; value: OutboxItem };
  drafts: { key: string; value: Draft & { key: string }; indexes: { team: Id } };
  files: { key: Id; value: StoredFile };
  audiences: { key: string; value: StoredAudience; indexes: { team: Id } };
  receipts: { key: Id; value: StoredReceipt; indexes: { waiting: number } };
  meta: { key: string; value: unknown };
}

export type Meta = { cursor: string; me: Me; categories: Category[]; teams_known: boolean; reads: Record<Id, Id> };

/** One change of messages: what came, what went, and up to where. */
export interface Change {
  messages?: Message[];
  removed?: Id[];
  /** Channels to read again from the start. */
  reset?: Id[];
  /** Own messages the server has now. */
  sent?: Id[];
  channel?: StoredChannel;
  cursor?: string;
}

type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>;

export async function create(db: IDBPDatabase<Schema>, from: number, _to: number | null, tx: Upgrade): Promise<void> {
  if (from < 1) first(db);
  db.createObjectStore('files', { keyPath: 'file' });
  const drafts = tx.objectStore('drafts');
  for (const draft of await drafts.getAll()) await drafts.put({ ...draft, documents: [] });
}

function first(db: IDBPDatabase<Schema>): void {
  db.createObjectStore('teams', { keyPath: 'id' });
  db.createObjectStore('channels', { keyPath: 'id' }).createIndex('team', 'team_id');
  const messages = db.createObjectStore('messages', { keyPath: 'id' });
  messages.createIndex('channel', 'channel_id');
  messages.createIndex('thread', 'thread_id');
  db.createObjectStore('outbox', { keyPath: 'id' });
  db.createObjectStore('drafts', { keyPath: 'key' }).createIndex('team', 'team_id');
  db.createObjectStore('audiences', { keyPath: 'key' }).createIndex('team', 'team_id');
  db.createObjectStore('receipts', { keyPath: 'message_id' }).createIndex('waiting', 'waiting');
  db.createObjectStore('meta');
}
