// Measures: what is typed, understood, refused and shown.

import type { Lang } from './dates';
import type { Component, Measure } from './types';

export interface MeasureKind {
  code: string;
  short: [string, string];
  label: [string, string];
  /** UCUM, sent. */
  unit: string;
  /** Shown. */
  shown: [string, string];
  min: number;
  max: number;
  decimals: number;
  example: string;
}

const kind = (
  code: string,
  short: [string, string],
  label: [string, string],
  unit: string,
  shown: [string, string],
  [min, max, decimals]: [number, number, number],
  example: string,
): MeasureKind => ({ code, short, label, unit, shown, min, max, decimals, example });

const same = (text: string): [string, string] => [text, text];

/** In the order they are offered. */
export const measureKinds: MeasureKind[] = [
  kind('blood_pressure', ['TA', 'BP'], ['Tension artérielle', 'Blood pressure'], 'mm[Hg]', same('mmHg'), [20, 300, 0], '186/104'),
  kind('heart_rate', ['FC', 'HR'], ['Fréquence cardiaque', 'Heart rate'], '/min', ['/min', '/min'], [20, 300, 0], '88'),
  kind('oxygen_saturation', same('SpO2'), ['Saturation en oxygène', 'Oxygen saturation'], '%', same('%'), [30, 100, 0], '96'),
  kind('body_temperature', ['T°', 'Temp'], ['Température', 'Temperature'], 'Cel', same('°C'), [25, 45, 1], '37,2'),
  kind('body_weight', ['Poids', 'Weight'], ['Poids', 'Weight'], 'kg', same('kg'), [0.3, 400, 3], '71,4'),
  kind('capillary_glucose', ['Glyc', 'Gluc'], ['Glycémie capillaire', 'Capillary glucose'], 'g/L', same('g/L'), [0.1, 9.9, 2], '1,38'),
  kind('respiratory_rate', ['FR', 'RR'], ['Fréquence respiratoire', 'Respiratory rate'], '/min', same('/min'), [3, 90, 0], '16'),
  kind('inr', same('INR'), same('INR'), '1', same(''), [0.5, 20, 2], '2,5'),
  kind('pain', ['EN', 'Pain'], ['Douleur (EN 0–10)', 'Pain (NRS 0–10)'], '{score}', same('/10'), [0, 10, 0], '4'),
];

const byCode = new Map(measureKinds.map((one) => [one.code, one]));
const at = (lang: Lang) => (lang === 'en' ? 1 : 0);

export function measureKind(code: string): MeasureKind | undefined {
  return byCode.get(code);
}
export function measureShort(code: string, lang: Lang = 'fr'): string {
  return byCode.get(code)?.short[at(lang)] ?? code;
}
export function measureLabel(code: string, lang: Lang = 'fr'): string {
  return byCode.get(code)?.label[at(lang)] ?? code;
}
export function measureUnit(code: string, lang: Lang = 'fr'): string {
  return byCode.get(code)?.shown[at(lang)] ?? '';
}

export type MeasureFault = 'unreadable' | 'impossible';
export type Parsed =
  | { ok: true; components: Component[]; /** To be confirmed: typed in another unit. */ converted: boolean }
  | { ok: false; fault: MeasureFault };

const NUMBER = '(\\d{1,4}(?:[.,]\\d{1,3})?)';
const PRESSURE = new RegExp(`^${NUMBER}\\s*[/\\\\\\s-]\\s*${NUMBER}$`);
const refused = (fault: MeasureFault): Parsed => ({ ok: false, fault });

/** « 186/104 »; « 18,6/10,4 » and « 18/10 » are centimetres of mercury, converted, to be confirmed. */
export function parseBloodPressure(text: string): Parsed {
  const found = PRESSURE.exec(text.trim().replace(/\s*(mmHg|cmHg)$/i, ''));
  if (!found) return refused('unreadable');
  const [high, low] = [toNumber(found[1]!), toNumber(found[2]!)];
  const converted = high < 30 && low < 20;
  const [systolic, diastolic] = converted ? [tenfold(high), tenfold(low)] : [high, low];
  if (!Number.isInteger(systolic) || !Number.isInteger(diastolic)) return refused('impossible');
  const fits = inside(systolic, 40, 300) && inside(diastolic, 20, 200) && diastolic < systolic;
  if (!fits) return refused('impossible');
  const unit = 'mm[Hg]';
  return {
    ok: true,
    converted,
    components: [
      { code: 'systolic', value: systolic, unit },
      { code: 'diastolic', value: diastolic, unit },
    ],
  };
}

/** Any measure, as typed; decimal comma or point. */
export function parseMeasure(code: string, text: string): Parsed {
  if (code === 'blood_pressure') return parseBloodPressure(text);
  const rule = byCode.get(code);
  if (!rule || !/^\d{1,4}([.,]\d{1,4})?$/.test(text.trim())) return refused('unreadable');
  const value = toNumber(text.trim());
  if (!inside(value, rule.min, rule.max)) return refused('impossible');
  if (decimals(text) > rule.decimals) return refused('unreadable');
  return { ok: true, converted: false, components: [{ code: 'value', value, unit: rule.unit }] };
}

function inside(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function decimals(text: string): number {
  return text.trim().replace(',', '.').split('.')[1]?.replace(/0+$/, '').length ?? 0;
}

function toNumber(text: string): number {
  return Number(text.replace(',', '.'));
}

function tenfold(cm: number): number {
  return Math.round(cm * 1000) / 100;
}

const NARROW = '\u202f';

/** « TA 18/300 impossible. Vérifiez la saisie (en mmHg, ex. 186/104). » */
export function faultSentence(code: string, text: string, fault: MeasureFault, lang: Lang = 'fr'): string {
  const unit = measureUnit(code, lang);
  const example = measureKind(code)?.example ?? '';
  const typed = text.trim();
  if (lang === 'en') {
    const hint = `${unit ? `in ${unit}, ` : ''}e.g. ${example.replace(',', '.')}`;
    const what = fault === 'impossible' ? 'is impossible' : 'is not understood';
    return `${measureShort(code, lang)} ${typed} ${what}. Check the entry (${hint}).`;
  }
  const hint = `${unit ? `en ${unit}, ` : ''}ex. ${example}`;
  const what = fault === 'impossible' ? 'impossible' : 'n’est pas compris';
  return `${measureShort(code)} ${typed} ${what}. Vérifiez la saisie (${hint}).`;
}

export function formatNumber(value: number, lang: Lang = 'fr'): string {
  const text = String(value);
  return lang === 'en' ? text : text.replace('.', ',');
}

/** « 186/104 », « 37,2 » */
export function measureValue(measure: Pick<Measure, 'components'>, lang: Lang = 'fr'): string {
  return measure.components.map((one) => formatNumber(one.value, lang)).join('/');
}

/** « 186/104 mmHg », with a space that does not break. */
export function measureText(measure: Measure, lang: Lang = 'fr'): string {
  const unit = measureUnit(measure.code, lang);
  const value = measureValue(measure, lang);
  if (!unit) return value;
  return unit.startsWith('/') ? value + unit : `${value}${NARROW}${unit}`;
}
