// Hours and days as people here say them, in the browser's time zone.

export type Lang = 'fr' | 'en';
const NB = '\u00a0';

const locale = (lang: Lang) => (lang === 'en' ? 'en-GB' : 'fr-FR');

/** « 8 h 10 » */
export function hour(at: string | Date, lang: Lang = 'fr'): string {
  const date = new Date(at);
  const minutes = String(date.getMinutes()).padStart(2, '0');
  if (lang === 'en') return `${date.getHours()}:${minutes}`;
  return `${date.getHours()}${NB}h${NB}${minutes}`;
}

/** « 12/03/2026 » */
export function shortDay(at: string | Date): string {
  const date = new Date(at);
  return [date.getDate(), date.getMonth() + 1, date.getFullYear()].map((n) => String(n).padStart(2, '0')).join('/');
}

/** Whole days between the day of `at` and today; 1 is yesterday. */
export function daysAgo(at: string | Date, now: Date = new Date()): number {
  return Math.round((midnight(now) - midnight(new Date(at))) / 86_400_000);
}

function midnight(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

/** « lundi 17 novembre »; the year when it is another. */
export function dayName(at: string | Date, lang: Lang = 'fr', now: Date = new Date()): string {
  const date = new Date(at);
  const year = date.getFullYear() === now.getFullYear() ? undefined : ('numeric' as const);
  const name = new Intl.DateTimeFormat(locale(lang), { weekday: 'long', day: 'numeric', month: 'long', year }).format(date);
  return lang === 'fr' && date.getDate() === 1 ? name.replace(' 1 ', ' 1er ') : name;
}

/** Within a week the day's name says it best; before and after, figures do. */
function thisWeek(days: number): boolean {
  return days > 1 && days < 7;
}

/** « 8 h 10 » today, « hier, 8 h 10 », « samedi 14 novembre, 8 h 10 » within the week, « 12/03/2026, 8 h 10 » */
export function when(at: string | Date, lang: Lang = 'fr', now: Date = new Date()): string {
  const days = daysAgo(at, now);
  if (days === 0) return hour(at, lang);
  if (days === 1) return `${lang === 'en' ? 'yesterday' : 'hier'}, ${hour(at, lang)}`;
  return `${thisWeek(days) ? dayName(at, lang, now) : shortDay(at)}, ${hour(at, lang)}`;
}

/** « à 8 h 10 », « hier à 8 h 10 », « samedi 14 novembre à 8 h 10 », « le 12/03/2026 à 8 h 10 »: within a sentence. */
export function whenInSentence(at: string | Date, lang: Lang = 'fr', now: Date = new Date()): string {
  const days = daysAgo(at, now);
  const [to, on, yesterday] = lang === 'en' ? ['at', 'on ', 'yesterday'] : ['à', 'le ', 'hier'];
  const time = `${to} ${hour(at, lang)}`;
  if (days === 0) return time;
  if (days === 1) return `${yesterday} ${time}`;
  return thisWeek(days) ? `${lang === 'en' ? on : ''}${dayName(at, lang, now)} ${time}` : `${on}${shortDay(at)} ${time}`;
}

/** « 14 h 05 », « demain, 2 h 10 »: an end within a day. */
export function soon(at: string | Date, lang: Lang = 'fr', now: Date = new Date()): string {
  if (daysAgo(at, now) === 0) return hour(at, lang);
  return `${lang === 'en' ? 'tomorrow' : 'demain'}, ${hour(at, lang)}`;
}

/** For a list, short: « 8 h 10 », « hier », « samedi », « 12/03/2026 ». */
export function whenShort(at: string | Date, lang: Lang = 'fr', now: Date = new Date()): string {
  const days = daysAgo(at, now);
  if (days === 0) return hour(at, lang);
  if (days === 1) return lang === 'en' ? 'yesterday' : 'hier';
  return thisWeek(days) ? new Intl.DateTimeFormat(locale(lang), { weekday: 'long' }).format(new Date(at)) : shortDay(at);
}

/** « Aujourd'hui, mardi 17 novembre », « Hier, lundi 16 novembre », « Samedi 14 mars 2025 » */
export function dayTitle(at: string | Date, lang: Lang = 'fr', now: Date = new Date()): string {
  const name = dayName(at, lang, now);
  const days = daysAgo(at, now);
  if (days === 0) return `${lang === 'en' ? 'Today' : 'Aujourd’hui'}, ${name}`;
  if (days === 1) return `${lang === 'en' ? 'Yesterday' : 'Hier'}, ${name}`;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The local day, to group by: « 2026-11-17 ». */
export function dayKey(at: string | Date): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
}
