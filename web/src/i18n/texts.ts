import type { Fr } from './fr';

/** A sentence, or one a number (`count`), or one a person (`gender`). `{name}` is a place to fill. */
export type Text = string | { one: string; other: string } | { F: string; M: string };
export type Params = Record<string, string | number>;

/** The same keys and the same forms as the French, in another language. */
export type Like<T> = {
  [A in keyof T]: { [K in keyof T[A]]: T[A][K] extends string ? string : { [F in keyof T[A][K]]: string } };
};

export type Key = { [A in keyof Fr & string]: `${A}.${keyof Fr[A] & string}` }[keyof Fr & string];

export function fill(lang: string, text: Text, params: Params): string {
  const chosen = choose(lang, text, params);
  return (lang === 'fr' ? spaced(chosen) : chosen).replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = params[name];
    return value === undefined ? place : String(value);
  });
}

/** French puts a space before « : ; ? ! » that must not break. */
function spaced(text: string): string {
  return text.replace(/ ([:;?!»])/g, '\u00a0$1').replaceAll('« ', '«\u00a0');
}

function choose(lang: string, text: Text, params: Params): string {
  if (typeof text === 'string') return text;
  if ('F' in text) return params.gender === 'M' ? text.M : text.F;
  // French says « 0 note », « 1 note », « 2 notes »; English « 0 notes ».
  const count = Number(params.count ?? 0);
  const one = lang === 'fr' ? Math.abs(count) < 2 : Math.abs(count) === 1;
  return one ? text.one : text.other;
}
