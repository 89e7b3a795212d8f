// The authorisation matrix as it is edited: a cell in letters, r, w and a, or - for none.

import { categoryCodes } from './categories';
import type { CategoryCode, MatrixAction, MatrixException, MatrixNeed, MatrixRow, MatrixTable } from './types';

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

export const rowKey = (row: Pick<MatrixRow, 'system' | 'code' | 'seat' | 'speciality'>) =>
  [row.system, row.code, row.seat, row.speciality ?? ''].join(' ').trim();

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
export function byAction(actions: MatrixAction[]): [string, MatrixAction[]][] {
  const out = new Map<string, MatrixAction[]>();
  for (const one of actions) out.set(one.action, [...(out.get(one.action) ?? []), one]);
  return [...out];
}

/** A row for a speciality, after the last of its profession: it begins as the one for any. Null where there is one already. */
export function withSpeciality(rows: MatrixRow[], system: string, code: string, seat: string, speciality: string): MatrixRow[] | null {
  const same = (row: MatrixRow) => row.system === system && row.code === code;
  const model = rows.find((row) => same(row) && row.seat === seat && !row.speciality) ?? rows.find((row) => same(row) && row.seat === '*' && !row.speciality);
  const row = model && { ...model, seat, speciality };
  if (!row || rows.some((one) => rowKey(one) === rowKey(row))) return null;
  const last = rows.findLastIndex(same);
  return [...rows.slice(0, last + 1), row, ...rows.slice(last + 1)];
}

export const exceptionKey = (one: MatrixException) => [one.document_type, one.system, one.code, one.seat].join(' ');

/** Who does not read each type, by type, in the order of the table. */
export function byType(exceptions: MatrixException[]): [string, MatrixException[]][] {
  const out = new Map<string, MatrixException[]>();
  for (const one of exceptions) out.set(one.document_type, [...(out.get(one.document_type) ?? []), one]);
  return [...out];
}

export const actionKey = (one: MatrixAction) => [one.action, one.system, one.code, one.seat].join(' ');
export const needKey = (one: MatrixNeed) => [one.basis, one.system, one.code, one.needs, one.categories].join(' ');

/** What waits for each fact, by fact, in the order of the table. */
export function byFact(policy: MatrixNeed[]): [string, MatrixNeed[]][] {
  const out = new Map<string, MatrixNeed[]>();
  for (const one of policy) out.set(one.needs, [...(out.get(one.needs) ?? []), one]);
  return [...out];
}

/** Which of the tables a file is, by its first line; null when it is none. */
export function tableOf(file: string): MatrixTable | null {
  const header = file.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0]!.split(/[;,]/).map((name) => name.trim().replace(/^"|"$/g, ''));
  if (header.includes('mask_class')) return 'categories';
  if (header.includes('document_type')) return 'exceptions';
  if (header.includes('needs')) return 'policy';
  return header.includes('action') ? 'actions' : null;
}
