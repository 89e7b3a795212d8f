import { describe, expect, it } from 'vitest';
import type { Measured } from '../model/series';
import { Measures } from './measures';

const answer = (count: number): Measured => ({
  items: Array.from({ length: count }, (_, i) => ({ code: `${i}`, points: [] })),
  notes: [],
});

describe('measures', () => {
  it('keeps the answer to the last question, whichever comes last', async () => {
    const waiting: ((value: Measured) => void)[] = [];
    const api = { measures: () => new Promise<Measured>((resolve) => waiting.push(resolve)) };
    const measures = new Measures(api, 't');
    const first = measures.read(21);
    const second = measures.read(0);
    waiting[1]!(answer(2));
    waiting[0]!(answer(1));
    await Promise.all([first, second]);
    expect(measures.view.get().measured?.items).toHaveLength(2);
  });

  it('keeps what is shown when a reading fails, and says why', async () => {
    let fails = false;
    const api = { measures: () => (fails ? Promise.reject(new Error('x')) : Promise.resolve(answer(1))) };
    const measures = new Measures(api, 't');
    await measures.read(21);
    fails = true;
    await measures.read(21);
    const { measured, error, loading } = measures.view.get();
    expect([measured?.items.length, typeof error, loading]).toEqual([1, 'string', false]);
  });
});
