// @vitest-environment node
import { describe, expect, it, vi } from 'vitest';
import { FileError } from '../model/documents';
import { prepare, type Remake } from './images';

const bytes = (...list: number[]) => Uint8Array.from(list);
const JPEG = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0x0b, 0xb8, 0x0f, 0xa0, 3, 0, 0, 0);
const HUGE = bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50);
const HEIC = new TextEncoder().encode('\0\0\0\x18ftypheic\0\0\0\0');
const PDF = new TextEncoder().encode('%PDF-1.7 abc');
const made = new Blob(['anew'], { type: 'image/jpeg' });
const remake = () => vi.fn<Remake>(async () => ({ blob: made, width: 2560, height: 1920 }));

async function fault(content: Uint8Array<ArrayBuffer>, name: string, make: Remake = remake()): Promise<string> {
  const error: unknown = await prepare(new File([content], name), make).catch((failure: unknown) => failure);
  return error instanceof FileError ? error.fault : 'none';
}

describe('a file, before it is kept', () => {
  it('is made anew when it is a photo: what leaves is never what the camera wrote', async () => {
    const make = remake();
    const ready = await prepare(new File([JPEG], 'IMG_0042.JPEG'), make);
    expect(make).toHaveBeenCalledOnce();
    expect(ready).toMatchObject({ blob: made, name: 'IMG_0042.jpg', media_type: 'image/jpeg', width: 2560, height: 1920 });
    expect(ready.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
  it('is left as it is when it is a PDF', async () => {
    const make = remake();
    const ready = await prepare(new File([PDF], 'ordonnance.pdf'), make);
    expect(make).not.toHaveBeenCalled();
    expect(new Uint8Array(await ready.blob.arrayBuffer())).toEqual(PDF);
    expect(ready).toMatchObject({ name: 'ordonnance.pdf', media_type: 'application/pdf', width: null });
  });
  it('is a JPEG once converted from HEIC, or refused with a reason of its own', async () => {
    expect(await prepare(new File([HEIC], 'IMG_1.HEIC'), remake())).toMatchObject({ name: 'IMG_1.jpg', media_type: 'image/jpeg' });
    expect(await fault(HEIC, 'IMG_1.HEIC', () => Promise.reject(new Error('cannot decode')))).toBe('heic');
  });
  it('is refused when it is empty, damaged, or not what its name says', async () => {
    expect(await fault(bytes(), 'vide.pdf')).toBe('empty');
    expect(await fault(PDF, 'photo.jpg')).toBe('not_what_name_says');
    expect(await fault(JPEG, 'photo.jpg', () => Promise.reject(new Error('truncated')))).toBe('photo_unreadable');
  });
  it('of too many pixels is refused before it is decoded', async () => {
    const make = remake();
    expect(await fault(HUGE, 'bombe.png', make)).toBe('too_many_pixels');
    expect(make).not.toHaveBeenCalled();
  });
  it('that cannot be read any more says so', async () => {
    const broken = new File([PDF], 'ordonnance.pdf');
    vi.spyOn(broken, 'slice').mockReturnValue({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) } as unknown as Blob);
    const error: unknown = await prepare(broken, remake()).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ fault: 'file_unreadable' });
  });
});
