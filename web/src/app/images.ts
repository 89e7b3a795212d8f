// What is done to a file before it is kept: checked by its content, photos made anew, its sum taken.

import { checkKind, FileError, HEAD_BYTES, isPhoto, MAX_BYTES, MAX_PIXELS, mediaTypes, pixelSize, tidyName, type FileKind } from '../model/documents';
import { Sha256 } from '../model/sha256';
import { type Photo, remake } from './photo';

const PIECE = 1024 * 1024;
const PHOTO_MS = 30_000;

export interface Prepared {
  blob: Blob;
  name: string;
  media_type: string;
  sha256: string;
  width: number | null;
  height: number | null;
}

export type Remake = (file: Blob) => Promise<Photo>;

/** Throws FileError, whose fault is what to say. */
export async function prepare(file: File, make: Remake = remakeAside): Promise<Prepared> {
  if (file.size === 0) throw new FileError('empty');
  const head = await read(file.slice(0, HEAD_BYTES));
  const kind = checkKind(file.name, head);
  const ready = isPhoto(kind) ? await photo(file, kind, head, make) : untouched(file, kind);
  if (ready.blob.size > MAX_BYTES) throw new FileError('too_large');
  return { ...ready, sha256: await sum(ready.blob) };
}

function untouched(file: File, kind: FileKind): Omit<Prepared, 'sha256'> {
  return { blob: file, name: tidyName(file.name, kind), media_type: mediaTypes[kind], width: null, height: null };
}

async function photo(file: File, kind: FileKind, head: Uint8Array, make: Remake): Promise<Omit<Prepared, 'sha256'>> {
  const size = pixelSize(kind, head);
  if (size && size.width * size.height > MAX_PIXELS) throw new FileError('too_many_pixels');
  try {
    const made = await make(new Blob([file], { type: mediaTypes[kind] }));
    return { ...made, name: tidyName(file.name, 'jpeg'), media_type: mediaTypes.jpeg };
  } catch {
    throw new FileError(kind === 'heic' ? 'heic' : 'photo_unreadable');
  }
}

/** In a worker, so that the page stays fluid; here when the worker cannot. */
async function remakeAside(file: Blob): Promise<Photo> {
  return (await inWorker(file).catch(() => null)) ?? remake(file);
}

function inWorker(file: Blob): Promise<Photo | null> {
  const worker = new Worker(new URL('./photo.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<Photo | null>((resolve, reject) => {
    setTimeout(reject, PHOTO_MS, new Error('too slow'));
    worker.onmessage = (event: MessageEvent<Photo | null>) => resolve(event.data);
    worker.onerror = reject;
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}

async function sum(blob: Blob): Promise<string> {
  const sha = new Sha256();
  for (let at = 0; at < blob.size; at += PIECE) sha.add(await read(blob.slice(at, at + PIECE)));
  return sha.hex();
}

async function read(part: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch {
    throw new FileError('file_unreadable');
  }
}
