import { app } from '../../app/app';
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
const french = new Signal<Map<string, string>>(new Map());
