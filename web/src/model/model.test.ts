import { describe, expect, it } from 'vitest';
import { message } from '../testing/fakes';
import { audienceSentence, nobodyElse } from './audience';
import { categoryCodes, categoryLabel, categoryShort, inOrder } from './categories';
import { dayName, dayTitle, hour, soon, when, whenInSentence, whenShort } from './dates';
import { ageText, birthDate, bornSentence, matches, otherBirthName, parseBirthDate, patientName } from './identity';
import { newId } from './ids';
import { byTime, gone, merge, withReply, without } from './merge';
import { derived, Signal } from './signal';
import type { Audience, Patient } from './types';
import { teamItem } from '../testing/fakes';

const odette: Patient = teamItem().patient;
const now = new Date(2026, 10, 17, 14, 5);

describe('identity', () => {
  it('shows the name in use in capitals, and the birth name beside it', () => {
    expect(patientName(odette)).toBe('MARCILLAC Odette');
    expect(bornSentence(odette)).toBe('née DUFOUR');
    expect(bornSentence({ ...odette, sex: 'M' })).toBe('né DUFOUR');
    expect(bornSentence({ ...odette, sex: 'U' })).toBe('nom de naissance DUFOUR');
  });
  it('says no birth name that is the name shown', () => {
    expect(otherBirthName({ ...odette, used_name: 'DUFOUR' })).toBeNull();
    expect(patientName({ ...odette, used_name: null })).toBe('DUFOUR Odette');
    expect(patientName({ ...odette, used_name: 'Lévêque' })).toBe('LÉVÊQUE Odette');
  });
  it('counts years from the birthday, months for infants, days for newborns', () => {
    expect(birthDate('1939-03-12')).toBe('12/03/1939');
    expect(ageText('1939-03-12', 'fr', now)).toBe('87\u00a0ans');
    expect(ageText('1939-11-18', 'fr', now)).toBe('86\u00a0ans');
    expect(ageText('1939-11-17', 'fr', now)).toBe('87\u00a0ans');
    expect(ageText('2025-09-30', 'fr', now)).toBe('13\u00a0mois');
    expect(ageText('2026-11-16', 'fr', now)).toBe('1\u00a0jour');
    expect(ageText('2026-11-17', 'en', now)).toBe('0\u00a0days');
  });
  it('reads the dates people type and refuses those that do not exist', () => {
    expect(parseBirthDate('12/03/1939')).toBe('1939-03-12');
    expect(parseBirthDate('1.3.1939')).toBe('1939-03-01');
    expect(parseBirthDate('12031939')).toBe('1939-03-12');
    expect(parseBirthDate('29/02/2024')).toBe('2024-02-29');
    for (const wrong of ['29/02/2023', '31/04/1980', '12/13/1939', '12/03/39', '', '12/03/0039']) {
      expect(parseBirthDate(wrong), wrong).toBeNull();
    }
  });
  it('finds without case or accents, by any word', () => {
    expect(matches(odette, 'marcil odet')).toBe(true);
    expect(matches(odette, 'brevigny')).toBe(true);
    expect(matches(odette, '12/03/1939')).toBe(true);
    expect(matches(odette, 'marsillac')).toBe(false);
  });
});

describe('dates', () => {
  it('says hours the French way', () => {
    expect(hour(new Date(2026, 10, 17, 8, 10))).toBe('8\u00a0h\u00a010');
    expect(hour(new Date(2026, 10, 17, 8, 5))).toBe('8\u00a0h\u00a005');
    expect(hour(new Date(2026, 10, 17, 8, 5), 'en')).toBe('8:05');
  });
  it('says yesterday by the calendar, not by 24 hours', () => {
    expect(when(new Date(2026, 10, 16, 23, 59), 'fr', now)).toBe('hier, 23\u00a0h\u00a059');
    expect(when(new Date(2026, 10, 17, 0, 1), 'fr', now)).toBe('0\u00a0h\u00a001');
    expect(when(new Date(2026, 2, 12, 8, 10), 'fr', now)).toBe('12/03/2026, 8\u00a0h\u00a010');
    expect(soon(new Date(2026, 10, 18, 2, 10), 'fr', now)).toBe('demain, 2\u00a0h\u00a010');
    expect(soon(new Date(2026, 10, 17, 23, 5), 'en', now)).toBe('23:05');
    expect(whenInSentence(new Date(2026, 10, 16, 8, 10), 'fr', now)).toBe('hier à 8\u00a0h\u00a010');
  });
  it('names the day of this week, and gives the figures of others', () => {
    const saturday = new Date(2026, 10, 14, 8, 10);
    expect(when(saturday, 'fr', now)).toBe('samedi 14 novembre, 8\u00a0h\u00a010');
    expect(when(saturday, 'en', now)).toBe('Saturday 14 November, 8:10');
    expect(whenInSentence(saturday, 'fr', now)).toBe('samedi 14 novembre à 8\u00a0h\u00a010');
    expect(whenInSentence(saturday, 'en', now)).toBe('on Saturday 14 November at 8:10');
    expect(whenShort(saturday, 'fr', now)).toBe('samedi');
    expect(whenShort(new Date(2026, 10, 10), 'fr', now)).toBe('10/11/2026');
    expect(when(new Date(2026, 10, 18, 8, 10), 'fr', now)).toBe('18/11/2026, 8\u00a0h\u00a010');
    expect(dayName(new Date(2026, 10, 1), 'fr', now)).toBe('dimanche 1er novembre');
  });
  it('names the day', () => {
    expect(dayTitle(now, 'fr', now)).toBe('Aujourd’hui, mardi 17 novembre');
    expect(dayTitle(new Date(2026, 10, 16), 'fr', now)).toBe('Hier, lundi 16 novembre');
    expect(dayTitle(new Date(2025, 2, 14), 'fr', now)).toBe('Vendredi 14 mars 2025');
  });
});

describe('ids', () => {
  it('are UUIDv7: their time first, never twice the same', () => {
    const at = Date.UTC(2026, 10, 17);
    const id = newId(at);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at);
    expect(new Set(Array.from({ length: 500 }, () => newId(at))).size).toBe(500);
  });
});

describe('categories', () => {
  it('keeps the order of the matrix and the label the territory gave', () => {
    expect(categoryCodes.map((code) => categoryShort(code)).join(' ')).toBe('Méd Tra Soi Psy Aut Vie Soc Adm Org');
    expect(inOrder(['social', 'medical'])).toEqual(['medical', 'social']);
    expect(categoryLabel('nursing', 'fr', [{ code: 'nursing', label: 'Soins du territoire' }])).toBe('Soins du territoire');
    expect(categoryLabel('medication')).toBe('Traitements');
  });
});

describe('audience', () => {
  const reader = (id: string) => ({ professional: { id } as never, seats: [] });
  const audience = (readers: string[]): Audience => ({
    visible_to: readers.map(reader),
    hidden_from: [],
    as_of: '',
    total: 7,
  });
  it('counts the author', () => {
    expect(audienceSentence(audience(['a', 'b', 'c', 'd', 'me']))).toBe('Visible par 5 intervenants sur 7');
    expect(audienceSentence(audience(['me']))).toBe('Visible par 1 intervenant sur 7');
    expect(audienceSentence(audience(['me']), 'en')).toBe('Visible to 1 member of 7');
  });
  it('knows when nobody else reads', () => {
    expect(nobodyElse(audience(['me']), 'me')).toBe(true);
    expect(nobodyElse(audience(['me', 'a']), 'me')).toBe(false);
  });
});

describe('merge', () => {
  const first = message({ id: 'a', created_at: '2026-11-17T07:10:00.1Z' });
  const second = message({ id: 'b', created_at: '2026-11-17T07:10:00.12Z' });
  const third = message({ id: 'c', created_at: '2026-11-17T07:10:00.123456Z' });

  it('keeps the order of the server, whatever the order of arrival', () => {
    expect(merge(merge([], [third]), [second, first]).map((one) => one.id)).toEqual(['a', 'b', 'c']);
  });
  it('orders below a millisecond, where digits left out are zeros', () => {
    const later = message({ id: '0', created_at: '2026-11-17T07:10:00.1234Z' });
    expect([later, message({ id: '1', created_at: '2026-11-17T07:10:00.123Z' })].sort(byTime)[0]!.id).toBe('1');
  });
  it('is idempotent: the same list, the very same object', () => {
    const list = merge([], [first, second]);
    expect(merge(list, [])).toBe(list);
    expect(merge(list, [{ ...second }, { ...first }])).toBe(list);
    expect(merge(list, [first, second]).map((one) => one.id)).toEqual(['a', 'b']);
  });
  it('without a root, its answers stand alone', () => {
    const answer = { ...second, thread_id: first.id };
    expect(without([first, answer, third], [first.id])).toEqual([{ ...second, thread_id: null }, third]);
  });
  it('never loses a newer revision to an older frame', () => {
    const amended = { ...first, revision: 2, text: 'corrected' };
    expect(merge([amended], [first])[0]!.text).toBe('corrected');
    expect(merge([first], [amended])[0]!.text).toBe('corrected');
  });
  it('keeps what is personal when a frame, which has nothing personal, replaces a message', () => {
    const receipts = { delivered: 2, seen: 1, of: 4 };
    const kept = merge([{ ...first, receipts }], [{ ...first, revision: 2 }])[0]!;
    expect(kept.revision).toBe(2);
    expect(kept.receipts).toEqual(receipts);
    expect(merge([{ ...first, receipts }], [{ ...first, receipts: null }])[0]!.receipts).toBeNull();
  });
  it('finds what is gone from a page, and only within what the page covers', () => {
    expect(gone([first, second, third], [second], false).map((one) => one.id)).toEqual(['c']);
    expect(gone([first, second, third], [second], true).map((one) => one.id)).toEqual(['a', 'c']);
    expect(gone([first], [], false)).toEqual([]);
    expect(gone([first], [], true)).toEqual([first]);
  });
  it('counts a reply once', () => {
    const reply = message({ thread_id: 'a', created_at: '2026-11-17T08:00:00Z' });
    const once = withReply(first, reply, { fresh: true, foreign: true });
    expect(once.replies).toEqual({ count: 1, unread: 1, last_at: reply.created_at, authors: ['Nadia Ferhat'] });
    expect(withReply(once, reply, { fresh: false, foreign: true })).toBe(once);
    const same = withReply(once, { ...reply, id: 'other' }, { fresh: true, foreign: false });
    expect(same.replies).toMatchObject({ count: 2, unread: 1, authors: ['Nadia Ferhat'] });
  });
});

describe('signal', () => {
  it('tells on change only, and no more once left', () => {
    const signal = new Signal(1);
    const heard: number[] = [];
    const stop = signal.subscribe((value) => heard.push(value));
    signal.set(1);
    signal.set(2);
    stop();
    signal.set(3);
    expect(heard).toEqual([1, 2]);
  });
  it('derives', () => {
    const [a, b] = [new Signal(1), new Signal(2)];
    const heard: number[] = [];
    derived([a, b], () => a.get() + b.get()).subscribe((value) => heard.push(value));
    b.set(5);
    expect(heard).toEqual([3, 6]);
  });
});
