// The authorisation matrix as it is edited: a cell in letters, r, w and a, or - for none.

import { categoryCodes } from './categories';
import type { CategoryCode, MatrixAction, MatrixRow, MatrixTables } from './types';

export interface Cell {
  reads: boolean;
  writes: boolean;
  alerted: boolean;
}

export const cellOf = (text = '-'): Cell => ({ reads: text.includes('r'), writes: text.includes('w'), alerted: text.includes('a') });

/** Nobody is alerted of what she may not read. */
export function textOf({ reads, writes, alerted }: Cell): string {
  return [reads && 'r', writes && 'w', alerted && reads && 'a'].filter(Boolean).join('') || '-';
}

export const rightOfCell = ({ reads, writes }: Cell) => (reads ? (writes ? 'both' : 'reads') : writes ? 'writes' : 'none');

export const rowKey = (row: Pick<MatrixRow, 'system' | 'code' | 'seat'>) => [row.system, row.code, row.seat].join(' ');

/** The rows with one cell changed; the others are the very same. */
export function withCell(rows: MatrixRow[], key: string, category: CategoryCode, cell: Cell): MatrixRow[] {
  return rows.map((row) => (rowKey(row) === key ? { ...row, cells: { ...row.cells, [category]: textOf(cell) } } : row));
}

/** Which cells differ from another version, as « row category ». */
export function changedCells(rows: MatrixRow[], from: MatrixRow[]): Set<string> {
  const before = new Map(from.map((row) => [rowKey(row), row]));
  const changed = rows.flatMap((row) =>
    categoryCodes.filter((code) => (row.cells[code] ?? '-') !== (before.get(rowKey(row))?.cells[code] ?? '-')).map((code) => `${rowKey(row)} ${code}`),
  );
  return new Set(changed);
}

/** Who may do what, by action, in the order of the table. */
export function byAction(tables: MatrixTables): [string, MatrixAction[]][] {
  const out = new Map<string, MatrixAction[]>();
  for (const one of tables.actions) out.set(one.action, [...(out.get(one.action) ?? []), one]);
  return [...out];
}

/** Which of the two tables a file is, by its first line; null when it is neither. */
export function tableOf(file: string): 'categories' | 'actions' | null {
  const header = file.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0]!.split(/[;,]/).map((name) => name.trim().replace(/^"|"$/g, ''));
  if (header.includes('mask_class')) return 'categories';
  return header.includes('action') ? 'actions' : null;
}
