// Types of documents and specialities as the reader's language calls them, without a server: notes are written offline.

import { derived, Signal, type Readable } from '../model/signal';
import type { Lang } from './index';

export interface DocType {
  code: string;
  group: string;
  label: string;
}

export interface Speciality {
  code: string;
  /** Of the profession. */
  system: string;
  profession: string;
  label: string;
}

const types = new Signal<(typeof import('./doctypes'))['docTypes']>([]);
const skills = new Signal<(typeof import('./specialities'))['specialities']>([]);

/** Every type in the order of the table, group by group; empty until loaded. */
export function docTypesIn(lang: Readable<Lang>): Readable<DocType[]> {
  return derived([lang, types], () => types.get().map(([code, group, fr, en]) => ({ code, group, label: lang.get() === 'en' ? en : fr })));
}

/** Every speciality; empty until loaded. */
export function specialitiesIn(lang: Readable<Lang>): Readable<Speciality[]> {
  return derived([lang, skills], () =>
    skills.get().map(([code, system, profession, fr, en]) => ({ code, system, profession, label: lang.get() === 'en' ? en : fr })),
  );
}

/** Without them a code is shown as it is; asked again the next time. */
export async function needDocTypes(): Promise<void> {
  if (types.get().length === 0) await import('./doctypes').then((found) => types.set(found.docTypes), () => {});
}

export async function needSpecialities(): Promise<void> {
  if (skills.get().length === 0) await import('./specialities').then((found) => skills.set(found.specialities), () => {});
}

/** The label of a code in a list; the code where it is not there. */
export const labelOf = (list: { code: string; label: string }[], code: string) => list.find((one) => one.code === code)?.label ?? code;
