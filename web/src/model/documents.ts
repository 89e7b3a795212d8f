// What a file is, told from its first bytes, and how it is named to a reader.

import { withoutForbidden } from './text';
import type { Id } from './types';

export const MAX_DOCUMENTS = 10;
export const MAX_BYTES = 250 * 1000 * 1000;
export const MAX_CAPTION = 300;
/** More would take the memory of a phone; the server's own limit comes after the photo was made smaller. */
export const MAX_PIXELS = 100_000_000;
/** Enough to find the size of a photo behind its metadata. */
export const HEAD_BYTES = 256 * 1024;

export type FileKind = 'jpeg' | 'png' | 'webp' | 'heic' | 'pdf' | 'text' | 'docx' | 'xlsx' | 'odt';

const OPENXML = 'application/vnd.openxmlformats-officedocument';
export const mediaTypes: Record<FileKind, string> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  heic: 'image/heic',
  pdf: 'application/pdf',
  text: 'text/plain',
  docx: `${OPENXML}.wordprocessingml.document`,
  xlsx: `${OPENXML}.spreadsheetml.sheet`,
  odt: 'application/vnd.oasis.opendocument.text',
};
const extensions: Record<string, FileKind> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  jfif: 'jpeg',
  png: 'png',
  webp: 'webp',
  heic: 'heic',
  heif: 'heic',
  pdf: 'pdf',
  txt: 'text',
  docx: 'docx',
  xlsx: 'xlsx',
  odt: 'odt',
};

/** What a file picker offers. */
export const accepted = 'image/*,.heic,.heif,.pdf,.txt,.docx,.xlsx,.odt';

export const isPhoto = (kind: FileKind) => kind === 'jpeg' || kind === 'png' || kind === 'webp' || kind === 'heic';
export const isImage = (media_type: string | null) => /^image\/(jpeg|png|webp)$/.test(media_type ?? '');
export const isPdf = (media_type: string | null) => media_type === 'application/pdf';

export type FileFault =
  | 'empty'
  | 'too_large'
  | 'too_many'
  | 'too_many_pixels'
  | 'kind_refused'
  | 'not_what_name_says'
  | 'heic'
  | 'photo_unreadable'
  | 'file_unreadable'
  | 'device_full';

/** Why a file was not taken; `kind` is what its name says. */
export class FileError extends Error {
  override name = 'FileError';
  readonly fault: FileFault;
  readonly kind: FileKind | null;

  constructor(fault: FileFault, kind: FileKind | null = null) {
    super(fault);
    this.fault = fault;
    this.kind = kind;
  }
}

/** The kind of a file whose name and content agree; throws FileError otherwise. */
export function checkKind(name: string, head: Uint8Array): FileKind {
  const said = extensions[extensionOf(name)] ?? null;
  const found = contentKind(head, said);
  const bare = extensionOf(name) === '';
  if (found && (found === said || (bare && found !== 'text'))) return found;
  // A photo under the name of another kind of photo is made anew anyway.
  if (found && said && isPhoto(found) && isPhoto(said)) return found;
  if (said) throw new FileError('not_what_name_says', said);
  throw new FileError('kind_refused');
}

function contentKind(head: Uint8Array, said: FileKind | null): FileKind | null {
  if (starts(head, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (starts(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return 'webp';
  if (ascii(head, 4, 8) === 'ftyp') return /^(hei[cfmsx]|hev[cx]|mif1|msf1)$/.test(ascii(head, 8, 12)) ? 'heic' : null;
  if (ascii(head, 0, 5) === '%PDF-') return 'pdf';
  if (starts(head, [0x50, 0x4b, 0x03, 0x04])) return archiveKind(head, said);
  return said === 'text' && isText(head) ? 'text' : null;
}

/** The three office formats are archives; which one only a whole reading could prove, and the server does it. */
function archiveKind(head: Uint8Array, said: FileKind | null): FileKind | null {
  if (ascii(head, 30, 38) === 'mimetype') return ascii(head, 38, 38 + mediaTypes.odt.length) === mediaTypes.odt ? 'odt' : null;
  return said === 'docx' || said === 'xlsx' ? said : null;
}

function isText(head: Uint8Array): boolean {
  return head.length > 0 && !head.includes(0) && !/^\s*(<!doctype|<html|<svg|<\?xml)/i.test(ascii(head, 0, 200));
}

function starts(head: Uint8Array, bytes: number[]): boolean {
  return head.length >= bytes.length && bytes.every((one, i) => head[i] === one);
}

function ascii(head: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...head.subarray(from, to));
}

export function extensionOf(name: string): string {
  return /[^.]\.([^.\s/\\]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** One line, without what would make it read other than it is written. */
export function tidyCaption(text: string): string {
  return withoutForbidden(text.replace(/[\r\n\t]+/g, ' ')).replace(/[\u200E\u200F]/g, '');
}

const MAX_NAME = 120;

/** A name without path, without what cannot be seen, with the ending of its kind. */
export function tidyName(name: string, kind: FileKind): string {
  const ending = kind === 'jpeg' ? 'jpg' : kind === 'text' ? 'txt' : kind;
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const visible = last.replace(/[\p{Cc}\p{Cf}]/gu, '').replace(/[:*?"<>|]/g, '-').replace(/^[.\s]+/, '').trim();
  const stem = extensionOf(visible) ? visible.slice(0, visible.lastIndexOf('.')) : visible;
  return `${[...stem].slice(0, MAX_NAME).join('') || 'document'}.${ending}`;
}

/** Width and height as the file says them, before anything is decoded; null when it does not say. */
export function pixelSize(kind: FileKind, head: Uint8Array): { width: number; height: number } | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (kind === 'png' && head.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (kind === 'jpeg') return jpegSize(view);
  if (kind === 'webp' && head.length >= 30) return webpSize(view, ascii(head, 12, 16));
  return null;
}

function jpegSize(view: DataView): { width: number; height: number } | null {
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function webpSize(view: DataView, form: string): { width: number; height: number } | null {
  if (form === 'VP8X') return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  if (form === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (form !== 'VP8L') return null;
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

const uint24 = (view: DataView, at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);

/** The largest size of the same shape whose sides are within `most`. */
export function fitWithin(width: number, height: number, most: number): { width: number; height: number } {
  const scale = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** « 1,2 Mo », "1.2 MB" */
export function sizeText(bytes: number, lang: 'fr' | 'en'): string {
  const units = lang === 'fr' ? ['o', 'Ko', 'Mo', 'Go'] : ['B', 'KB', 'MB', 'GB'];
  const power = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  const digits = power > 0 && value < 10 ? 1 : 0;
  return `${value.toLocaleString(lang, { maximumFractionDigits: digits })}\u00a0${units[power]}`;
}

const names: Record<string, { fr: string; en: string }> = {
  [mediaTypes.pdf]: { fr: 'PDF', en: 'PDF' },
  [mediaTypes.text]: { fr: 'Texte', en: 'Text' },
  [mediaTypes.docx]: { fr: 'Word', en: 'Word' },
  [mediaTypes.xlsx]: { fr: 'Excel', en: 'Excel' },
  [mediaTypes.odt]: { fr: 'OpenDocument', en: 'OpenDocument' },
};

export function typeText(media_type: string | null, lang: 'fr' | 'en'): string {
  if (isImage(media_type)) return 'Photo';
  return names[media_type ?? '']?.[lang] ?? (lang === 'fr' ? 'Fichier' : 'File');
}

/** Types by the group they are listed under, in the order of the table. */
export function byGroup<T extends { group: string }>(types: T[]): [string, T[]][] {
  const out = new Map<string, T[]>();
  for (const one of types) out.set(one.group, [...(out.get(one.group) ?? []), one]);
  return [...out];
}

const api = '/api/v1/documents';
export const thumbnailAddress = (id: Id) => `${api}/${encodeURIComponent(id)}/thumbnail`;
export const contentAddress = (id: Id) => `${api}/${encodeURIComponent(id)}/content`;
/** To be shown in the page or by the browser itself, not kept as a file. */
export const inlineAddress = (id: Id) => `${contentAddress(id)}?inline=1`;
