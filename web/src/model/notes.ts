import type { Lang } from './dates';
import type { NoteType } from './types';

const table: Record<NoteType, [string, string]> = {
  GEN: ['Note', 'Note'],
  OBS: ['Observation', 'Observation'],
  INTERV: ['Compte rendu de passage', 'Visit report'],
  INST: ['Consigne', 'Instruction'],
  'DEM-AVIS': ['Demande d’avis', 'Request for advice'],
};

/** In the order they are offered. */
export const noteTypes = Object.keys(table) as NoteType[];

export function noteTypeLabel(type: NoteType, lang: Lang = 'fr'): string {
  return table[type]?.[lang === 'en' ? 1 : 0] ?? type;
}
