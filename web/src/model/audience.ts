import type { Lang } from './dates';
import type { Audience, Id } from './types';

/** « Visible par 5 intervenants sur 7 »: the author counts among both. */
export function audienceSentence(audience: Audience, lang: Lang = 'fr'): string {
  const readers = audience.visible_to.length;
  if (lang === 'en') return `Visible to ${readers} ${readers === 1 ? 'member' : 'members'} of ${audience.total}`;
  return `Visible par ${readers} ${readers < 2 ? 'intervenant' : 'intervenants'} sur ${audience.total}`;
}

/** Nobody but the author would read it. */
export function nobodyElse(audience: Audience, me: Id): boolean {
  return audience.visible_to.every((reader) => reader.professional.id === me);
}
