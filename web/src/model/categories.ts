import type { Category, CategoryCode } from './types';
import type { Lang } from './dates';

/** In matrix order: short label, label in French, label in English. */
const table: Record<CategoryCode, [string, string, string, string]> = {
  medical: ['Méd', 'Médical', 'Med', 'Medical'],
  medication: ['Tra', 'Traitements', 'Rx', 'Medication'],
  nursing: ['Soi', 'Soins', 'Nur', 'Nursing and allied care'],
  psychological: ['Psy', 'Psychologie et comportement', 'Psy', 'Psychology and behaviour'],
  functional: ['Aut', 'Autonomie et mobilité', 'Fun', 'Autonomy and mobility'],
  daily_life: ['Vie', 'Vie quotidienne', 'Day', 'Daily life'],
  social: ['Soc', 'Social', 'Soc', 'Social'],
  administrative: ['Adm', 'Administratif et droits', 'Adm', 'Administration and rights'],
  organisation: ['Org', 'Organisation', 'Org', 'Organisation'],
};

export const categoryCodes = Object.keys(table) as CategoryCode[];

export function categoryShort(code: CategoryCode, lang: Lang = 'fr'): string {
  return table[code]?.[lang === 'en' ? 2 : 0] ?? code;
}

/** The server's own label when it gave one (a territory may word it), else ours. */
export function categoryLabel(code: CategoryCode, lang: Lang = 'fr', known: Category[] = []): string {
  const given = known.find((category) => category.code === code)?.label;
  return given ?? table[code]?.[lang === 'en' ? 3 : 1] ?? code;
}

/** Matrix order, whatever order they came in. */
export function inOrder(codes: CategoryCode[]): CategoryCode[] {
  return categoryCodes.filter((code) => codes.includes(code));
}
