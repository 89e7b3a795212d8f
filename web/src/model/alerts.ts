// An alert told as a story: who was asked, when it reached them, how it ended.

import type { Alert, AlertStep, Instant } from './types';

export type Chapter = 'raised' | 'asked' | 'repeated' | 'delivered' | 'seen' | 'handed_over' | 'taken' | 'cancelled' | 'unanswered';

export interface Line {
  what: Chapter;
  at: Instant;
  who: { id: string; display_name: string } | null;
}

/** Every line, oldest first; lines of one instant in the order things happen. */
export function storyOf(alert: Alert): Line[] {
  const lines: Line[] = [{ what: 'raised', at: alert.raised_at, who: alert.raised_by }];
  for (const step of alert.steps) lines.push(...linesOf(step));
  if (alert.ended_at && alert.state !== 'open' && !lines.some((line) => line.what === alert.state)) {
    lines.push({ what: alert.state, at: alert.ended_at, who: alert.state === 'taken' ? alert.owner : null });
  }
  return lines.map((line, i) => ({ line, i })).sort((a, b) => Date.parse(a.line.at) - Date.parse(b.line.at) || a.i - b.i).map(({ line }) => line);
}

function linesOf(step: AlertStep): Line[] {
  const ended: Chapter = step.outcome === 'handed_over' ? 'handed_over' : 'taken';
  const answered = step.outcome === 'taken' || step.outcome === 'handed_over' ? step.answered_at : null;
  const told: [Chapter, Instant | null | undefined][] = [
    ['asked', step.asked_at],
    ['delivered', step.delivered_at],
    ['repeated', step.repeated_at],
    ['seen', step.seen_at],
    [ended, answered],
  ];
  return told.flatMap(([what, at]) => (at ? [{ what, at, who: step.professional }] : []));
}

/** Whose answer it waits for: several, when they were asked at once. */
export function asked(alert: Alert): AlertStep[] {
  const last = current(alert);
  return alert.steps.filter((step) => step === last || (last?.asked_at && step.asked_at === last.asked_at && !step.answered_at));
}

/** The one asked last and not yet answered: with whom it is now. */
export function current(alert: Alert): AlertStep | null {
  return alert.steps.findLast((step) => !step.answered_at) ?? null;
}
