import { describe, expect, it } from 'vitest';
import { teamItem } from '../testing/fakes';
import { asked, current, storyOf } from './alerts';
import type { Alert } from './types';

const [nadia, baudry, aubrun] = ['Nadia Ferhat', 'Dr Hélène Baudry', 'Cécile Aubrun'].map((display_name) => ({ id: display_name, display_name }));
const at = (minute: number) => `2026-11-17T07:${String(minute).padStart(2, '0')}:00Z`;
const alert: Alert = {
  id: 'a', team_id: 't', channel_id: 'c', message_id: 'm', patient: teamItem().patient, severity: 'urgent', state: 'taken', raised_by: nadia!,
  raised_at: at(10), owner: aubrun!, ended_at: at(31), mine: false,
  steps: [
    { professional: baudry!, asked_at: at(10), repeated_at: at(15), delivered_at: at(10), seen_at: null, answered_at: null, outcome: null },
    { professional: aubrun!, asked_at: at(30), repeated_at: null, delivered_at: at(30), seen_at: at(30), answered_at: at(31), outcome: 'taken' },
  ],
};

describe('the story of an alert', () => {
  it('is told in order, and ends once', () => {
    expect(storyOf(alert).map((line) => line.what)).toEqual(['raised', 'asked', 'delivered', 'repeated', 'asked', 'delivered', 'seen', 'taken']);
  });

  it('says when nobody answered', () => {
    const story = storyOf({ ...alert, state: 'unanswered', owner: null, steps: alert.steps.slice(0, 1), ended_at: at(45) });
    expect(story.at(-1)).toMatchObject({ what: 'unanswered', at: at(45) });
  });

  it('knows with whom it is', () => {
    expect(current(alert)?.professional.id).toBe('Dr Hélène Baudry');
    expect(current({ ...alert, steps: alert.steps.slice(1) })).toBeNull();
  });

  it('knows all whom it asked at once and who have not answered', () => {
    const both = alert.steps.map((step) => ({ ...step, asked_at: at(10), answered_at: null, outcome: null }));
    expect(asked({ ...alert, state: 'open', steps: both }).map((step) => step.professional.id)).toEqual([baudry!.id, aubrun!.id]);
    expect(asked({ ...alert, state: 'open', steps: [{ ...both[0]!, answered_at: at(11), outcome: 'handed_over' }, both[1]!] })).toHaveLength(1);
    expect(asked({ ...alert, state: 'open', steps: [both[0]!, { ...both[1]!, asked_at: at(30) }] })).toHaveLength(1);
  });
});
