// What is written leaves from here: in order per channel, once, whatever dies in between.

import { newId } from '../model/ids';
import { type Readable, Signal } from '../model/signal';
import type { Id, Message, NewMessage } from '../model/types';
import { background } from './background';
import type { Db } from './db';
import { draftKey, type Drafts, toPlain } from './drafts';
import { ApiError, Offline } from './http';
import type { Draft, LocalDocument, OutboxFace, OutboxItem, UploadProgress } from './shapes';
import { backoff, type Tabs, type Turn } from './tabs';
import { DocumentRefused, type Uploads } from './uploads';

export interface OutboxOptions {
  db: Db;
  drafts: Drafts;
  tabs: Tabs;
  /** Only one tab sends at a time. */
  turn: Turn;
  /** Brings the files of a note before the note. */
  uploads: Pick<Uploads, 'deliver' | 'progress' | 'stop'>;
  send: (channel: Id, body: NewMessage) => Promise<Message>;
  /** Stores the answer and removes the item, in one transaction. */
  sent: (message: Message) => Promise<void>;
  random?: () => number;
}

const FIRST_MS = 1_000;
const MOST_MS = 60_000;

export class Outbox implements OutboxFace {
  readonly items = new Signal<OutboxItem[]>([]);
  readonly #o: OutboxOptions;
  /** Not before this time, by channel; and how often it failed. */
  readonly #later = new Map<Id, { at: number; tries: number; asked: boolean }>();
  readonly #deaf: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#o = options;
    this.#deaf = options.tabs.listen((news) => {
      if (news.type === 'outbox') background(this.load());
    });
  }

  get progress(): Readable<Record<Id, UploadProgress>> {
    return this.#o.uploads.progress;
  }

  async load(): Promise<void> {
    if (!this.#closed) this.items.set(await this.#o.db.outbox());
  }

  async post(draft: Draft): Promise<void> {
    const plain = toPlain(draft);
    const item = toItem(plain, this.#nextInstant());
    if (!(await this.#o.drafts.posting(plain))) return;
    try {
      await this.#queue(item, { key: draftKey(plain), id: plain.id });
    } catch (error) {
      this.#o.drafts.notPosted(plain);
      throw error;
    }
    await this.#o.drafts.load();
    await this.#changed();
    background(this.flush());
  }

  async #queue(item: OutboxItem, draft: { key: string; id: Id }): Promise<void> {
    const outcome = await this.#o.db.queue(item, draft);
    // The same draft left from another tab with other words: both count.
    const other = outcome === 'taken' ? renamed(item) : null;
    if (other) await this.#o.db.queue(other, draft);
  }

  async retry(id: Id): Promise<void> {
    await this.#o.db.changeItem(id, { state: 'waiting', ...noError });
    await this.#changed();
    this.wake();
  }

  async withoutDocument(id: Id, document: Id): Promise<void> {
    await this.#o.db.itemWithoutDocument(id, document);
    await this.retry(id);
  }

  async takeBack(id: Id): Promise<Draft | null> {
    const item = (await this.#o.db.outbox()).find((one) => one.id === id);
    // One that may have arrived must not leave a second time under another id.
    if (!item || (item.state !== 'refused' && item.tries > 0)) return null;
    const draft = toDraft(item);
    // What was answered is not there for us any more: the answer stands alone.
    if (item.error_code === 'thread_unknown') draft.thread_id = null;
    const there = await this.#o.drafts.open(draft);
    if (there.text.trim() !== '') draft.text = `${draft.text}\n\n${there.text}`;
    draft.documents.push(...there.documents);
    await this.#o.drafts.flush();
    await this.#o.db.itemToDraft(id, { ...draft, key: draftKey(draft) });
    await this.#o.drafts.load();
    await this.#changed();
    return draft;
  }

  async discard(id: Id): Promise<void> {
    await this.#o.db.removeItem(id);
    await this.#changed();
  }

  /** The network may be back: forget the waits, save those the server asked for, and try. */
  wake(): void {
    for (const [channel, wait] of this.#later) if (!wait.asked) this.#later.delete(channel);
    background(this.flush());
  }

  /** Sends what is due; resolves when nothing more can be done now. */
  flush(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#again = true;
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#deaf();
    this.#o.uploads.stop();
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#o.turn(() => this.#drain());
    }
    this.#schedule();
  }

  async #drain(): Promise<void> {
    await this.#recover();
    for (let item = await this.#next(); item && !this.#closed; item = await this.#next()) {
      await this.#sendOne(item, () => this.#overtake(item.channel_id));
    }
  }

  /** A long file holds back neither the other channels nor what is urgent. */
  async #overtake(channel: Id): Promise<void> {
    if (this.#closed) return;
    const free = (one: OutboxItem) => !one.documents?.length && (one.channel_id !== channel || !!one.body.urgent);
    for (let item = await this.#next(free); item && !this.#closed; item = await this.#next(free)) await this.#sendOne(item);
  }

  /** It is our turn, so whatever is « sending » was left by a page that died. */
  async #recover(): Promise<void> {
    if (this.#closed) return;
    for (const item of await this.#o.db.outbox()) {
      if (item.state === 'sending') await this.#o.db.changeItem(item.id, { state: 'waiting' });
    }
  }

  /** The oldest of a channel that is not told to wait; a refused one does not hold back the others. */
  async #next(may: (item: OutboxItem) => boolean = () => true): Promise<OutboxItem | undefined> {
    if (this.#closed) return undefined;
    const items = await this.#o.db.outbox();
    this.items.set(items);
    const now = Date.now();
    return items.find((item) => item.state === 'waiting' && may(item) && (this.#later.get(item.channel_id)?.at ?? 0) <= now);
  }

  async #sendOne(item: OutboxItem, between: () => Promise<void> = async () => {}): Promise<void> {
    const taken = await this.#o.db.changeItem(item.id, { state: 'sending', tries: item.tries + 1, ...noError });
    if (!taken) return;
    await this.#changed();
    try {
      if (item.documents?.length) await this.#o.uploads.deliver(item, between);
      if (this.#closed) throw new Offline('closed');
      const message = await this.#o.send(item.channel_id, item.body);
      if (message?.id !== item.id) throw new Offline('not our server');
      this.#later.delete(item.channel_id);
      await this.#o.sent(message);
    } catch (error) {
      await this.#failed(item, error);
    }
    await this.#changed();
  }

  async #failed(item: OutboxItem, error: unknown): Promise<void> {
    const refusal = refusalOf(error);
    if (refusal) {
      await this.#o.db.changeItem(item.id, { state: 'refused', ...refusal });
      return;
    }
    // Not for ever, but long enough that it must be said: the server has no more room, or its scanner rests.
    const said = error instanceof ApiError ? { error: error.detail, error_code: error.code } : noError;
    await this.#o.db.changeItem(item.id, { state: 'waiting', ...said });
    const tries = (this.#later.get(item.channel_id)?.tries ?? -1) + 1;
    const asked = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
    const wait = Math.max(asked, backoff(tries, FIRST_MS, MOST_MS, this.#o.random ?? Math.random));
    const channels = error instanceof Offline ? await this.#waitingChannels() : [item.channel_id];
    const later = { at: Date.now() + wait, tries, asked: asked > 0 };
    for (const channel of channels) this.#later.set(channel, later);
  }

  /** Without network, no channel has a better chance than another. */
  async #waitingChannels(): Promise<Id[]> {
    return (await this.#o.db.outbox()).map((item) => item.channel_id);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const waiting = this.items.get().filter((item) => item.state === 'waiting');
    const times = waiting.map((item) => this.#later.get(item.channel_id)?.at ?? 0);
    if (times.length === 0) return;
    this.#timer = setTimeout(() => background(this.flush()), Math.max(0, Math.min(...times) - Date.now()));
  }

  async #changed(): Promise<void> {
    await this.load();
    this.#o.tabs.tell({ type: 'outbox' });
  }

  /** Strictly later than the last one, so that order survives a fast hand. */
  #nextInstant(): string {
    const last = this.items.get().at(-1)?.at;
    const after = last ? Date.parse(last) + 1 : 0;
    return new Date(Math.max(Date.now(), after)).toISOString();
  }
}

const noError = { error: undefined, error_code: undefined, error_document: undefined };

type Refusal = Pick<OutboxItem, 'error' | 'error_code' | 'error_document'>;

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof DocumentRefused) {
    const { reason, document: error_document } = error;
    if (reason instanceof ApiError) return { error: reason.detail, error_code: reason.code, error_document };
    return { error: '', error_code: reason.fault, error_document };
  }
  if (!(error instanceof ApiError) || !isRefusal(error)) return null;
  return { error: error.detail, error_code: error.code };
}

/** A refusal is final for these words; the rest may work later. */
export function isRefusal(error: ApiError): boolean {
  return error.status >= 400 && error.status < 500 && ![401, 408, 425, 429].includes(error.status);
}

function toItem(draft: Draft, at: string): OutboxItem {
  const { id, team_id, channel_id, thread_id, category, text, note_type, urgent } = draft;
  const { measures, masks, only_to, mentions } = draft;
  const documents = draft.documents.map(undeclared);
  if (!category) throw new Error('a message needs a category');
  const body: NewMessage = { id, category, text, written_at: at };
  if (thread_id) body.thread_id = thread_id;
  if (note_type) body.note_type = note_type;
  if (urgent) body.urgent = true;
  if (measures.length > 0) body.measures = measures;
  if (masks.length > 0) body.masks = masks;
  if (only_to.length > 0) body.only_to = only_to;
  if (mentions.length > 0) body.mentions = mentions;
  if (documents.length > 0) body.document_ids = documents.map((one) => one.id);
  return { id, team_id, channel_id, body, documents, state: 'waiting', at, tries: 0 };
}

/** With another caption than the server may know, it is another document. */
/** Of one without a type, its caption alone: as drafts of before hold it. */
const saidOf = ({ caption, document_type }: LocalDocument) => (document_type ? `${caption}\n${document_type}` : caption);

function undeclared({ declared, ...document }: LocalDocument): LocalDocument {
  return declared === undefined || declared === saidOf(document) ? document : { ...document, id: newId() };
}

function toDraft({ team_id, channel_id, body, documents, tries }: OutboxItem): Draft {
  return {
    id: newId(),
    team_id,
    channel_id,
    thread_id: body.thread_id ?? null,
    category: body.category,
    text: body.text,
    note_type: body.note_type ?? null,
    urgent: body.urgent ?? false,
    measures: body.measures ?? [],
    masks: body.masks ?? [],
    only_to: body.only_to ?? [],
    mentions: body.mentions ?? [],
    documents: (documents ?? []).map((one) => (tries > 0 ? { ...one, declared: saidOf(one) } : one)),
    saved_at: new Date().toISOString(),
  };
}

/** The files are with the first one; without them there may be nothing left to say. */
function renamed(item: OutboxItem): OutboxItem | null {
  const id = newId();
  const { document_ids: _files, ...body } = item.body;
  if (body.text.trim() === '' && !body.measures) return null;
  return { ...item, id, body: { ...body, id }, documents: [] };
}
