import { describe, expect, it } from 'vitest';
import { byAction, byFact, byType, cellOf, changedCells, rightOfCell, rowKey, tableOf, textOf, withCell, withSpeciality } from './matrix';
import type { MatrixRow } from './types';

const row = (code: string, cells: Record<string, string>): MatrixRow => ({ system: 'TRE_G15', code, seat: '*', label: code, mask_class: 'ps', cells });

describe('matrix', () => {
  it('reads and writes a cell, and alerts nobody of what is not read', () => {
    for (const text of ['-', 'r', 'w', 'rw', 'ra', 'rwa']) expect(textOf(cellOf(text))).toBe(text);
    expect(textOf({ reads: false, writes: true, alerted: true })).toBe('w');
    expect(['-', 'r', 'w', 'rwa'].map((text) => rightOfCell(cellOf(text)))).toEqual(['none', 'reads', 'writes', 'both']);
  });

  it('changes one cell and says which differ, of new rows too', () => {
    const rows = [row('10', { medical: 'rw' }), row('60', { medical: '-' })];
    const next = withCell(rows, rowKey(rows[1]!), 'medical', cellOf('r'));
    expect(next[0]).toBe(rows[0]);
    expect([...changedCells(next, rows)]).toEqual([`${rowKey(rows[1]!)} medical`]);
    expect([...changedCells([row('99', { nursing: 'r', medical: '-' })], rows)].includes('TRE_G15 99 * nursing')).toBe(true);
  });

  it('groups actions, and knows a file by its first line', () => {
    const action = (name: string, code: string) => ({ action: name, system: 'TRE_G15', code, seat: '*' });
    expect(byAction([action('a', '1'), action('b', '2'), action('a', '3')]).map(([name, list]) => [name, list.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect([tableOf('\uFEFFsystem;code;seat;label_fr;mask_class;x\r\n'), tableOf('action,system,code,seat\n'), tableOf('nom,prénom')]).toEqual(['categories', 'actions', null]);
  });

  it('adds a row for a speciality once, after those of its profession, as the row for the same seat or any', () => {
    const own = { ...row('10', { medical: 'rwa' }), seat: 'medecin_traitant' };
    const rows = [own, row('10', { medical: 'r' }), row('60', { medical: '-' })];
    const next = withSpeciality(rows, 'TRE_G15', '10', '*', 'SM42')!;
    expect(next.map((one) => [one.code, one.seat, one.speciality ?? '', one.cells.medical])).toEqual([
      ['10', 'medecin_traitant', '', 'rwa'],
      ['10', '*', '', 'r'],
      ['10', '*', 'SM42', 'r'],
      ['60', '*', '', '-'],
    ]);
    expect(withSpeciality(next, 'TRE_G15', '10', '*', 'SM42')).toBeNull();
    expect(withSpeciality(next, 'TRE_G15', '10', 'medecin_traitant', 'SM42')![3]!.cells.medical).toBe('rwa');
    expect(withSpeciality(next, 'TRE_G15', '99', '*', 'SM42')).toBeNull();
  });

  it('groups exceptions, and knows their file', () => {
    const one = (document_type: string, code: string) => ({ document_type, system: 'TRE_G15', code, seat: '*' });
    expect(byType([one('a', '1'), one('b', '1'), one('a', '2')]).map(([type, list]) => [type, list.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(tableOf('document_type;system;code;seat')).toBe('exceptions');
  });
});

it('what waits is told by fact, in the order of the table', () => {
  const need = (needs: string, code: string) => ({ basis: '*', system: 'TRE_G15', code, needs, categories: '*' });
  const told = byFact([need('consent', '60'), need('information', '10'), need('consent', '21')]);
  expect(told.map(([fact, list]) => [fact, list.map((one) => one.code)])).toEqual([
    ['consent', ['60', '21']],
    ['information', ['10']],
  ]);
  expect(tableOf('basis;system;code;needs;categories\r\n')).toBe('policy');
});
