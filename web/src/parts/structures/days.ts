// The days of a form, as the moments the server is told.

import { dayKey } from '../../model/dates';

/** Today, or no day, is at once. */
export function beginning(day: string): string | undefined {
  return !day || day === dayKey(new Date()) ? undefined : new Date(`${day}T00:00:00`).toISOString();
}

/** The whole of the last day. */
export function ending(day: string): string | undefined {
  return day ? new Date(`${day}T23:59:59`).toISOString() : undefined;
}
