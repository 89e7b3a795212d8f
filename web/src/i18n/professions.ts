// Professions as the reader's language calls them. The server's words are French, since what it tells goes to many at once.

import { derived, Signal, type Readable } from '../model/signal';
import type { Profession } from '../model/types';
import type { professions } from './en/professions';
import type { Lang } from './index';

type Words = typeof professions;

const english = new Signal<Words | null>(null);

/** `$professionIn(person.profession)` in a component; an unknown code keeps the server's words. */
export const professionsIn = (lang: Readable<Lang>) => words(lang, 0);
/** The same of several: « home helps ». */
export const professionsTogetherIn = (lang: Readable<Lang>) => words(lang, 1);

function words(lang: Readable<Lang>, form: 0 | 1): Readable<(profession: Profession) => string> {
  lang.subscribe((now) => {
    if (now === 'en') void load();
  });
  return derived([lang, english], () => {
    const known = lang.get() === 'en' ? english.get() : null;
    return (profession) => of(known?.[`${profession.system}#${profession.code}`], form) ?? profession.label;
  });
}

function of(found: Words[string] | undefined, form: 0 | 1): string | undefined {
  if (typeof found !== 'string') return found?.[form];
  return form === 0 ? found : `${found}s`;
}

/** Kept by the service worker with the rest; without it French words are better than none. */
async function load(): Promise<void> {
  if (english.get()) return;
  try {
    english.set((await import('./en/professions')).professions);
  } catch {
    // Asked again at the next change of language.
  }
}
