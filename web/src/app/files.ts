// The files of what is being written, on this device until the server has them.

import { FileError } from '../model/documents';
import { newId } from '../model/ids';
import type { Id } from '../model/types';
import type { Api } from './api';
import type { Db } from './db';
import type { FilesFace, LocalDocument } from './shapes';
import type { Prepared } from './images';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface FilesOptions {
  db: Db;
  api: Pick<Api, 'deleteDocument'>;
  prepare?: (file: File) => Promise<Prepared>;
}

export class Files implements FilesFace {
  readonly #o: FilesOptions;

  constructor(options: FilesOptions) {
    this.#o = options;
  }

  async add(team_id: Id, given: File): Promise<LocalDocument> {
    const prepare = this.#o.prepare ?? (await import('./images')).prepare;
    const { blob, ...facts } = await prepare(given);
    const file = newId();
    try {
      await this.#o.db.putFile({ file, team_id, blob, at: new Date().toISOString() });
    } catch {
      throw new FileError('device_full');
    }
    return { id: newId(), file, ...facts, size: blob.size, caption: '' };
  }

  content(file: Id): Promise<Blob | null> {
    return this.#o.db.file(file);
  }

  async remove({ id, file, declared }: LocalDocument): Promise<void> {
    await this.#o.db.removeFiles([file]);
    // What the server holds of it would go by itself after some days.
    if (declared !== undefined) this.#o.api.deleteDocument(id).catch(() => {});
  }

  /** What no draft and no waiting note names any more: a page died between two steps. */
  sweep(): Promise<void> {
    return this.#o.db.sweepFiles(new Date(Date.now() - DAY_MS).toISOString());
  }
}
