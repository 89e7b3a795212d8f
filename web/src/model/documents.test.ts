import { describe, expect, it } from 'vitest';
import { checkKind, extensionOf, FileError, fitWithin, pixelSize, sizeText, tidyCaption, tidyName, typeText } from './documents';

const text = (value: string) => new TextEncoder().encode(value);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0x0b, 0xb8, 0x0f, 0xa0, 3, 0, 0, 0);
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50);
const HEIC = text('\0\0\0\x18ftypheic\0\0\0\0');
const ZIP = Uint8Array.of(0x50, 0x4b, 0x03, 0x04, ...new Uint8Array(40));

function fault(name: string, head: Uint8Array): string {
  try {
    return checkKind(name, head);
  } catch (error) {
    return error instanceof FileError ? `${error.fault} ${error.kind ?? ''}`.trim() : 'another error';
  }
}

describe('what a file is', () => {
  it('is told from its first bytes', () => {
    expect(fault('plaie.jpg', JPEG)).toBe('jpeg');
    expect(fault('capture.png', PNG)).toBe('png');
    expect(fault('IMG_1.HEIC', HEIC)).toBe('heic');
    expect(fault('ordonnance.pdf', text('%PDF-1.7\n'))).toBe('pdf');
    expect(fault('note.txt', text('Prise à 8 h'))).toBe('text');
    expect(fault('courrier.docx', ZIP)).toBe('docx');
  });
  it('refuses what is not what its name says', () => {
    expect(fault('ordonnance.pdf', text('<html>'))).toBe('not_what_name_says pdf');
    expect(fault('ordonnance.pdf', JPEG)).toBe('not_what_name_says pdf');
    expect(fault('photo.jpg', text('%PDF-1.7'))).toBe('not_what_name_says jpeg');
    expect(fault('note.txt', text('<svg onload=x>'))).toBe('not_what_name_says text');
    expect(fault('note.txt', Uint8Array.of(65, 0, 66))).toBe('not_what_name_says text');
    expect(fault('film.heic', text('\0\0\0\x18ftypmp42'))).toBe('not_what_name_says heic');
  });
  it('refuses what no note may carry', () => {
    for (const name of ['dessin.svg', 'page.html', 'archive.zip', 'outil.exe', 'sans']) expect(fault(name, text('abc')), name).toBe('kind_refused');
    expect(fault('archive.zip', ZIP)).toBe('kind_refused');
  });
  it('takes a photo under another photo’s name, and one that the camera did not name', () => {
    expect(fault('photo.png', JPEG)).toBe('jpeg');
    expect(fault('image', JPEG)).toBe('jpeg');
  });
});

describe('a name', () => {
  it('has no path, nothing invisible, and the ending of its kind', () => {
    expect(tidyName('C:\\photos\\IMG_0042.HEIC', 'jpeg')).toBe('IMG_0042.jpg');
    expect(tidyName('ordon\u202Enance.pdf', 'pdf')).toBe('ordonnance.pdf');
    expect(tidyName('TA: 18/10 <"x">?.pdf', 'pdf')).toBe('10 --x---.pdf');
    expect(tidyName('..caché.pdf', 'pdf')).toBe('caché.pdf');
    expect(tidyName('', 'jpeg')).toBe('document.jpg');
    expect([...tidyName(`${'é'.repeat(400)}.pdf`, 'pdf')]).toHaveLength(124);
    expect(extensionOf('.htaccess')).toBe('');
    expect(tidyCaption('talon\u202E\nbord \u200Egauche')).toBe('talon bord gauche');
  });
});

describe('pixels', () => {
  it('are read before anything is decoded', () => {
    expect(pixelSize('jpeg', JPEG)).toEqual({ width: 4000, height: 3000 });
    expect(pixelSize('png', PNG)).toEqual({ width: 50_000, height: 50_000 });
    expect(pixelSize('jpeg', JPEG.subarray(0, 9))).toBeNull();
  });
  it('keep their shape when there are fewer', () => {
    expect(fitWithin(4000, 3000, 2560)).toEqual({ width: 2560, height: 1920 });
    expect(fitWithin(640, 480, 2560)).toEqual({ width: 640, height: 480 });
    expect(fitWithin(10_000, 1, 2560)).toEqual({ width: 2560, height: 1 });
  });
});

describe('to a reader', () => {
  it('sizes have the units of the language', () => {
    expect(sizeText(812, 'fr')).toBe('812\u00a0o');
    expect(sizeText(84_300, 'fr')).toBe('84\u00a0Ko');
    expect(sizeText(1_240_000, 'fr')).toBe('1,2\u00a0Mo');
    expect(sizeText(1_240_000, 'en')).toBe('1.2\u00a0MB');
    expect(sizeText(250_000_000, 'fr')).toBe('250\u00a0Mo');
  });
  it('types have a word', () => {
    expect(typeText('image/jpeg', 'fr')).toBe('Photo');
    expect(typeText('application/pdf', 'fr')).toBe('PDF');
    expect(typeText(null, 'fr')).toBe('Fichier');
  });
});
