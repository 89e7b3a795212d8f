// The files of a waiting note, brought to the server one after the other, from wherever the last attempt left them.

import { FileError } from '../model/documents';
import { Signal } from '../model/signal';
import type { Document, Id } from '../model/types';
import type { Api } from './api';
import type { Db } from './db';
import { ApiError, Offline } from './http';
import type { LocalDocument, OutboxItem, UploadProgress } from './shapes';

const LEAST = 64 * 1024;
const MOST = 1024 * 1024;
const QUICK_MS = 1_500;
const SLOW_MS = 8_000;

/** The server, or this device, will not have this one. */
export class DocumentRefused extends Error {
  override name = 'DocumentRefused';
  readonly document: Id;
  readonly reason: ApiError | FileError;

  constructor(document: Id, reason: ApiError | FileError) {
    super(reason.message);
    this.document = document;
    this.reason = reason;
  }
}

export interface UploadsOptions {
  db: Pick<Db, 'file'>;
  api: Pick<Api, 'createDocument' | 'documentOffset' | 'sendPiece'>;
}

export class Uploads {
  readonly progress = new Signal<Record<Id, UploadProgress>>({});
  readonly #o: UploadsOptions;
  readonly #stop = new AbortController();
  /** Of one request; follows what the network bears. */
  #piece = 4 * LEAST;

  constructor(options: UploadsOptions) {
    this.#o = options;
  }

  /** Resolves once the server has every file of it. `between` runs after each piece, for what cannot wait. */
  async deliver(item: OutboxItem, between: () => Promise<void>): Promise<void> {
    const documents = item.documents ?? [];
    const photos = documents.every((one) => one.media_type.startsWith('image/'));
    try {
      for (const [i, document] of documents.entries()) {
        const tell = (sent: number) => this.#tell(item.id, { place: i + 1, total: documents.length, photos, sent, size: document.size });
        await this.#one(item.team_id, document, tell, between);
      }
    } finally {
      const { [item.id]: _done, ...others } = this.progress.get();
      this.progress.set(others);
    }
  }

  /** The page is left: what is on its way is cut, and goes on from there the next time. */
  stop(): void {
    this.#stop.abort();
  }

  async #one(team_id: Id, document: LocalDocument, tell: (sent: number) => void, between: () => Promise<void>): Promise<void> {
    tell(0);
    try {
      const known = await this.#declare(team_id, document);
      if (known.state === 'ready') return;
      await this.#send(document, await this.#offset(known), tell, between);
    } catch (error) {
      if (error instanceof FileError || (error instanceof ApiError && isAboutDocument(error))) throw new DocumentRefused(document.id, error);
      throw error;
    }
  }

  async #declare(team_id: Id, { id, name, size, sha256, caption, document_type }: LocalDocument): Promise<Document> {
    const body = { id, team_id, name, size, sha256, ...(caption.trim() && { caption: caption.trim() }), ...(document_type && { document_type }) };
    const known = await this.#o.api.createDocument(body, this.#stop.signal);
    if (known?.id !== id) throw new Offline('not our server');
    return known;
  }

  async #offset({ id, received }: Document): Promise<number> {
    return received === 0 ? 0 : this.#o.api.documentOffset(id, this.#stop.signal);
  }

  async #send(document: LocalDocument, from: number, tell: (sent: number) => void, between: () => Promise<void>): Promise<void> {
    const blob = await this.#o.db.file(document.file);
    if (!blob) throw new FileError('file_unreadable');
    let [at, done, corrected] = [from, false, false];
    // With nothing left to send, an empty piece asks the server to finish what it could not.
    while (!done) {
      tell(at);
      const next = await this.#sendPiece(document.id, at, blob);
      const stuck = next.taken ? next.at <= at && at < blob.size : corrected;
      if (stuck) throw new Offline('no progress');
      [at, done, corrected] = [next.at, next.taken && next.at === blob.size, !next.taken];
      await between();
    }
    tell(at);
  }

  async #sendPiece(id: Id, at: number, blob: Blob): Promise<{ at: number; taken: boolean }> {
    const bytes = await read(blob.slice(at, at + this.#piece));
    const begun = Date.now();
    try {
      const next = await this.#o.api.sendPiece(id, at, bytes, this.#stop.signal);
      this.#adapt(Date.now() - begun);
      return { at: next, taken: true };
    } catch (error) {
      // A piece whose answer was lost had arrived, whole or in part: the server says how far it is.
      const real = error instanceof ApiError && error.code === 'offset_mismatch' ? error.extras.upload_offset : null;
      if (typeof real === 'number') return { at: real, taken: false };
      if (error instanceof Offline) this.#piece = LEAST;
      throw error;
    }
  }

  #adapt(took: number): void {
    if (took < QUICK_MS) this.#piece = Math.min(MOST, this.#piece * 2);
    else if (took > SLOW_MS) this.#piece = Math.max(LEAST, this.#piece / 2);
  }

  #tell(item: Id, now: UploadProgress): void {
    this.progress.update((all) => ({ ...all, [item]: now }));
  }
}

function isAboutDocument({ status, code }: ApiError): boolean {
  return status === 413 || status === 422 || (status === 409 && code === 'id_conflict');
}

async function read(part: Blob): Promise<ArrayBuffer> {
  try {
    return await part.arrayBuffer();
  } catch {
    throw new FileError('file_unreadable');
  }
}
