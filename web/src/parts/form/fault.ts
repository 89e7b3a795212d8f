// What a refused form says: one sentence a field, and one for the whole.

import { ApiError, sentenceOf } from '../../app/app';

export interface Fault {
  /** For the whole; null when every error stands by a field. */
  whole: string | null;
  fields: Record<string, string>;
}

export const noFault: Fault = { whole: null, fields: {} };

/** `shown`: the names of the fields this form has. */
export function faultOf(error: unknown, shown: string[]): Fault {
  if (!(error instanceof ApiError)) return { whole: sentenceOf(error), fields: {} };
  const ours = error.errors.filter((one) => shown.includes(one.field));
  const fields = Object.fromEntries(ours.map((one) => [one.field, one.detail]));
  const all = error.errors.length > 0 && ours.length === error.errors.length;
  return { whole: all ? null : sentenceOf(error), fields };
}
