import { newId } from '../model/ids';
import { Signal } from '../model/signal';
import type { Db } from './db';
import type { Id } from '../model/types';
import type { Draft, DraftPlace, DraftsFace } from './shapes';

const PAUSE_MS = 500;

export const draftKey = (place: DraftPlace) => [place.team_id, place.channel_id, place.thread_id ?? ''].join('|');

export function emptyDraft({ team_id, channel_id, thread_id }: DraftPlace): Draft {
  return {
    id: newId(),
    team_id,
    channel_id,
    thread_id,
    category: null,
    text: '',
    note_type: null,
    urgent: false,
    measures: [],
    masks: [],
    only_to: [],
    mentions: [],
    documents: [],
    saved_at: new Date().toISOString(),
  };
}

export function hasContent(draft: Draft): boolean {
  return draft.text.trim() !== '' || draft.measures.length > 0 || draft.documents.length > 0;
}

export class Drafts implements DraftsFace {
  readonly list = new Signal<Draft[]>([]);
  readonly #db: Db;
  readonly #pending = new Map<string, Draft>();
  /** Ids that left; a late keystroke must not bring their text back. */
  readonly #posted = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Db) {
    this.#db = db;
  }

  async load(): Promise<void> {
    const all = (await this.#db.drafts()).map(({ key: _key, ...draft }) => draft);
    this.list.set(all.filter(hasContent).sort((a, b) => (a.saved_at < b.saved_at ? 1 : -1)));
  }

  async open(place: DraftPlace): Promise<Draft> {
    const key = draftKey(place);
    const pending = this.#pending.get(key);
    if (pending) return pending;
    const known = await this.#db.draft(key);
    if (!known) return emptyDraft(place);
    const { key: _key, ...draft } = known;
    return draft;
  }

  save(draft: Draft): void {
    if (this.#posted.has(draft.id)) return;
    const plain = toPlain(draft);
    this.#pending.set(draftKey(draft), { ...plain, saved_at: new Date().toISOString() });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), PAUSE_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    const drafts = [...this.#pending.entries()];
    this.#pending.clear();
    this.#writing = this.#writing.then(() => this.#write(drafts));
    return this.#writing;
  }

  async clear(place: DraftPlace): Promise<void> {
    const pending = this.#pending.get(draftKey(place));
    this.#pending.delete(draftKey(place));
    await this.#writing;
    await this.#db.removeFiles((pending?.documents ?? []).map((one) => one.file));
    await this.#db.removeDraft(draftKey(place));
    await this.load();
  }

  /** Called before the draft moves to the outbox: nothing pending may be written after that. False the second time. */
  async posting(draft: Draft): Promise<boolean> {
    if (this.#posted.has(draft.id)) return false;
    this.#posted.add(draft.id);
    const key = draftKey(draft);
    if (this.#pending.get(key)?.id === draft.id) this.#pending.delete(key);
    await this.#writing;
    return true;
  }

  /** The outbox could not keep it: it is a draft again. */
  notPosted(draft: Draft): void {
    this.#posted.delete(draft.id);
    this.save(draft);
  }

  /** What was being answered is no longer for us: the answer stays, as a note of its own. */
  async standAlone(roots: Id[]): Promise<void> {
    await this.flush();
    for (const { key, ...answer } of await this.#db.drafts()) {
      if (!answer.thread_id || !roots.includes(answer.thread_id) || this.#posted.has(answer.id)) continue;
      await this.#db.joinDraft(key, draftKey({ ...answer, thread_id: null }), joined);
    }
    await this.load();
  }

  async #write(drafts: [string, Draft][]): Promise<void> {
    for (const [key, draft] of drafts) {
      if (this.#posted.has(draft.id)) continue;
      if (hasContent(draft)) await this.#db.putDraft({ ...draft, key });
      else await this.#db.removeDraft(key);
    }
    if (drafts.length > 0) await this.load();
  }
}

/** An answer that stands alone, after what was being written there already. */
function joined(answer: Draft, there: Draft | undefined): Draft {
  if (!there || !hasContent(there)) return { ...answer, thread_id: null };
  const text = [there.text, answer.text].filter((one) => one.trim() !== '').join('\n\n');
  return { ...there, text, measures: [...there.measures, ...answer.measures], documents: [...there.documents, ...answer.documents] };
}

/** A page's draft may be a proxy, which a database cannot clone. */
export function toPlain(draft: Draft): Draft {
  return JSON.parse(JSON.stringify(draft)) as Draft;
}
