import { describe, expect, it } from 'vitest';
import { byAction, cellOf, changedCells, rightOfCell, rowKey, tableOf, textOf, withCell } from './matrix';
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
    expect(byAction({ rows: [], actions: [action('a', '1'), action('b', '2'), action('a', '3')] }).map(([name, list]) => [name, list.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect([tableOf('\uFEFFsystem;code;seat;label_fr;mask_class;x\r\n'), tableOf('action,system,code,seat\n'), tableOf('nom,prénom')]).toEqual(['categories', 'actions', null]);
  });
});
