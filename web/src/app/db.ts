// What this device keeps of one account. The cursor moves in the transaction that stores what it covers.

import { deleteDB, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { alone, byTime, newer } from '../model/merge';
import type { Id, Message, ReceiptState, Team, TeamItem } from '../model/types';
import { byQueue, sameContent, withoutDocument } from './queue';
import type { Draft, OutboxItem } from './shapes';
import { type Change, create, type Meta, type Schema, type StoredAudience, type StoredChannel, type StoredFile, type StoredTeam } from './schema';

export type { Change, StoredChannel } from './schema';

const VERSION = 2;
export const databaseName = (account: Id) => `liaison-${account}`;

export class Db {
  readonly #db: IDBPDatabase<Schema>;

  private constructor(db: IDBPDatabase<Schema>) {
    this.#db = db;
  }

  /** `onLost`: another tab signed out, or the browser dropped the storage. */
  static async open(account: Id, onLost: () => void = () => {}): Promise<Db> {
    const db = await openDB<Schema>(databaseName(account), VERSION, {
      upgrade: create,
      blocking: (_current, _wanted, event) => {
        (event.target as IDBDatabase).close();
        onLost();
      },
      terminated: onLost,
    });
    return new Db(db);
  }

  static async wipe(account: Id): Promise<void> {
    await deleteDB(databaseName(account));
  }

  close(): void {
    this.#db.close();
  }

  async meta<K extends keyof Meta>(key: K): Promise<Meta[K] | undefined> {
    return (await this.#db.get('meta', key)) as Meta[K] | undefined;
  }
  async setMeta<K extends keyof Meta>(key: K, value: Meta[K]): Promise<void> {
    await this.#db.put('meta', value, key);
  }

  teams(): Promise<StoredTeam[]> {
    return this.#db.getAll('teams');
  }
  channels(): Promise<StoredChannel[]> {
    return this.#db.getAll('channels');
  }
  message(id: Id): Promise<Message | undefined> {
    return this.#db.get('messages', id);
  }
  async messages(channel: Id): Promise<Message[]> {
    return (await this.#db.getAllFromIndex('messages', 'channel', channel)).sort(byTime);
  }

  async thread(root: Id): Promise<Message[]> {
    return (await this.#db.getAllFromIndex('messages', 'thread', root)).sort(byTime);
  }
  channel(id: Id): Promise<StoredChannel | undefined> {
    return this.#db.get('channels', id);
  }
  async knownIds(ids: Id[]): Promise<Set<Id>> {
    const tx = this.#db.transaction('messages');
    const keys = await Promise.all(ids.map((id) => tx.store.getKey(id)));
    return new Set(keys.filter((key) => key !== undefined));
  }

  /** The list as the server gave it; details known before stay. Answers the ids that are no longer in it. */
  async putTeams(items: TeamItem[]): Promise<Id[]> {
    const tx = this.#db.transaction(['teams', 'channels', 'meta'], 'readwrite');
    const known = new Map((await tx.objectStore('teams').getAll()).map((team) => [team.id, team]));
    for (const item of items) {
      const details = known.get(item.id)?.details ?? null;
      await tx.objectStore('teams').put({ id: item.id, item, details: details && { ...details, ...item } });
      await putChannels(tx.objectStore('channels'), item);
      known.delete(item.id);
    }
    await tx.objectStore('meta').put(true, 'teams_known');
    await tx.done;
    return [...known.keys()];
  }

  async putTeam(team: Team): Promise<void> {
    const tx = this.#db.transaction(['teams', 'channels'], 'readwrite');
    const { members: _members, my: _my, ...item } = team;
    await tx.objectStore('teams').put({ id: team.id, item, details: team });
    await putChannels(tx.objectStore('channels'), team);
    await tx.done;
  }

  /** Everything of a circle goes, except what this person has written and not sent. */
  async dropTeam(team: Id): Promise<void> {
    const tx = this.#db.transaction(['teams', 'channels', 'messages', 'audiences'], 'readwrite');
    await tx.objectStore('teams').delete(team);
    for (const channel of await tx.objectStore('channels').index('team').getAllKeys(team)) {
      await removeAll(tx.objectStore('messages').index('channel'), channel);
      await tx.objectStore('channels').delete(channel);
    }
    await removeAll(tx.objectStore('audiences').index('team'), team);
    await tx.done;
  }

  /** All or nothing, cursor included. Answers the messages as they now are. */
  async apply(change: Change): Promise<Message[]> {
    const tx = this.#db.transaction(['messages', 'channels', 'outbox', 'files', 'meta'], 'readwrite');
    try {
      const kept = await write(tx, change);
      await tx.done;
      return kept;
    } catch (error) {
      // A value that cannot be stored throws without undoing what went before it.
      tx.done.catch(() => {});
      abort(tx);
      throw error;
    }
  }

  async forgetCursor(): Promise<void> {
    await this.#db.delete('meta', 'cursor');
  }

  async outbox(): Promise<OutboxItem[]> {
    return (await this.#db.getAll('outbox')).sort(byQueue);
  }

  /** Adds, unless it is there or already sent, and clears the draft it comes from. */
  async queue(item: OutboxItem, draft: { key: string; id: Id }): Promise<'queued' | 'same' | 'taken'> {
    const tx = this.#db.transaction(['outbox', 'messages', 'drafts'], 'readwrite');
    const waiting = (await tx.objectStore('outbox').get(item.id))?.body;
    const known = waiting ?? (await tx.objectStore('messages').get(item.id));
    if (known && !sameContent(known, item.body)) {
      await tx.done;
      return 'taken';
    }
    if (!known) await tx.objectStore('outbox').put(item);
    const kept = await tx.objectStore('drafts').get(draft.key);
    if (kept?.id === draft.id) await tx.objectStore('drafts').delete(draft.key);
    await tx.done;
    return known ? 'same' : 'queued';
  }

  /** Changes an item that is still there; a vanished one stays gone. */
  async changeItem(id: Id, change: Partial<OutboxItem>): Promise<OutboxItem | null> {
    const tx = this.#db.transaction('outbox', 'readwrite');
    const item = await tx.store.get(id);
    const next = item ? { ...item, ...change } : null;
    if (next) await tx.store.put(next);
    await tx.done;
    return next;
  }

  /** Not while it is on its way. */
  async removeItem(id: Id): Promise<void> {
    const tx = this.#db.transaction(['outbox', 'files'], 'readwrite');
    const item = await tx.objectStore('outbox').get(id);
    if (item && item.state !== 'sending') {
      for (const { file } of item.documents ?? []) await tx.objectStore('files').delete(file);
      await tx.objectStore('outbox').delete(id);
    }
    await tx.done;
  }

  /** One file less; a note that has nothing else goes with it. */
  async itemWithoutDocument(id: Id, document: Id): Promise<void> {
    const tx = this.#db.transaction(['outbox', 'files'], 'readwrite');
    const item = await tx.objectStore('outbox').get(id);
    const dropped = item?.documents?.find((one) => one.id === document);
    if (item && dropped && item.state === 'refused') {
      const rest = withoutDocument(item, document);
      await tx.objectStore('files').delete(dropped.file);
      if (rest) await tx.objectStore('outbox').put(rest);
      else await tx.objectStore('outbox').delete(id);
    }
    await tx.done;
  }

  /** A refused text becomes a draft again. */
  async itemToDraft(id: Id, draft: Draft & { key: string }): Promise<void> {
    const tx = this.#db.transaction(['outbox', 'drafts'], 'readwrite');
    await tx.objectStore('outbox').delete(id);
    await tx.objectStore('drafts').put(draft);
    await tx.done;
  }

  drafts(): Promise<(Draft & { key: string })[]> {
    return this.#db.getAll('drafts');
  }
  draft(key: string): Promise<(Draft & { key: string }) | undefined> {
    return this.#db.get('drafts', key);
  }
  async putDraft(draft: Draft & { key: string }): Promise<void> {
    await this.#db.put('drafts', draft);
  }
  async removeDraft(key: string): Promise<void> {
    const tx = this.#db.transaction(['drafts', 'files'], 'readwrite');
    const draft = await tx.objectStore('drafts').get(key);
    for (const { file } of draft?.documents ?? []) await tx.objectStore('files').delete(file);
    await tx.objectStore('drafts').delete(key);
    await tx.done;
  }

  /** One becomes part of another, once, whichever tab comes first. */
  async joinDraft(from: string, to: string, join: (one: Draft, other: Draft | undefined) => Draft): Promise<void> {
    const tx = this.#db.transaction('drafts', 'readwrite');
    const [one, other] = await Promise.all([tx.store.get(from), tx.store.get(to)]);
    if (one) {
      await tx.store.delete(from);
      await tx.store.put({ ...join(one, other), key: to });
    }
    await tx.done;
  }

  async putFile(stored: StoredFile): Promise<void> {
    await this.#db.put('files', stored);
  }
  async file(id: Id): Promise<Blob | null> {
    return (await this.#db.get('files', id))?.blob ?? null;
  }
  async removeFiles(ids: Id[]): Promise<void> {
    const tx = this.#db.transaction('files', 'readwrite');
    for (const id of ids) await tx.store.delete(id);
    await tx.done;
  }
  /** Those older than `before` that nothing names. */
  async sweepFiles(before: string): Promise<void> {
    const tx = this.#db.transaction(['drafts', 'outbox', 'files'], 'readwrite');
    const drafts = await tx.objectStore('drafts').getAll();
    const items = await tx.objectStore('outbox').getAll();
    const named = new Set([...drafts, ...items].flatMap((one) => (one.documents ?? []).map(({ file }) => file)));
    let cursor = await tx.objectStore('files').openCursor();
    while (cursor) {
      if (cursor.value.at < before && !named.has(cursor.key)) await cursor.delete();
      cursor = await cursor.continue();
    }
    await tx.done;
  }

  audience(key: string): Promise<StoredAudience | undefined> {
    return this.#db.get('audiences', key);
  }
  async putAudience(stored: StoredAudience): Promise<void> {
    await this.#db.put('audiences', stored);
  }

  /** Those the server does not know yet. */
  async receipts(): Promise<{ message_id: Id; state: ReceiptState }[]> {
    const waiting = await this.#db.getAllFromIndex('receipts', 'waiting', 1);
    return waiting.map(({ message_id, state }) => ({ message_id, state }));
  }
  /** « Lu » includes « remis »: the stronger one stays. */
  async putReceipts(ids: Id[], state: ReceiptState): Promise<void> {
    const tx = this.#db.transaction('receipts', 'readwrite');
    for (const message_id of ids) {
      const known = (await tx.store.get(message_id))?.state;
      if (known !== 'seen' && known !== state) await tx.store.put({ message_id, state, waiting: 1 });
    }
    await tx.done;
  }
  async receiptsTold(items: { message_id: Id; state: ReceiptState }[]): Promise<void> {
    const tx = this.#db.transaction('receipts', 'readwrite');
    for (const { message_id, state } of items) {
      const known = await tx.store.get(message_id);
      if (known?.state === state) await tx.store.put({ message_id, state });
    }
    await tx.done;
  }
}

type ChangeTransaction = IDBPTransaction<Schema, ('messages' | 'channels' | 'outbox' | 'files' | 'meta')[], 'readwrite'>;

async function write(tx: ChangeTransaction, change: Change): Promise<Message[]> {
  const messages = tx.objectStore('messages');
  for (const channel of change.reset ?? []) {
    await removeAll(messages.index('channel'), channel);
    const known = await tx.objectStore('channels').get(channel);
    if (known) await tx.objectStore('channels').put({ ...known, loaded: false, older: null, floor: null });
  }
  for (const id of change.removed ?? []) {
    await messages.delete(id);
    for (const answer of await messages.index('thread').getAll(id)) await messages.put(alone(answer, [id]));
  }
  const kept: Message[] = [];
  for (const message of change.messages ?? []) {
    const now = newer(await messages.get(message.id), message);
    await messages.put(now);
    kept.push(now);
  }
  for (const id of change.sent ?? []) {
    const item = await tx.objectStore('outbox').get(id);
    for (const { file } of item?.documents ?? []) await tx.objectStore('files').delete(file);
    await tx.objectStore('outbox').delete(id);
  }
  if (change.channel) await tx.objectStore('channels').put(change.channel);
  if (change.cursor !== undefined) await tx.objectStore('meta').put(change.cursor, 'cursor');
  return kept;
}

function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // It had ended by itself.
  }
}

interface ChannelStore {
  get(id: Id): Promise<StoredChannel | undefined>;
  put(channel: StoredChannel): Promise<unknown>;
}

async function putChannels(store: ChannelStore, item: TeamItem): Promise<void> {
  for (const { id, kind } of item.channels) {
    const known = await store.get(id);
    if (!known) await store.put({ id, team_id: item.id, kind, loaded: false, older: null, floor: null });
  }
}

interface Cursors {
  openCursor(key: Id): Promise<{ delete(): Promise<void>; continue(): Promise<unknown> } | null>;
}

async function removeAll(index: Cursors, key: Id): Promise<void> {
  let cursor = await index.openCursor(key);
  while (cursor) {
    await cursor.delete();
    cursor = (await cursor.continue()) as typeof cursor;
  }
}
