// Who may do what, as the table, the list and the small grid show it.

import type { CategoryCode, Id, Member, Team } from '../../model/types';

export type Right = 'both' | 'reads' | 'writes' | 'none';

export interface Row {
  member: Member;
  mine: boolean;
  /** What is shown is what she may do now; else it is only the rule of her profession. */
  exact: boolean;
  future: boolean;
  reads: CategoryCode[];
  writes: CategoryCode[];
  alerts: CategoryCode[];
}

/** Those who have a place now, then those who will have one. */
export function rowsOf(team: Team, me: Id, now: Date): Row[] {
  const rows = team.members.map((member) => rowOf(team, member, me, now));
  return [...rows.filter((row) => !row.future), ...rows.filter((row) => row.future)];
}

function rowOf(team: Team, member: Member, me: Id, now: Date): Row {
  const mine = member.professional.id === me;
  const future = new Date(member.from) > now;
  const rule = { reads: member.profession_reads, writes: member.profession_writes };
  const known = mine ? team.my : member.reads && { reads: member.reads, writes: member.writes ?? [] };
  const exact = !future && known !== undefined;
  const { reads, writes } = exact && known ? known : rule;
  return { member, mine, exact, future, reads, writes, alerts: mine ? team.my.alerts : [] };
}

export function rightOf(row: Pick<Row, 'reads' | 'writes'>, category: CategoryCode): Right {
  const reads = row.reads.includes(category);
  const writes = row.writes.includes(category);
  if (reads) return writes ? 'both' : 'reads';
  return writes ? 'writes' : 'none';
}

/** What her profession alone would give. */
export function ruleOf(member: Member, category: CategoryCode): Right {
  return rightOf({ reads: member.profession_reads, writes: member.profession_writes }, category);
}

const strength: Record<Right, number> = { none: 0, writes: 1, reads: 1, both: 2 };

export function compareRights(a: Right, b: Right): number {
  return strength[a] - strength[b] || (a === b ? 0 : -1);
}
