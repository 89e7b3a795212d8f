// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Document } from '../model/types';
import { CHANNEL, draft, message, openDb, TEAM, unique, until } from '../testing/fakes';
import { contentOf, localDocument, Server } from '../testing/documents';
import type { Db } from './db';
import { Drafts } from './drafts';
import { ApiError, Offline } from './http';
import { Outbox } from './outbox';
import type { LocalDocument, UploadProgress } from './shapes';
import { openTabs, turnFor } from './tabs';
import { Uploads } from './uploads';

const KB = 1024;
let db: Db;
let server: Server;
let posted: string[][];

beforeEach(async () => {
  db = await openDb();
  server = new Server();
  posted = [];
});

/** A page: its own outbox over the device's one database. */
function page(name = unique('uploads')) {
  const drafts = new Drafts(db);
  const uploads = new Uploads({ db, api: server });
  const seen: UploadProgress[] = [];
  uploads.progress.subscribe((all) => seen.push(...Object.values(all)));
  const outbox = new Outbox({
    db,
    drafts,
    uploads,
    tabs: openTabs(name),
    turn: turnFor(name),
    send: async (_channel, body) => {
      const ids = body.document_ids ?? [];
      if (!ids.every((id) => server.whole(id))) throw new ApiError(422, { code: 'document_unknown' });
      posted.push([body.text, ...ids]);
      return message({ id: body.id, text: body.text });
    },
    sent: async (one) => void (await db.apply({ messages: [one], sent: [one.id] })),
    random: () => 1,
  });
  return { outbox, drafts, seen };
}

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const two = async (size = 700 * KB): Promise<LocalDocument[]> => [await localDocument(db, { size }), await localDocument(db, { size })];

async function quiet(outbox: Outbox): Promise<void> {
  outbox.wake();
  await outbox.flush();
}

describe('the files of a note', () => {
  it('arrive before the note, in order, and leave the device with it', async () => {
    const { outbox, seen } = page();
    const documents = await two();
    await outbox.post(draft({ text: 'plaie', documents }));
    await outbox.flush();
    expect(posted).toEqual([['plaie', documents[0]!.id, documents[1]!.id]]);
    for (const one of documents) expect(await db.file(one.file)).toBeNull();
    expect(seen.at(-1)).toMatchObject({ place: 2, total: 2, photos: true, sent: 700 * KB, size: 700 * KB });
    expect(outbox.progress.get()).toEqual({});
  });

  it('go on from where they were when the network dies in the middle of the second: each arrives once', async () => {
    const { outbox } = page();
    const [first, second] = await two();
    server.cutAfter(second!.id, 300 * KB);
    await outbox.post(draft({ text: 'plaie', documents: [first!, second!] }));
    await outbox.flush();
    expect(posted).toEqual([]);
    expect(outbox.items.get()).toMatchObject([{ state: 'waiting' }]);
    expect(server.received(second!.id)).toBe(300 * KB);

    server.repair();
    await quiet(outbox);
    expect(posted).toEqual([['plaie', first!.id, second!.id]]);
    expect(same(server.bytesOf(first!.id), contentOf(first!))).toBe(true);
    expect(same(server.bytesOf(second!.id), contentOf(second!))).toBe(true);
    expect(server.taken.get(first!.id)).toBe(700 * KB);
    expect(server.taken.get(second!.id)).toBe(700 * KB);
  });

  it('go on after the page died and was opened again', async () => {
    const dying = page();
    const [first, second] = await two();
    server.hangAfter(second!.id, 300 * KB);
    await dying.outbox.post(draft({ documents: [first!, second!] }));
    await until(() => server.hanging);
    server.repair();
    const { outbox } = page();
    await quiet(outbox);
    expect(posted).toHaveLength(1);
    expect(server.taken.get(second!.id)).toBe(700 * KB);
    await dying.outbox.close();
    expect(posted).toHaveLength(1);
  });

  it('believe the server about the offset when an answer was lost', async () => {
    const { outbox } = page();
    const one = await localDocument(db, { size: 700 * KB });
    server.loseAnswers(one.id, 1);
    await outbox.post(draft({ documents: [one] }));
    await outbox.flush();
    await quiet(outbox);
    expect(posted).toHaveLength(1);
    expect(server.taken.get(one.id)).toBe(700 * KB);
  });

  it('take another offset in the middle for what it is', async () => {
    const { outbox } = page();
    const one = await localDocument(db, { size: 700 * KB });
    server.jump(one.id, 100 * KB);
    await outbox.post(draft({ documents: [one] }));
    await outbox.flush();
    expect(posted).toHaveLength(1);
    expect(same(server.bytesOf(one.id), contentOf(one))).toBe(true);
  });

  it('wait with the server’s sentence when it has no room, and leave afterwards', async () => {
    const { outbox } = page();
    const one = await localDocument(db);
    server.refuse(one.id, new ApiError(507, { code: 'storage_full', detail: 'plus de place' }));
    await outbox.post(draft({ documents: [one] }));
    await outbox.flush();
    expect(outbox.items.get()).toMatchObject([{ state: 'waiting', error: 'plus de place', error_code: 'storage_full' }]);
    server.repair();
    await quiet(outbox);
    expect(posted).toHaveLength(1);
  });

  it('ask again for what the server could not finish', async () => {
    const { outbox } = page();
    const one = await localDocument(db, { size: 100 });
    server.finishLater(one.id, new ApiError(503, { code: 'scanner_unavailable', detail: 'plus tard' }));
    await outbox.post(draft({ documents: [one] }));
    await outbox.flush();
    expect(server.received(one.id)).toBe(100);
    server.repair();
    await quiet(outbox);
    expect(posted).toHaveLength(1);
    expect(server.taken.get(one.id)).toBe(100);
  });

  it('do not hold back an urgent note, nor another channel', async () => {
    const { outbox } = page();
    const one = await localDocument(db, { size: 700 * KB });
    let asked: Promise<void> | null = null;
    const send = server.sendPiece;
    vi.spyOn(server, 'sendPiece').mockImplementation(async (...given) => {
      asked ??= outbox.post(draft({ text: 'urgent', urgent: true })).then(() => outbox.post(draft({ text: 'ailleurs', channel_id: 'other' }))).then(() => outbox.post(draft({ text: 'après' })));
      await asked;
      return send.apply(server, given);
    });
    await outbox.post(draft({ text: 'long', documents: [one] }));
    await outbox.flush();
    await outbox.flush();
    expect(posted.map(([text]) => text)).toEqual(['urgent', 'ailleurs', 'long', 'après']);
  });
});

describe('a document that is refused', () => {
  const refusal = new ApiError(422, { code: 'document_type', detail: 'Ce fichier n’est pas un PDF malgré son nom.' });

  async function refused() {
    const { outbox, drafts } = page();
    const documents = await two(100);
    server.refuse(documents[1]!.id, refusal);
    const one = draft({ text: 'plaie', documents });
    await outbox.post(one);
    await outbox.flush();
    return { outbox, drafts, documents, id: one.id };
  }

  it('leaves the note here with the sentence and the file it is about', async () => {
    const { outbox, documents } = await refused();
    expect(outbox.items.get()).toMatchObject([
      { state: 'refused', error: refusal.detail, error_code: 'document_type', error_document: documents[1]!.id, body: { text: 'plaie' } },
    ]);
    expect(posted).toEqual([]);
  });

  it('may be taken out, and the rest leaves', async () => {
    const { outbox, documents, id } = await refused();
    await outbox.withoutDocument(id, documents[1]!.id);
    await outbox.flush();
    expect(posted).toEqual([['plaie', documents[0]!.id]]);
    expect(await db.file(documents[1]!.file)).toBeNull();
  });

  it('comes back to the draft with the others and the text', async () => {
    const { outbox, documents, id } = await refused();
    const back = await outbox.takeBack(id);
    expect(back).toMatchObject({ text: 'plaie', documents: [{ id: documents[0]!.id, declared: '' }, { id: documents[1]!.id, declared: '' }] });
    expect(await db.file(documents[0]!.file)).not.toBeNull();
    // With another caption it is another document: the server would take the same id for a mistake.
    await outbox.post({ ...back!, documents: [{ ...back!.documents[0]!, caption: 'talon' }] });
    await outbox.flush();
    expect(posted[0]![0]).toBe('plaie');
    expect(posted[0]![1]).not.toBe(documents[0]!.id);
  });

  it('is another document under another type too', async () => {
    const { outbox, documents, id } = await refused();
    const back = await outbox.takeBack(id);
    await outbox.post({ ...back!, documents: [{ ...back!.documents[0]!, document_type: '68599-0' }] });
    await outbox.flush();
    expect(posted[0]![1]).not.toBe(documents[0]!.id);
  });

  it('takes the note along when nothing else was in it', async () => {
    const { outbox } = page();
    const one = await localDocument(db, { size: 100 });
    server.refuse(one.id, refusal);
    const note = draft({ text: '', documents: [one] });
    await outbox.post(note);
    await outbox.flush();
    await outbox.withoutDocument(note.id, one.id);
    expect(await db.outbox()).toEqual([]);
  });

  it('is said too when this device no longer has it', async () => {
    const { outbox } = page();
    const one = await localDocument(db, { size: 100 });
    await db.removeFiles([one.file]);
    await outbox.post(draft({ documents: [one] }));
    await outbox.flush();
    expect(outbox.items.get()).toMatchObject([{ state: 'refused', error_code: 'file_unreadable', error_document: one.id }]);
  });
});

describe('what is kept of files', () => {
  it('goes with a discarded note, with a cleared draft, and stays with a lost circle', async () => {
    const { outbox, drafts } = page();
    const [discarded, cleared, kept] = [await localDocument(db), await localDocument(db), await localDocument(db)];
    server.refuse(discarded.id, new ApiError(422, { code: 'document_type', detail: 'non' }));
    const note = draft({ documents: [discarded] });
    await outbox.post(note);
    await outbox.flush();
    await outbox.discard(note.id);
    expect(await db.file(discarded.file)).toBeNull();

    drafts.save(draft({ text: '', documents: [cleared] }));
    await drafts.flush();
    expect(drafts.list.get()).toHaveLength(1);
    await drafts.clear({ team_id: TEAM, channel_id: CHANNEL, thread_id: null });
    expect(await db.file(cleared.file)).toBeNull();

    drafts.save(draft({ documents: [kept] }));
    await drafts.flush();
    await db.dropTeam(TEAM);
    expect(await db.file(kept.file)).not.toBeNull();
  });

  it('is swept when nothing names it any more, but not at once', async () => {
    const [orphan, named] = [await localDocument(db), await localDocument(db)];
    await new Drafts(db).load();
    await db.putDraft({ ...draft({ documents: [named] }), key: 'k' });
    await db.sweepFiles('2000-01-01T00:00:00Z');
    expect(await db.file(orphan.file)).not.toBeNull();
    await db.sweepFiles('2999-01-01T00:00:00Z');
    expect(await db.file(orphan.file)).toBeNull();
    expect(await db.file(named.file)).not.toBeNull();
  });
});

it('a hotel’s page is no answer', async () => {
  const one = await localDocument(db);
  const uploads = new Uploads({ db, api: { ...server, createDocument: async () => undefined as unknown as Document, documentOffset: server.documentOffset, sendPiece: server.sendPiece } });
  const item = { id: 'i', team_id: TEAM, channel_id: CHANNEL, body: { id: 'i', category: 'nursing' as const, text: '' }, documents: [one], state: 'waiting' as const, at: '', tries: 0 };
  await expect(uploads.deliver(item, async () => {})).rejects.toThrow(Offline);
});
