import { describe, expect, it } from 'vitest';
import { faultSentence, measureKinds, measureText, measureValue, parseBloodPressure, parseMeasure } from './measures';

const pressure = (text: string) => {
  const parsed = parseBloodPressure(text);
  return parsed.ok ? [...parsed.components.map((one) => one.value), parsed.converted] : parsed.fault;
};
const value = (code: string, text: string) => {
  const parsed = parseMeasure(code, text);
  return parsed.ok ? parsed.components[0]!.value : parsed.fault;
};

describe('blood pressure', () => {
  it.each([
    ['186/104', [186, 104, false]],
    [' 186 / 104 ', [186, 104, false]],
    ['186 104', [186, 104, false]],
    ['186-104 mmHg', [186, 104, false]],
    ['40/20', [40, 20, false]],
    ['300/200', [300, 200, false]],
  ])('understands %s', (text, expected) => expect(pressure(text)).toEqual(expected));

  it.each([
    ['18,6/10,4', [186, 104, true]],
    ['18.6/10.4', [186, 104, true]],
    ['18/10', [180, 100, true]],
    ['12/8 cmHg', [120, 80, true]],
  ])('converts %s and asks to confirm', (text, expected) => expect(pressure(text)).toEqual(expected));

  it.each(['18/300', '301/100', '39/20', '120/201', '120/19', '100/120', '120/120', '186,5/104', '18,65/10,4'])(
    'refuses %s as impossible',
    (text) => expect(pressure(text)).toBe('impossible'),
  );

  it.each(['', '186', 'abc', '186/', '1/2/3', '-186/104'])('does not understand « %s »', (text) =>
    expect(pressure(text)).toBe('unreadable'),
  );

  it('says why, in a sentence', () => {
    expect(faultSentence('blood_pressure', '18/300', 'impossible')).toBe(
      'TA 18/300 impossible. Vérifiez la saisie (en mmHg, ex. 186/104).',
    );
  });
});

describe('other measures', () => {
  it.each([
    ['body_temperature', '37,2', 37.2],
    ['body_temperature', '37.2', 37.2],
    ['body_weight', '71,4', 71.4],
    ['capillary_glucose', '1,38', 1.38],
    ['heart_rate', '88', 88],
    ['pain', '0', 0],
    ['pain', '10', 10],
    ['oxygen_saturation', '30', 30],
    ['oxygen_saturation', '100', 100],
    ['inr', '0,5', 0.5],
  ])('%s %s', (code, text, expected) => expect(value(code, text)).toBe(expected));

  it.each([
    ['body_temperature', '24,9', 'impossible'],
    ['body_temperature', '45,1', 'impossible'],
    ['oxygen_saturation', '101', 'impossible'],
    ['heart_rate', '19', 'impossible'],
    ['pain', '11', 'impossible'],
    ['pain', '4,5', 'unreadable'],
    ['heart_rate', '88,5', 'unreadable'],
    ['body_weight', '', 'unreadable'],
    ['capillary_glucose', '1,38 g', 'unreadable'],
    ['no_such_measure', '1', 'unreadable'],
  ])('%s « %s » is %s', (code, text, fault) => expect(value(code, text)).toBe(fault));
});

describe('showing', () => {
  const shown = (code: string, text: string) => {
    const parsed = parseMeasure(code, text);
    return parsed.ok ? measureText({ code, components: parsed.components }) : parsed.fault;
  };
  it('writes a decimal comma and a space that does not break', () => {
    expect(shown('blood_pressure', '186/104')).toBe('186/104\u202fmmHg');
    expect(shown('body_temperature', '37.2')).toBe('37,2\u202f°C');
    expect(shown('pain', '4')).toBe('4/10');
    expect(shown('inr', '2,5')).toBe('2,5');
    expect(measureValue({ components: [{ code: 'value', value: 37.2, unit: 'Cel' }] }, 'en')).toBe('37.2');
  });
  it('has a short name for each', () => {
    expect(measureKinds.map((kind) => kind.short[0]).join(' ')).toBe('TA FC SpO2 T° Poids Glyc FR INR EN');
  });
});
