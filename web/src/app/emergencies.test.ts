import { describe, expect, it, vi } from 'vitest';
import type { DueEmergency, Emergency } from '../model/types';
import { Emergencies, followUp } from './emergencies';

const due = (id: string) => ({ id }) as DueEmergency;
const page = (...ids: string[]) => ({ items: ids.map(due), next: null });

describe('what is to be followed up', () => {
  it('is read once for several who ask at once, and stays when it cannot be read', async () => {
    const emergenciesDue = vi.fn().mockResolvedValueOnce(page('a')).mockRejectedValueOnce(new Error('no network'));
    const emergencies = new Emergencies({ emergenciesDue });
    await Promise.all([emergencies.refresh(), emergencies.refresh()]);
    expect(emergenciesDue).toHaveBeenCalledTimes(1);
    await emergencies.refresh();
    expect(emergencies.due.get().map((one) => one.id)).toEqual(['a']);
  });

  it('is to inform and to review, as far as one may', () => {
    const one = { informed: null, may_review: true } as Emergency;
    expect(followUp(one)).toEqual(['inform', 'review']);
    expect(followUp({ ...one, may_review: false })).toEqual(['inform']);
    expect(followUp({ ...one, informed: { at: '', how: 'letter', by: {} as never } })).toEqual(['review']);
  });
});
