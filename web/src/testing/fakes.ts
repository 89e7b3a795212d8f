// What tests put in the place of the world.

import type { ChangeEvent, Member, Message, SyncAnswer, Team, TeamItem } from '../model/types';
import type { Draft } from '../app/shapes';
import { emptyDraft } from '../app/drafts';
import { Db } from '../app/db';
import type { Socket } from '../app/live';

export const TEAM = 'team-1';
export const CHANNEL = 'channel-1';
export const ME = 'person-me';
export const OTHER = 'person-other';

// Node's, which tests leave real while other clocks are fake.
declare const setImmediate: (run: () => void) => void;

let count = 0;
export const unique = (name: string) => `${name}-${++count}`;

export function message(change: Partial<Message> = {}): Message {
  const id = change.id ?? unique('message');
  return {
    id,
    channel_id: CHANNEL,
    author: person(OTHER, 'Nadia Ferhat'),
    category: 'nursing',
    text: `text of ${id}`,
    thread_id: null,
    note_type: 'GEN',
    urgent: false,
    measures: [],
    documents: [],
    mentions: [],
    masks: [],
    only_to: [],
    written_at: null,
    created_at: '2026-11-17T07:10:00Z',
    revision: 1,
    state: 'posted',
    amended_at: null,
    withdrawn: null,
    ...change,
  };
}

export function person(id: string, display_name: string) {
  const profession = { system: 'TRE_G15', code: '60', label: 'Infirmière', short: 'IDE' };
  return { id, display_name, gender: 'F' as const, profession };
}

export function teamItem(change: Partial<TeamItem> = {}): TeamItem {
  return {
    id: TEAM,
    patient: {
      id: 'patient-1',
      birth_name: 'Dufour',
      used_name: 'Marcillac',
      given_names: 'Odette Marie',
      sex: 'F',
      birth_date: '1939-03-12',
      birth_place: null,
      birth_place_code: null,
      identity_status: 'QUAL',
      ins: null,
      address: null,
      town: 'Brévigny-sur-Orselle',
      door_code: null,
      telephones: [],
      carers: [],
      information: null,
      homonyms: [],
    },
    my_seats: ['intervenant'],
    channels: [{ id: CHANNEL, kind: 'notebook', unread: 0, last_at: null }],
    unread: 0,
    open_alerts: 0,
    last_at: null,
    ...change,
  };
}

export function team(change: Partial<Team> = {}): Team {
  const my = { reads: [], writes: [], alerts: [], actions: [], default_category: null };
  return { ...teamItem(), members: [] as Member[], my, ...change };
}

export function draft(change: Partial<Draft> = {}): Draft {
  const place = { team_id: TEAM, channel_id: CHANNEL, thread_id: null };
  return { ...emptyDraft(place), category: 'nursing', text: 'TA 186/104', ...change };
}

export function created(one: Message): ChangeEvent {
  return { type: 'message.created', channel_id: one.channel_id, message: one };
}

export function syncAnswer(change: Partial<SyncAnswer> = {}): SyncAnswer {
  return { cursor: 'cursor-1', more: false, channels: [], events: [], resets: [], ...change };
}

/** A database of its own for each test. */
export function openDb(): Promise<Db> {
  return Db.open(unique('account'));
}

export class FakeSocket implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  closed = false;

  close(): void {
    this.closed = true;
  }
  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  drop(code = 1006): void {
    this.onclose?.({ code });
  }
}

/** Waits for real work (a database has its own clock) until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await holds()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  throw new Error('it never came to hold');
}

/** A promise and its ends. */
export function gate<T>() {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
