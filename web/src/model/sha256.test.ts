import { describe, expect, it } from 'vitest';
import { Sha256 } from './sha256';

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
async function known(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe('sha256', () => {
  it('is what every other implementation computes, at each length around a block', async () => {
    for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 70_001]) {
      expect(new Sha256().add(bytes(length)).hex(), String(length)).toBe(await known(bytes(length)));
    }
  });
  it('does not depend on how the file is cut', async () => {
    const data = bytes(5000);
    for (const piece of [1, 7, 64, 100, 1024, 4999]) {
      const sum = new Sha256();
      for (let at = 0; at < data.length; at += piece) sum.add(data.subarray(at, at + piece));
      expect(sum.hex(), String(piece)).toBe(await known(data));
    }
  });
});
