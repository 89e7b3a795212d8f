import { afterEach, describe, expect, it } from 'vitest';
import { en } from './en';
import { fr } from './fr';
import types from '../../../doctypes/doctypes.csv?raw';
import codes from '../../../professions/professions.csv?raw';
import skills from '../../../professions/specialities.csv?raw';
import { docTypes as ourTypes } from './doctypes';
import { professions } from './en/professions';
import { specialities as ourSkills } from './specialities';
import { docTypes, labelOf, lang, needDocTypes, professionIn, professionsTogether, t, tr, translate } from './index';
import type { Text } from './texts';

type Areas = Record<string, Record<string, Text>>;

const all = (areas: Areas): [string, string][] =>
  Object.entries(areas).flatMap(([area, texts]) =>
    Object.entries(texts).flatMap(([key, text]): [string, string][] =>
      typeof text === 'string'
        ? [[`${area}.${key}`, text]]
        : Object.entries(text).map(([form, one]) => [`${area}.${key}.${form}`, one]),
    ),
  );
const places = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

describe('the words', () => {
  const french = new Map(all(fr));
  const english = new Map(all(en as Areas));

  it('are the same keys in both languages, none empty', () => {
    expect([...english.keys()].sort()).toEqual([...french.keys()].sort());
    expect([...french, ...english].filter(([, text]) => text.trim() === '')).toEqual([]);
  });
  it('fill the same places in both', () => {
    for (const [key, text] of french) expect(places(english.get(key)!), key).toEqual(places(text));
  });
  it('avoid what our readers do not say', () => {
    const avoided =
      /erreur \d|\btoken|upload|\bposter|\bposté|publier|\bfeed\b|\btag\b|checker|ressource|non autorisé|oups|pris en charge|escalad|·|!/i;
    for (const [key, text] of french) expect(text, key).not.toMatch(avoided);
  });
});

describe('t', () => {
  afterEach(() => lang.set('fr'));

  it('chooses by number as each language does', () => {
    expect(translate('fr', 'dossier.replies', { count: 0 })).toBe('0 réponse');
    expect(translate('fr', 'dossier.replies', { count: 2 })).toBe('2 réponses');
    expect(translate('en', 'dossier.replies', { count: 0 })).toBe('0 replies');
    expect(translate('en', 'dossier.replies', { count: 1 })).toBe('1 reply');
  });
  it('chooses by person', () => {
    expect(t('dossier.wont_see', { gender: 'F' })).toBe('Elle ne verra pas cette réponse.');
    expect(t('dossier.wont_see', { gender: 'M' })).toBe('Il ne verra pas cette réponse.');
  });
  it('does not fill a place twice, nor read a value as a sentence', () => {
    expect(t('circle.add_confirm', { name: '{name}' })).toBe('Ajouter {name}');
  });
  it('never leaves a double sign alone on a line', () => {
    expect(t('patients.look_alike', { name: 'X ; Y' })).toBe(
      'Un dossier proche existe\u00a0: X ; Y. Est-ce la même personne\u00a0?',
    );
    expect(t('signin.demo_how')).toContain('«\u00a0demo\u00a0»');
  });
  it('follows the language, and remembers it', () => {
    const heard: string[] = [];
    const stop = tr.subscribe((say) => heard.push(say('common.cancel')));
    lang.set('en');
    stop();
    expect(heard).toEqual(['Annuler', 'Cancel']);
    expect(localStorage.getItem('liaison.lang')).toBe('en');
  });
});

describe('professions', () => {
  afterEach(() => lang.set('fr'));
  const rows = codes.trim().split('\n').slice(1).map((line) => line.split(','));

  it('are in English what the table of codes says, every one', () => {
    const several = (found: (typeof professions)[string]) => (typeof found === 'string' ? [found, `${found}s`] : found);
    const ours = Object.entries(professions).map(([key, found]) => [key, ...several(found)]);
    expect(ours).toEqual(rows.map((row) => [`${row[0]}#${row[1]}`, row[6], row[7]]));
  });
  it('keep the server’s words in French, and for a code not known here', async () => {
    const nurse = { system: 'TRE_G15', code: '60', label: 'infirmière', short: 'IDE' };
    const midwives = { system: 'TRE_G15', code: '50', label: 'sages-femmes', short: 'SF' };
    const unknown = { ...nurse, code: '999', label: 'métier nouveau' };
    const heard: string[] = [];
    const stop = professionIn.subscribe((say) => heard.push(say(nurse)));
    expect(heard).toEqual(['infirmière']);
    lang.set('en');
    await expect.poll(() => heard.at(-1)).toBe('nurse');
    stop();
    expect(professionsTogether.get()(nurse)).toBe('nurses');
    expect(professionsTogether.get()(midwives)).toBe('midwives');
    expect(professionIn.get()(unknown)).toBe('métier nouveau');
  });
});

describe('types of documents and specialities', () => {
  afterEach(() => lang.set('fr'));
  const rowsOf = (table: string) =>
    table.trim().split('\n').slice(1).map((line) => [...line.matchAll(/("[^"]*"|[^,]*)(?:,|$)/g)].map((cell) => cell[1]!.replace(/^"|"$/g, '')));
  const table = (text: string, columns: number) => rowsOf(text).map((row) => row.slice(0, columns));

  it('are what the tables of codes say, every one', () => {
    expect(ourTypes).toEqual(table(types, 4));
    expect(ourSkills).toEqual(table(skills, 5));
  });
  it('follow the language, and a code not known here is shown as it is', async () => {
    await needDocTypes();
    expect(labelOf(docTypes.get(), '68599-0')).toBe('Synthèse psychiatrique');
    lang.set('en');
    expect(labelOf(docTypes.get(), '68599-0')).toBe('Psychiatric summary');
    expect(labelOf(docTypes.get(), 'new')).toBe('new');
  });
  it('have a word for every group', () => {
    for (const [, group] of ourTypes) expect(t(`documents.group_${group}` as 'documents.group_summary')).not.toMatch(/^documents\./);
  });
});
