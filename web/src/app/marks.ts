// What was delivered, seen and read, told to the server in batches; kept on the device until it knows.

import type { Id, ReceiptState } from '../model/types';
import type { Api } from './api';
import { background } from './background';
import type { Db } from './db';
import { ApiError, Offline } from './http';
import { isRefusal } from './outbox';

const PAUSE_MS = 1_000;
const BATCH = 100;

type Receipt = { message_id: Id; state: ReceiptState };

export class Marks {
  readonly #db: Db;
  readonly #api: Api;
  readonly #told = new Map<Id, ReceiptState>();
  #reads: Record<Id, Id> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(db: Db, api: Api) {
    this.#db = db;
    this.#api = api;
  }

  async load(): Promise<void> {
    this.#reads = { ...(await this.#db.meta('reads')), ...this.#reads };
  }

  async add(ids: Id[], state: ReceiptState): Promise<void> {
    const fresh = ids.filter((id) => this.#told.get(id) !== 'seen' && this.#told.get(id) !== state);
    if (fresh.length === 0) return;
    for (const id of fresh) this.#told.set(id, state);
    await this.#db.putReceipts(fresh, state);
    this.#soon();
  }

  async read(channel: Id, message: Id): Promise<void> {
    if (this.#reads[channel] === message) return;
    this.#reads[channel] = message;
    await this.#db.setMeta('reads', this.#reads);
    this.#soon();
  }

  /** Sends what waits; what cannot leave now stays for the next time. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running ??= this.#send().finally(() => (this.#running = null));
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #soon(): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => background(this.flush()), PAUSE_MS);
  }

  async #send(): Promise<void> {
    try {
      await this.#sendReceipts();
      await this.#sendReads();
    } catch (error) {
      if (!(error instanceof Offline) && !(error instanceof ApiError)) throw error;
    }
  }

  async #sendReceipts(): Promise<void> {
    const waiting = await this.#db.receipts();
    for (let i = 0; i < waiting.length; i += BATCH) {
      const batch: Receipt[] = waiting.slice(i, i + BATCH);
      await settled(this.#api.sendReceipts(batch));
      await this.#db.receiptsTold(batch);
    }
  }

  async #sendReads(): Promise<void> {
    for (const [channel, message] of Object.entries(this.#reads)) {
      await settled(this.#api.read(channel, message));
      if (this.#reads[channel] === message) delete this.#reads[channel];
      await this.#db.setMeta('reads', this.#reads);
    }
  }
}

/** A refusal is an answer too: asking again would change nothing. */
async function settled(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError) || !isRefusal(error)) throw error;
  }
}
