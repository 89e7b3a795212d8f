import { derived, Signal } from '../model/signal';
import { en } from './en';
import { docTypesIn, specialitiesIn } from './nomenclature';
import { professionsIn, professionsTogetherIn } from './professions';
import { fr } from './fr';
import type { Key, Params, Text } from './texts';
import { fill } from './texts';

export type { Key, Params } from './texts';
export type Lang = 'fr' | 'en';

const STORED = 'liaison.lang';

export const lang = new Signal<Lang>(stored() ?? 'fr');
lang.subscribe(keep);

export const professionIn = professionsIn(lang);
export const professionsTogether = professionsTogetherIn(lang);
export const docTypes = docTypesIn(lang);
export const specialities = specialitiesIn(lang);
export { labelOf, needDocTypes, needSpecialities } from './nomenclature';

/** The sentence of a key, now. In a component prefer `$tr`, which follows a change of language. */
export function t(key: Key, params: Params = {}): string {
  return translate(lang.get(), key, params);
}

/** `$tr('patients.title')` in a component. */
export const tr = derived([lang], () => {
  const now = lang.get();
  return (key: Key, params: Params = {}) => translate(now, key, params);
});

export function translate(to: Lang, key: Key, params: Params = {}): string {
  const dot = key.indexOf('.');
  const areas = (to === 'en' ? en : fr) as Record<string, Record<string, Text>>;
  const text = areas[key.slice(0, dot)]?.[key.slice(dot + 1)];
  return text === undefined ? key : fill(to, text, params);
}

function stored(): Lang | null {
  try {
    const value = localStorage.getItem(STORED);
    return value === 'fr' || value === 'en' ? value : null;
  } catch {
    return null;
  }
}

function keep(value: Lang): void {
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // A browser that refuses storage still speaks both languages.
  }
}
