import type { Id, Team } from '../../model/types';

/** People of a circle by name, also those who have left it; oneself is said as `you`, last. */
export function namesIn(team: Pick<Team, 'members' | 'ended'>, people: Id[], me: Id, you: string): string {
  const known = [...team.members, ...(team.ended ?? [])];
  const nameOf = (id: Id) => known.find((one) => one.professional.id === id)?.professional.display_name ?? '…';
  const others = people.filter((id) => id !== me).map(nameOf);
  return [...others, ...(people.includes(me) ? [you] : [])].join(', ');
}
