import { describe, expect, it } from 'vitest';
import { teamItem } from '../testing/fakes';
import {
  clashes,
  correction,
  emptyForm,
  formOf,
  identityFaults,
  identityOf,
  informationFaults,
  informationOf,
  type IdentityForm,
  isMatricule,
  isPlaceCode,
  isTelephone,
  matriculeText,
  newIdentity,
  rebased,
} from './dossierForm';
import type { Patient } from './types';

const now = new Date(2026, 10, 17, 8, 10);
const NIR = '1.2.250.1.213.1.4.8';
const matricule = '239030199901238';

function typed(change: Partial<IdentityForm> = {}): IdentityForm {
  return { ...emptyForm(), birth_name: ' Dufour ', given_names: 'Odette  Marie', sex: 'F', birth_date: '12/03/1939', ...change };
}

const odette: Patient = {
  ...teamItem().patient,
  ins: { matricule, oid: NIR },
  birth_place: 'Rodez',
  birth_place_code: '12202',
  telephones: [{ label: 'Domicile', number: '06 39 98 10 12' }],
  carers: [{ name: 'Isabelle Marcillac', relation: 'fille', telephone: '06 39 98 10 31' }],
};
const dossier = (change: Partial<IdentityForm> = {}): IdentityForm => ({ ...formOf(odette), ...change });

describe('what is sent to open a dossier', () => {
  it('is what was typed, tidied, without what nothing was said of', () => {
    expect(newIdentity(typed())).toEqual({ birth_name: 'Dufour', given_names: 'Odette Marie', sex: 'F', birth_date: '1939-03-12', identity_status: 'PROV' });
  });

  it('has every telephone and carer, and no empty row', () => {
    const sent = newIdentity(
      typed({
        telephones: [{ label: 'Domicile', number: ' 06 39 98 10 12 ' }, { label: '', number: '' }, { label: '', number: '0639981044' }],
        carers: [{ name: 'Mme Roussel', relation: ' voisine ', telephone: '' }, { name: ' ', relation: '', telephone: '' }],
      }),
    );
    expect(sent.telephones).toEqual([{ label: 'Domicile', number: '06 39 98 10 12' }, { label: '', number: '0639981044' }]);
    expect(sent.carers).toEqual([{ name: 'Mme Roussel', relation: 'voisine', telephone: '' }]);
  });

  it('has a matricule only for a qualified identity; what was typed stays in the form', () => {
    const form = typed({ identity_status: 'QUAL', ins_matricule: '2 39 03 01 999 012 38', ins_oid: NIR });
    expect(newIdentity(form)).toMatchObject({ ins_matricule: matricule, ins_oid: NIR });
    form.identity_status = 'RECUP';
    expect(newIdentity(form)).not.toHaveProperty('ins_matricule');
    expect(newIdentity(form)).not.toHaveProperty('ins_oid');
    expect(form.ins_matricule).not.toBe('');
  });

  it('says when and how the patient was informed', () => {
    const form = { informed: true, given_by: ' Nadia Ferhat ', given_on: '17/11/2026', how: '' };
    expect(informationOf(form, now)).toEqual({ given_by: 'Nadia Ferhat', given_at: now.toISOString() });
    expect(informationOf({ ...form, given_on: '02/11/2026', how: 'De vive voix' }, now)).toEqual({
      given_by: 'Nadia Ferhat',
      given_at: new Date(2026, 10, 2, 12).toISOString(),
      how: 'De vive voix',
    });
  });
});

describe('what is wrong', () => {
  it('is nothing in the least a dossier needs', () => {
    expect(identityFaults(typed(), now)).toEqual({});
    expect(informationFaults({ informed: true, given_by: 'Nadia', given_on: '17/11/2026', how: '' }, now)).toEqual({});
  });

  it('is said of each field at once', () => {
    const form = typed({
      birth_name: '',
      given_names: '12',
      sex: '',
      birth_date: '18/11/2026',
      birth_place_code: '2C004',
      identity_status: 'QUAL',
      ins_matricule: '239030199901239',
      telephones: [{ label: 'Portable', number: '' }, { label: '', number: 'zéro six' }],
      carers: [{ name: '', relation: 'fille', telephone: '12 b' }],
    });
    expect(identityFaults(form, now)).toEqual({
      birth_name: 'common.required',
      given_names: 'patients.name_invalid',
      sex: 'common.required',
      birth_date: 'patients.birth_date_future',
      birth_place_code: 'patients.birth_place_code_invalid',
      ins_matricule: 'patients.ins_invalid',
      ins_oid: 'common.required',
      'telephones.0': 'common.required',
      'telephones.1': 'patients.telephone_invalid',
      'carers.0.name': 'patients.carer_name_needed',
      'carers.0.telephone': 'patients.telephone_invalid',
    });
  });

  it('is the information too: to be given first, by somebody, not tomorrow', () => {
    const form = { informed: false, given_by: ' ', given_on: '18112026', how: '' };
    expect(informationFaults(form, now)).toEqual({ informed: 'patients.information_needed', given_by: 'common.required', given_on: 'patients.day_future' });
    expect(informationFaults({ ...form, given_on: '31/09/2026' }, now).given_on).toBe('patients.birth_date_invalid');
    expect(informationFaults({ ...form, given_on: '' }, now).given_on).toBe('common.required');
  });

  it('is not a matricule that will not be kept', () => {
    expect(identityFaults(typed({ identity_status: 'VALI', ins_matricule: 'faux' }), now)).toEqual({});
  });
});

describe('the codes', () => {
  it('a matricule has its key, in Corsica too', () => {
    expect(isMatricule(matricule)).toBe(true);
    expect(isMatricule('2 39 03 01 999 012 38')).toBe(true);
    expect(isMatricule('239030199901200')).toBe(false);
    expect(isMatricule(withKey('239032A004012'))).toBe(true);
    expect(isMatricule('23903019990123')).toBe(false);
  });
  it('is written as on the card', () => {
    expect(matriculeText(matricule).replaceAll('\u00a0', ' ')).toBe('2 39 03 01 999 012 38');
  });
  it('a place is a commune or a country', () => {
    for (const code of ['12202', '2a004', '99109']) expect(isPlaceCode(code), code).toBe(true);
    for (const code of ['2C004', '1220', '122022', 'Rodez']) expect(isPlaceCode(code), code).toBe(false);
  });
  it('a number is dialled', () => {
    for (const number of ['06 39 98 12 34', '+33 6.39.98.12.34', '15', '(0)5-65-12-34-56']) expect(isTelephone(number), number).toBe(true);
    for (const number of ['zéro six', '1', '06 39 98 12 34 56 78 90', '']) expect(isTelephone(number), number).toBe(false);
  });
});

/** Corsica's 2A and 2B count as 19 and 18. */
function withKey(body: string): string {
  const figures = body.replace('2A', '19').replace('2B', '18');
  return body + String(97n - (BigInt(figures) % 97n)).padStart(2, '0');
}

describe('a correction', () => {
  it('of nothing is empty', () => {
    expect(correction(dossier(), dossier())).toEqual({});
    expect(identityOf(dossier())).toMatchObject({ ins_matricule: matricule, used_name: 'Marcillac' });
  });

  it('is only what was changed; an empty text takes away', () => {
    const form = dossier({ door_code: ' 27B4 ', birth_place: '', telephones: [] });
    expect(correction(dossier(), form)).toEqual({ door_code: '27B4', birth_place: '', telephones: [] });
  });

  it('to a status that is not qualified takes the matricule away', () => {
    expect(correction(dossier(), dossier({ identity_status: 'VALI' }))).toEqual({ identity_status: 'VALI', ins_matricule: '', ins_oid: '' });
  });

  it('follows what others changed meanwhile, and keeps what one changed oneself', () => {
    const [mine, theirs] = [dossier({ door_code: '27B4' }), dossier({ town: 'Corvaine' })];
    expect(clashes(dossier(), mine, theirs)).toEqual([]);
    const merged = rebased(dossier(), mine, theirs);
    expect(merged).toMatchObject({ door_code: '27B4', town: 'Corvaine' });
    expect(correction(theirs, merged)).toEqual({ door_code: '27B4' });
  });

  it('of the same field in two ways is a clash; in the same way it is none', () => {
    const theirs = dossier({ door_code: '1234', town: 'Corvaine' });
    expect(clashes(dossier(), dossier({ door_code: '27B4', town: 'Corvaine' }), theirs)).toEqual(['door_code']);
    expect(correction(theirs, rebased(dossier(), dossier({ door_code: '27B4' }), theirs))).toEqual({ door_code: '27B4' });
  });
});
