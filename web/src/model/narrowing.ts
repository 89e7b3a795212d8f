// Taking a note away from some of its readers: what a choice does, before it is sent.

import type { Audience, Id, Message, Narrowing, Reader, Receipt } from './types';

/** Of who reads it now, those who would not under another category or mask. */
export function lostBy(readers: Receipt[], answer: Audience): Id[] {
  const kept = new Set(answer.visible_to.map((one) => one.professional.id));
  return readers.map((one) => one.professional.id).filter((id) => !kept.has(id));
}

/** Who would read it under another category and does not now: a note is narrowed, never widened. */
export function widenedTo(present: Audience, answer: Audience): Reader[] {
  const now = new Set(present.visible_to.map((one) => one.professional.id));
  return answer.visible_to.filter((one) => !now.has(one.professional.id));
}

/** Only what changes is sent. */
export function narrowingOf(
  before: Pick<Message, 'category' | 'masks'>,
  now: Pick<Message, 'category' | 'masks'> & { only_to: Id[] | null },
): Omit<Narrowing, 'reason'> {
  return {
    ...(now.category !== before.category && { category: now.category }),
    ...(now.masks.length > before.masks.length && { masks: now.masks }),
    ...(now.only_to && { only_to: now.only_to }),
  };
}
