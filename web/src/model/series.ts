// Measures over time: lines, bounds and axes, before anything is drawn.

import type { Component, Id, Instant, Measure } from './types';

/** One measuring: when, in which note, by whom, what. */
export interface Point {
  at: Instant;
  message_id: Id;
  author: { id: Id; display_name: string };
  components: Component[];
}

/** A note of the same period that carries no measure of this kind: something may have happened then. */
export interface Mark {
  at: Instant;
  message_id: Id;
  urgent: boolean;
}

export interface Threshold {
  code: string;
  component: string;
  low: number | null;
  high: number | null;
}

export interface Series {
  code: string;
  points: Point[];
}

export interface Line {
  component: Component['code'];
  low: number | null;
  high: number | null;
  values: { at: number; value: number; point: Point }[];
}

/** A line for each component, in the order they are said (systolic before diastolic), times ascending. */
export function linesOf(series: Series, thresholds: Threshold[]): Line[] {
  const lines = new Map<string, Line>();
  const sorted = [...series.points].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  for (const point of sorted) {
    for (const { code, value } of point.components) {
      let line = lines.get(code);
      if (!line) {
        const limit = thresholds.find((one) => one.code === series.code && one.component === code);
        lines.set(code, (line = { component: code, low: limit?.low ?? null, high: limit?.high ?? null, values: [] }));
      }
      line.values.push({ at: Date.parse(point.at), value, point });
    }
  }
  return [...lines.values()];
}

export function beyond(value: number, line: Pick<Line, 'low' | 'high'>): 'low' | 'high' | null {
  if (line.high !== null && value > line.high) return 'high';
  return line.low !== null && value < line.low ? 'low' : null;
}

export interface Axis {
  from: number;
  to: number;
  ticks: number[];
}

/** Round figures around the values and thresholds; never one flat line on the floor. */
export function axisOf(lines: Line[], wanted = 4): Axis {
  const shown = lines.flatMap((line) => [...line.values.map((one) => one.value), ...limitsOf(line)]);
  if (shown.length === 0) return { from: 0, to: 1, ticks: [0, 1] };
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const step = niceStep(Math.max(most - least, Math.abs(most) * 0.05, 0.1) / wanted);
  const from = Math.floor(least / step) * step;
  const to = Math.max(Math.ceil(most / step) * step, from + step);
  const ticks: number[] = [];
  for (let i = 0; from + i * step <= to + step / 1000; i++) ticks.push(round(from + i * step));
  return { from: round(from), to: ticks.at(-1)!, ticks };
}

export function limitsOf(line: Pick<Line, 'low' | 'high'>): number[] {
  return [line.low, line.high].filter((one) => one !== null);
}

function niceStep(rough: number): number {
  const ten = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5, 10].find((one) => one * ten >= rough) ?? 10) * ten;
}

const round = (value: number) => Math.round(value * 1e6) / 1e6;

const DAY = 86_400_000;

/** Days to write under the chart: the first, the last, and as many between as there is room for. */
export function dayTicks(from: number, to: number, most: number): number[] {
  const start = midnight(from);
  const days = Math.max(1, Math.round((midnight(to) - start) / DAY));
  const step = Math.max(1, Math.ceil(days / Math.max(1, most - 1)));
  const out: number[] = [];
  for (let day = days; day >= 0; day -= step) out.unshift(addDays(start, day));
  return out;
}

function midnight(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** By the calendar: a day of the change of hour is not 24 hours long. */
function addDays(at: number, days: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** The value nearest to a place on the axis of time, for the finger and the arrow keys. */
export function nearest(points: Point[], at: number): number {
  let best = 0;
  for (let i = 1; i < points.length; i++) {
    if (Math.abs(Date.parse(points[i]!.at) - at) < Math.abs(Date.parse(points[best]!.at) - at)) best = i;
  }
  return best;
}

/** What the server says of a circle's measures. */
export interface Measured {
  items: Series[];
  /** The other notes of the same time. */
  notes: Mark[];
}

/** What was measured, without the notes that are no longer for this person. */
export function withoutNotes(measured: Measured, gone: ReadonlySet<Id>): Measured {
  if (gone.size === 0) return measured;
  const items = measured.items.map((one) => ({ ...one, points: one.points.filter((point) => !gone.has(point.message_id)) }));
  return { items: items.filter((one) => one.points.length > 0), notes: measured.notes.filter((note) => !gone.has(note.message_id)) };
}

/** « seuil 160/95 »: the upper limits of a kind, else the lower ones; empty when there are none. */
export function limitText(lines: Pick<Line, 'low' | 'high'>[], say: (value: number) => string): string {
  const side = lines.some((line) => line.high !== null) ? 'high' : 'low';
  const values = lines.map((line) => line[side]);
  return values.every((one) => one === null) ? '' : values.map((one) => (one === null ? '–' : say(one))).join('/');
}

export type LimitFault = 'limit_unreadable' | 'limit_order';

/** Limits as typed, decimal comma or point; empty is none. Faults are by « component.side ». */
export function readLimits(
  code: string,
  fields: Record<string, { low: string; high: string }>,
  bounds: { min: number; max: number },
): { items: Threshold[]; faults: Record<string, LimitFault> } {
  const items: Threshold[] = [];
  const faults: Record<string, LimitFault> = {};
  for (const [component, typed] of Object.entries(fields)) {
    const [low, high] = (['low', 'high'] as const).map((side) => {
      const value = numberOf(typed[side], bounds);
      if (value === undefined) faults[`${component}.${side}`] = 'limit_unreadable';
      return value ?? null;
    }) as [number | null, number | null];
    if (low !== null && high !== null && low >= high) faults[`${component}.low`] = 'limit_order';
    items.push({ code, component, low, high });
  }
  return { items, faults };
}

/** Nothing typed is null; what is no possible number is undefined. */
function numberOf(text: string, bounds: { min: number; max: number }): number | null | undefined {
  const typed = text.trim();
  if (typed === '') return null;
  if (!/^\d{1,4}([.,]\d{1,3})?$/.test(typed)) return undefined;
  const value = Number(typed.replace(',', '.'));
  return value >= bounds.min && value <= bounds.max ? value : undefined;
}

/** Where a measure lies to the thresholds of its kind: « seuil 160/95 » when one of its figures is beyond. */
export function flagOf(measure: Pick<Measure, 'code' | 'components'>, thresholds: Threshold[]): { side: 'low' | 'high'; limits: (number | null)[] } | null {
  const limits = measure.components.map(({ code }) => thresholds.find((one) => one.code === measure.code && one.component === code) ?? { low: null, high: null });
  const side = measure.components.map(({ value }, i) => beyond(value, limits[i]!)).find((one) => one !== null);
  return side ? { side, limits: limits.map((one) => one[side]) } : null;
}
