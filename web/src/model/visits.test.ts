import { describe, expect, it } from 'vitest';
import type { Access, AccessKind, Professional } from './types';
import { saidOf, visitsByDay } from './visits';

const person = (id: string) => ({ id, display_name: id }) as Professional;
let lines = 0;
function access(at: string, who: string | null, what: string, kind: AccessKind = 'read'): Access {
  const professional = who ? person(who) : null;
  return { line: `l${++lines}`, at, professional, workplace: null, address: null, kind, verb: '', refused: kind === 'refused', what, count: null };
}
const told = (items: Access[]) => visitsByDay(items).map(({ visits }) => visits.map((one) => `${one.who?.id ?? 'service'} ${one.items.length}`));

describe('visits', () => {
  it('joins what one person did without a long pause, whoever came in between', () => {
    const items = [
      access('2026-03-12T10:30:00', 'a', 'a lu une note'),
      access('2026-03-12T10:20:00', 'b', 'a lu une note'),
      access('2026-03-12T10:16:00', 'a', 'a ouvert le dossier'),
      access('2026-03-12T10:00:00', 'a', 'a ouvert le dossier'),
      access('2026-03-11T23:59:00', 'a', 'a ouvert le dossier'),
    ];
    expect(told(items)).toEqual([['a 2', 'b 1', 'a 1'], ['a 1']]);
  });

  it('keeps refusals apart, and a day of lists together', () => {
    const items = [
      access('2026-03-12T18:00:00', 'a', 'a vu ce dossier', 'list'),
      access('2026-03-12T12:00:00', 'a', 'n’a pas pu lire une note', 'refused'),
      access('2026-03-12T12:00:00', 'a', 'a lu une note'),
      access('2026-03-12T08:00:00', 'a', 'a vu ce dossier', 'list'),
      access('2026-03-12T07:00:00', null, 'a fait passer une alerte', 'alert'),
    ];
    expect(told(items)).toEqual([['a 2', 'a 1', 'a 1', 'service 1']]);
  });

  it('says each thing once, what tells most first', () => {
    const [day] = visitsByDay([
      access('2026-03-12T10:03:00', 'a', 'a lu une note'),
      access('2026-03-12T10:02:00', 'a', 'a transmis une note', 'write'),
      access('2026-03-12T10:01:00', 'a', 'a lu une note'),
    ]);
    expect(saidOf(day!.visits[0]!)).toEqual([
      { what: 'a transmis une note', times: 1 },
      { what: 'a lu une note', times: 2 },
    ]);
  });
});
