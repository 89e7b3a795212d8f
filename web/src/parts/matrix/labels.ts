import { app } from '../../app/app';
import type { MatrixRow } from '../../model/types';
import { type Readable, Signal } from '../../model/signal';

const english = new Signal<Map<string, string>>(new Map());
let asked = false;

/** The tables say professions in French; who reads English has the service's words for them, by « system code ». */
export function labelsIn(lang: string): Readable<Map<string, string>> {
  if (lang === 'en' && !asked) {
    asked = true;
    app.api.professions().then(
      (list) => english.set(new Map(list.map((one) => [`${one.system} ${one.code}`, one.label]))),
      () => (asked = false),
    );
  }
  return lang === 'en' ? english : french;
}

/** How the tables name a profession, by « system code »; one they do not have by its code. */
export function namesOf(rows: MatrixRow[], labels: Map<string, string>): { keys: string[]; of: (key: string) => string } {
  const own = new Map(rows.filter((row) => !row.speciality).map((row): [string, string] => [`${row.system} ${row.code}`, row.label]));
  return { keys: [...own.keys()], of: (key) => labels.get(key) ?? own.get(key) ?? key };
}

const french = new Signal<Map<string, string>>(new Map());
