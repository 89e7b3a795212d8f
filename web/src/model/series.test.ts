import { describe, expect, it } from 'vitest';
import { axisOf, beyond, dayTicks, linesOf, limitText, nearest, readLimits, type Series, type Threshold } from './series';

const point = (at: string, ...values: [string, number][]) => ({
  at,
  message_id: at,
  author: { id: 'n', display_name: 'Nadia Ferhat' },
  components: values.map(([code, value]) => ({ code: code as 'value', value, unit: 'mm[Hg]' })),
});
const pressure: Series = {
  code: 'blood_pressure',
  points: [
    point('2026-11-17T07:10:00Z', ['systolic', 186], ['diastolic', 104]),
    point('2026-10-27T07:00:00Z', ['systolic', 152], ['diastolic', 84]),
  ],
};
const limits: Threshold[] = [
  { code: 'blood_pressure', component: 'systolic', low: null, high: 160 },
  { code: 'body_weight', component: 'value', low: 60, high: null },
];

describe('series', () => {
  it('makes a line of each component, oldest first, with its own thresholds', () => {
    const [systolic, diastolic] = linesOf(pressure, limits);
    expect(systolic!.values.map((one) => one.value)).toEqual([152, 186]);
    expect([systolic!.high, diastolic!.high]).toEqual([160, null]);
  });

  it('says what is out of bounds; on the bound is within', () => {
    expect(beyond(161, { low: null, high: 160 })).toBe('high');
    expect(beyond(160, { low: null, high: 160 })).toBeNull();
    expect(beyond(59, { low: 60, high: null })).toBe('low');
  });

  it('puts round figures around values and thresholds', () => {
    const axis = axisOf(linesOf(pressure, limits));
    expect(axis.from).toBeLessThanOrEqual(84);
    expect(axis.to).toBeGreaterThanOrEqual(186);
    expect(axis.ticks.every((tick) => tick % 5 === 0)).toBe(true);
    const flat = axisOf(linesOf({ code: 'inr', points: [point('2026-11-17T07:10:00Z', ['value', 2.5])] }, []));
    expect(flat.to - flat.from).toBeGreaterThan(0);
    expect(axisOf([]).ticks).toEqual([0, 1]);
  });

  it('names the last day and no more than there is room for', () => {
    const [from, to] = [Date.parse('2026-10-27T07:00:00Z'), Date.parse('2026-11-17T07:10:00Z')];
    const ticks = dayTicks(from, to, 4);
    expect(ticks.length).toBeLessThanOrEqual(4);
    expect(new Date(ticks.at(-1)!).getDate()).toBe(17);
    expect(dayTicks(to, to, 4).length).toBeGreaterThan(0);
  });

  it('finds the point nearest to a finger', () => {
    const points = [...pressure.points].reverse();
    expect(nearest(points, Date.parse('2026-11-16T00:00:00Z'))).toBe(1);
    expect(nearest(points, 0)).toBe(0);
  });

  it('reads limits as typed, and says which cannot be', () => {
    const bounds = { min: 20, max: 300 };
    const pressure = { systolic: { low: '', high: '160' }, diastolic: { low: '', high: '95' } };
    const { items, faults } = readLimits('blood_pressure', pressure, bounds);
    expect(items.map((one) => one.high)).toEqual([160, 95]);
    expect(faults).toEqual({});
    expect(limitText(items, String)).toBe('160/95');
    expect(readLimits('x', { value: { low: '80', high: '7O' } }, bounds).faults).toEqual({ 'value.high': 'limit_unreadable' });
    expect(readLimits('x', { value: { low: '80', high: '70' } }, bounds).faults).toEqual({ 'value.low': 'limit_order' });
  });
});
