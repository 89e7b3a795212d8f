// How a person is named on screen, so that two are not taken for one.

import type { Day, Patient, Sex } from './types';

type Named = Pick<Patient, 'birth_name' | 'used_name' | 'given_names'>;

/** « MARCILLAC Odette »: the name in use, or the birth name, and the first given name. */
export function patientName(patient: Named): string {
  return `${upper(shownFamilyName(patient))} ${firstGivenName(patient)}`.trim();
}

export function shownFamilyName(patient: Named): string {
  return patient.used_name?.trim() || patient.birth_name;
}

export function firstGivenName(patient: Pick<Patient, 'given_names'>): string {
  return patient.given_names.trim().split(/\s+/)[0] ?? '';
}

/** « DUFOUR », to follow « née »; null when it is the name already shown. */
export function otherBirthName(patient: Named): string | null {
  const birth = upper(patient.birth_name);
  return birth === upper(shownFamilyName(patient)) ? null : birth;
}

/** « née DUFOUR », « né DUFOUR »; « né(e) » is not written: an unknown sex says « nom de naissance ». */
export function bornSentence(patient: Named & { sex: Sex }, lang: 'fr' | 'en' = 'fr'): string | null {
  const name = otherBirthName(patient);
  if (!name) return null;
  if (lang === 'en') return `born ${name}`;
  return { F: `née ${name}`, M: `né ${name}`, U: `nom de naissance ${name}` }[patient.sex];
}

/** « MARCILLAC Odette, née DUFOUR, F, 12/03/1939 »: what a person is told apart by, wherever something is confirmed. */
export function identityLine(patient: Named & { sex: Sex; birth_date: Day }, sex: string, lang: 'fr' | 'en' = 'fr'): string {
  return [patientName(patient), bornSentence(patient, lang), sex, birthDate(patient.birth_date)].filter(Boolean).join(', ');
}

export function upper(name: string): string {
  return name.trim().toLocaleUpperCase('fr');
}

/** « 12/03/1939 » */
export function birthDate(day: Day): string {
  const [year, month, date] = day.split('-');
  return `${date}/${month}/${year}`;
}

/** « 12/03/1939 » → « 1939-03-12 »; null when no such day exists. Also 12-03-1939, 12.3.1939, 12031939, 1939-03-12. */
export function parseBirthDate(text: string): Day | null {
  const raw = text.trim();
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(raw);
  const french = /^(\d{1,2})[/.\s-](\d{1,2})[/.\s-](\d{4})$/.exec(raw) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(raw);
  if (iso) return real(iso[1]!, iso[2]!, iso[3]!);
  return french ? real(french[3]!, french[2]!, french[1]!) : null;
}

function real(year: string, month: string, date: string): Day | null {
  const [y, m, d] = [Number(year), Number(month), Number(date)];
  const made = new Date(Date.UTC(y, m - 1, d));
  if (made.getUTCFullYear() !== y || made.getUTCMonth() !== m - 1 || made.getUTCDate() !== d) return null;
  return y < 1850 ? null : made.toISOString().slice(0, 10);
}

/** Age in whole years; in months below two years, in days below one month. */
export function age(day: Day, now: Date = new Date()): { count: number; unit: 'years' | 'months' | 'days' } {
  const [y, m, d] = day.split('-').map(Number) as [number, number, number];
  let months = (now.getFullYear() - y) * 12 + (now.getMonth() + 1 - m);
  if (now.getDate() < d) months--;
  if (months >= 24) return { count: Math.floor(months / 12), unit: 'years' };
  if (months >= 1) return { count: months, unit: 'months' };
  const born = Date.UTC(y, m - 1, d);
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  return { count: Math.max(0, Math.round((today - born) / 86_400_000)), unit: 'days' };
}

/** « 87 ans », « 14 mois », « 12 jours » */
export function ageText(day: Day, lang: 'fr' | 'en' = 'fr', now: Date = new Date()): string {
  const { count, unit } = age(day, now);
  const one = lang === 'fr' ? count < 2 : count === 1;
  const words = {
    fr: { years: ['an', 'ans'], months: ['mois', 'mois'], days: ['jour', 'jours'] },
    en: { years: ['year', 'years'], months: ['month', 'months'], days: ['day', 'days'] },
  };
  return `${count}\u00a0${words[lang][unit][one ? 0 : 1]}`;
}


/** Letters only, without case or accents, to search by. */
export function searchable(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, ' ').trim();
}

export function matches(patient: Patient, query: string): boolean {
  const { used_name, birth_name, given_names, town, birth_date } = patient;
  const text = [used_name, birth_name, given_names, town, birthDate(birth_date)].join(' ');
  const hay = searchable(text);
  return searchable(query).split(' ').every((word) => hay.includes(word));
}
