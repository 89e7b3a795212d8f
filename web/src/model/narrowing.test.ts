import { describe, expect, it } from 'vitest';
import { person } from '../testing/fakes';
import { lostBy, narrowingOf, widenedTo } from './narrowing';
import type { Audience, Receipt } from './types';

const reader = (id: string) => ({ professional: person(id, id) });
const receipts = (...ids: string[]) => ids.map(reader) as Receipt[];
const audience = (...ids: string[]) => ({ visible_to: ids.map(reader) }) as unknown as Audience;

describe('narrowing', () => {
  it('tells before it is sent who loses the note, and who must not gain it', () => {
    expect(lostBy(receipts('a', 'b'), audience('b', 'c'))).toEqual(['a']);
    expect(widenedTo(audience('a', 'b'), audience('b', 'c')).map((one) => one.professional.id)).toEqual(['c']);
  });

  it('sends only what changes', () => {
    const before = { category: 'nursing', masks: ['MASQUE_PT'] } as const;
    const now = { category: before.category, masks: [...before.masks] };
    expect(narrowingOf({ ...now }, { ...now, only_to: null })).toEqual({});
    expect(narrowingOf({ ...now }, { category: 'medication', masks: ['MASQUE_PT', 'MASQUE_PS'], only_to: ['a'] })).toEqual({
      category: 'medication',
      masks: ['MASQUE_PT', 'MASQUE_PS'],
      only_to: ['a'],
    });
  });
});
