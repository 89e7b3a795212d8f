// A device's file, and a server of documents that breaks where a test wants it to.

import type { Document, Id, NewDocument } from '../model/types';
import type { Db } from '../app/db';
import { ApiError, Offline } from '../app/http';
import type { LocalDocument } from '../app/shapes';
import { TEAM, unique } from './fakes';

/** Kept on the device, with content of its own. */
export async function localDocument(db: Db, change: { size?: number; name?: string } = {}): Promise<LocalDocument> {
  const { size = 1000, name = 'plaie.jpg' } = change;
  const [id, file] = [unique('document'), unique('file')];
  await db.putFile({ file, team_id: TEAM, blob: new Blob([contentOf({ id, size })]), at: new Date().toISOString() });
  const facts = { media_type: 'image/jpeg', sha256: 'f'.repeat(64), width: 640, height: 480 };
  return { id, file, name, caption: '', size, ...facts };
}

export function contentOf({ id, size }: { id: Id; size: number }): Uint8Array<ArrayBuffer> {
  const seed = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 9) + seed) & 0xff);
}

export class Server {
  /** Bytes taken in all, so that what was sent twice shows. */
  readonly taken = new Map<Id, number>();
  hanging = false;
  readonly #documents = new Map<Id, { document: Document; bytes: number[]; ready: boolean }>();
  #cut: { id: Id; at: number; hang: boolean } | null = null;
  #lost = new Map<Id, number>();
  #refused = new Map<Id, ApiError>();
  #unfinished = new Map<Id, ApiError>();
  #jump = new Map<Id, number>();

  cutAfter = (id: Id, at: number) => void (this.#cut = { id, at, hang: false });
  hangAfter = (id: Id, at: number) => void (this.#cut = { id, at, hang: true });
  loseAnswers = (id: Id, count: number) => void this.#lost.set(id, count);
  refuse = (id: Id, error: ApiError) => void this.#refused.set(id, error);
  finishLater = (id: Id, error: ApiError) => void this.#unfinished.set(id, error);
  /** At the first piece the server turns out to hold so much already. */
  jump = (id: Id, to: number) => void this.#jump.set(id, to);

  repair(): void {
    this.#cut = null;
    this.#refused.clear();
    this.#unfinished.clear();
  }

  whole = (id: Id) => this.#documents.get(id)?.ready ?? false;
  received = (id: Id) => this.#documents.get(id)?.bytes.length ?? 0;
  bytesOf = (id: Id) => Uint8Array.from(this.#documents.get(id)?.bytes ?? []);

  createDocument = async (made: NewDocument): Promise<Document> => {
    const known = this.#documents.get(made.id);
    if (known) return { ...known.document, received: known.bytes.length, state: known.ready ? 'ready' : 'receiving' };
    const document = asDocument(made);
    this.#documents.set(made.id, { document, bytes: [], ready: false });
    return document;
  };

  documentOffset = async (id: Id): Promise<number> => this.received(id);

  sendPiece = async (id: Id, at: number, body: ArrayBuffer, signal?: AbortSignal): Promise<number> => {
    const kept = this.#documents.get(id)!;
    const there = this.#jump.get(id);
    this.#jump.delete(id);
    if (there !== undefined) kept.bytes.push(...new Uint8Array(body).subarray(0, there));
    if (at !== kept.bytes.length) throw mismatch(kept.bytes.length);
    const cut = this.#cut?.id === id ? this.#cut : null;
    const room = cut ? Math.max(0, cut.at - at) : Infinity;
    const part = new Uint8Array(body).subarray(0, room);
    for (const byte of part) kept.bytes.push(byte);
    this.taken.set(id, (this.taken.get(id) ?? 0) + part.length);
    if (part.length < body.byteLength) return cut?.hang ? this.#hang(signal) : Promise.reject(new Offline());
    this.#finish(id, kept);
    if (this.#oneLost(id)) throw new Offline();
    return kept.bytes.length;
  };

  #finish(id: Id, kept: { document: Document; bytes: number[]; ready: boolean }): void {
    const error = this.#refused.get(id) ?? (kept.bytes.length === kept.document.size ? this.#unfinished.get(id) : undefined);
    if (error) throw error;
    kept.ready = kept.bytes.length === kept.document.size;
  }

  #oneLost(id: Id): boolean {
    const left = this.#lost.get(id) ?? 0;
    this.#lost.set(id, left - 1);
    return left > 0;
  }

  #hang(signal?: AbortSignal): Promise<number> {
    this.hanging = true;
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DOMException('cut', 'AbortError'))));
  }
}

const mismatch = (offset: number) => {
  const error = new ApiError(409, { code: 'offset_mismatch' });
  error.extras.upload_offset = offset;
  return error;
};

function asDocument({ id, team_id, name, size, caption }: NewDocument): Document {
  const uploader = { id: 'person-me', display_name: 'Nadia Ferhat', profession: { system: 'TRE_G15', code: '60', label: 'Infirmière', short: 'IDE' } };
  const place = { team_id, message_id: null, channel_id: null, uploader, category: null };
  const facts = { media_type: null, width: null, height: null, has_thumbnail: false };
  return { id, name, size, caption: caption ?? null, ...place, ...facts, received: 0, state: 'receiving', refusal: null, created_at: '2026-11-17T07:10:00Z', attached_at: null };
}
