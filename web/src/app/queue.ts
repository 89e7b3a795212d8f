// What waits to leave: its order, whether two are the same, and one without a file of it.

import type { Id, Message, NewMessage } from '../model/types';
import type { OutboxItem } from './shapes';

/** Ids hold their time, so two of the same millisecond still have an order. */
export function byQueue(a: OutboxItem, b: OutboxItem): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

export function sameContent(a: NewMessage | Message, b: NewMessage): boolean {
  return a.text === b.text && a.category === b.category && (a.thread_id ?? null) === (b.thread_id ?? null);
}

/** Null: nothing else was in it. */
export function withoutDocument(item: OutboxItem, document: Id): OutboxItem | null {
  const documents = (item.documents ?? []).filter((one) => one.id !== document);
  const { document_ids: _ids, ...body } = item.body;
  if (documents.length === 0 && body.text.trim() === '' && !body.measures) return null;
  if (documents.length === 0) return { ...item, documents, body };
  return { ...item, documents, body: { ...body, document_ids: documents.map((one) => one.id) } };
}
