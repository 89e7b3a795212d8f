// What is typed to open or to correct a dossier, what is wrong with it, and what the server is sent of it. No words here: a
// fault is the key of its sentence.

import { dayKey } from './dates';
import { equal } from './equal';
import { birthDate, parseBirthDate } from './identity';
import type { Carer, IdentityStatus, NewPatient, Patient, Sex, Telephone } from './types';

/** As typed: every text is there, empty where nothing is said. */
export interface IdentityForm {
  birth_name: string;
  used_name: string;
  given_names: string;
  sex: Sex | '';
  /** « 12/03/1939 » */
  birth_date: string;
  birth_place: string;
  birth_place_code: string;
  identity_status: IdentityStatus;
  ins_matricule: string;
  ins_oid: string;
  address: string;
  town: string;
  door_code: string;
  telephones: Telephone[];
  carers: Carer[];
}

export interface InformationForm {
  informed: boolean;
  given_by: string;
  /** « 17/11/2026 » */
  given_on: string;
  how: string;
}

/** What the server keeps of an identity. */
export type Identity = Required<Pick<NewPatient, keyof IdentityForm>>;

export type FormFault =
  | 'common.required'
  | 'patients.name_invalid'
  | 'patients.birth_date_invalid'
  | 'patients.birth_date_future'
  | 'patients.birth_place_code_invalid'
  | 'patients.ins_invalid'
  | 'patients.telephone_invalid'
  | 'patients.carer_name_needed'
  | 'patients.information_needed'
  | 'patients.day_future';
/** By field; a row's is « telephones.1 », « carers.0.name ». */
export type FormFaults = Record<string, FormFault>;

export const statuses: IdentityStatus[] = ['PROV', 'RECUP', 'VALI', 'QUAL'];
/** Who gives a matricule: NIR, NIA; the last two are for tests and demonstrations. */
export const authorities = [
  { oid: '1.2.250.1.213.1.4.8', name: 'NIR', real: true },
  { oid: '1.2.250.1.213.1.4.9', name: 'NIA', real: true },
  { oid: '1.2.250.1.213.1.4.10', name: 'test', real: false },
  { oid: '1.2.250.1.213.1.4.11', name: 'demo', real: false },
] as const;
export const MOST_TELEPHONES = 10;
export const MOST_CARERS = 20;

export const emptyTelephone = (): Telephone => ({ label: '', number: '' });
export const emptyCarer = (): Carer => ({ name: '', relation: '', telephone: '' });

export function emptyForm(): IdentityForm {
  return {
    birth_name: '',
    used_name: '',
    given_names: '',
    sex: '',
    birth_date: '',
    birth_place: '',
    birth_place_code: '',
    identity_status: 'PROV',
    ins_matricule: '',
    ins_oid: '',
    address: '',
    town: '',
    door_code: '',
    telephones: [emptyTelephone()],
    carers: [],
  };
}

export function formOf(patient: Patient): IdentityForm {
  return {
    birth_name: patient.birth_name,
    used_name: patient.used_name ?? '',
    given_names: patient.given_names,
    sex: patient.sex,
    birth_date: birthDate(patient.birth_date),
    birth_place: patient.birth_place ?? '',
    birth_place_code: patient.birth_place_code ?? '',
    identity_status: patient.identity_status,
    ins_matricule: matriculeText(patient.ins?.matricule ?? ''),
    ins_oid: patient.ins?.oid ?? '',
    address: patient.address ?? '',
    town: patient.town ?? '',
    door_code: patient.door_code ?? '',
    telephones: patient.telephones.length > 0 ? patient.telephones.map((one) => ({ ...one })) : [emptyTelephone()],
    carers: patient.carers.map((one) => ({ ...one })),
  };
}

/** As the server keeps it: trimmed, without empty rows, and with a matricule only where the identity is qualified. */
export function identityOf(form: IdentityForm): Identity {
  const qualified = form.identity_status === 'QUAL';
  return {
    birth_name: tidy(form.birth_name),
    used_name: tidy(form.used_name),
    given_names: tidy(form.given_names),
    sex: form.sex || 'U',
    birth_date: parseBirthDate(form.birth_date) ?? '',
    birth_place: tidy(form.birth_place),
    birth_place_code: tidy(form.birth_place_code).toUpperCase(),
    identity_status: form.identity_status,
    ins_matricule: qualified ? bareMatricule(form.ins_matricule) : '',
    ins_oid: qualified ? form.ins_oid : '',
    address: form.address.trim(),
    town: tidy(form.town),
    door_code: tidy(form.door_code),
    telephones: form.telephones.map((one) => ({ label: tidy(one.label), number: tidy(one.number) })).filter((one) => one.label || one.number),
    carers: form.carers
      .map((one) => ({ name: tidy(one.name), relation: tidy(one.relation), telephone: tidy(one.telephone) }))
      .filter((one) => one.name || one.relation || one.telephone),
  };
}

/** The identity without what nothing was said of: an answer 422 then names only what was typed. */
export function newIdentity(form: IdentityForm): Omit<NewPatient, 'id' | 'information'> {
  const said = Object.entries(identityOf(form)).filter(([, value]) => value.length > 0);
  return Object.fromEntries(said) as unknown as Omit<NewPatient, 'id' | 'information'>;
}

/** `now`: the moment of the first try, so that another try says the same. Noon of a past day. */
export function informationOf(form: InformationForm, now: Date): NewPatient['information'] {
  const day = parseBirthDate(form.given_on);
  const given_at = day === dayKey(now) ? now : new Date(`${day}T12:00:00`);
  const how = tidy(form.how);
  return { given_by: tidy(form.given_by), given_at: given_at.toISOString(), ...(how && { how }) };
}

type Field = keyof Identity;
const fieldsOf = (identity: Identity) => Object.keys(identity) as Field[];

/** Only what was changed: what somebody else corrects meanwhile stays. An empty text takes away. */
export function correction(base: IdentityForm, form: IdentityForm): Partial<Identity> {
  const [before, after] = [identityOf(base), identityOf(form)];
  return Object.fromEntries(fieldsOf(after).filter((field) => !equal(before[field], after[field])).map((field) => [field, after[field]]));
}

/** What both changed, each in another way. */
export function clashes(base: IdentityForm, mine: IdentityForm, theirs: IdentityForm): Field[] {
  const [here, there] = [correction(base, mine), correction(base, theirs)];
  return fieldsOf(identityOf(mine)).filter((field) => field in here && field in there && !equal(here[field], there[field]));
}

/** Mine over what is there now: what I did not touch follows the others. */
export function rebased(base: IdentityForm, mine: IdentityForm, theirs: IdentityForm): IdentityForm {
  const touched = correction(base, mine);
  const followed = fieldsOf(identityOf(mine)).filter((field) => !(field in touched));
  return { ...mine, ...Object.fromEntries(followed.map((field) => [field, theirs[field]])) };
}

export function identityFaults(form: IdentityForm, now: Date): FormFaults {
  const found: FormFaults = {};
  for (const field of ['birth_name', 'given_names'] as const) if (!form[field].trim()) found[field] = 'common.required';
  for (const field of ['birth_name', 'used_name', 'given_names'] as const) if (form[field].trim() && !hasLetter(form[field])) found[field] = 'patients.name_invalid';
  if (!form.sex) found.sex = 'common.required';
  const born = birthDateFault(form.birth_date, now);
  if (born) found.birth_date = born;
  if (form.birth_place_code.trim() && !isPlaceCode(form.birth_place_code)) found.birth_place_code = 'patients.birth_place_code_invalid';
  return { ...found, ...insFaults(form), ...rowFaults(form) };
}

export function birthDateFault(text: string, now: Date): FormFault | null {
  const day = parseBirthDate(text);
  if (!day) return 'patients.birth_date_invalid';
  return day > dayKey(now) ? 'patients.birth_date_future' : null;
}

export function informationFaults(form: InformationForm, now: Date): FormFaults {
  const found: FormFaults = {};
  if (!form.informed) found.informed = 'patients.information_needed';
  if (!form.given_by.trim()) found.given_by = 'common.required';
  const day = parseBirthDate(form.given_on);
  if (!day) found.given_on = form.given_on.trim() ? 'patients.birth_date_invalid' : 'common.required';
  else if (day > dayKey(now)) found.given_on = 'patients.day_future';
  return found;
}

function insFaults(form: IdentityForm): FormFaults {
  if (form.identity_status !== 'QUAL') return {};
  const found: FormFaults = {};
  if (!form.ins_matricule.trim()) found.ins_matricule = 'common.required';
  else if (!isMatricule(form.ins_matricule)) found.ins_matricule = 'patients.ins_invalid';
  if (!form.ins_oid) found.ins_oid = 'common.required';
  return found;
}

function rowFaults(form: IdentityForm): FormFaults {
  const found: FormFaults = {};
  form.telephones.forEach((one, i) => {
    if (one.number.trim() && !isTelephone(one.number)) found[`telephones.${i}`] = 'patients.telephone_invalid';
    else if (one.label.trim() && !one.number.trim()) found[`telephones.${i}`] = 'common.required';
  });
  form.carers.forEach((one, i) => {
    const said = one.name.trim() || one.relation.trim() || one.telephone.trim();
    if (said && !one.name.trim()) found[`carers.${i}.name`] = 'patients.carer_name_needed';
    else if (said && !hasLetter(one.name)) found[`carers.${i}.name`] = 'patients.name_invalid';
    if (one.telephone.trim() && !isTelephone(one.telephone)) found[`carers.${i}.telephone`] = 'patients.telephone_invalid';
  });
  return found;
}

const tidy = (text: string) => text.trim().split(/\s+/).join(' ');
const hasLetter = (text: string) => /\p{L}/u.test(text);
const bareMatricule = (text: string) => text.replace(/\s+/g, '').toUpperCase();

/** An INSEE code: a commune's (Corsica's with a letter), or 99 and a country's. */
export function isPlaceCode(text: string): boolean {
  return /^(\d{5}|2[AB]\d{3})$/i.test(text.trim());
}

export function isTelephone(text: string): boolean {
  return /^\+?\d{2,15}$/.test(text.replace(/[\s.\-()/]/g, ''));
}

/** 13 characters and their key: 97 less the number modulo 97, where Corsica's 2A and 2B count as 19 and 18. */
export function isMatricule(text: string): boolean {
  const parts = /^(\d{5})(\d\d|2A|2B)(\d{6})(\d\d)$/.exec(bareMatricule(text));
  if (!parts) return false;
  const [, birth, department, rest, key] = parts as unknown as [string, string, string, string, string];
  const number = birth + department.replace('2A', '19').replace('2B', '18') + rest;
  return Number(key) === 97 - Number(BigInt(number) % 97n);
}

/** « 2 39 03 01 999 012 38 », as on the card. */
export function matriculeText(matricule: string): string {
  const parts = /^(.)(..)(..)(..)(...)(...)(..)$/.exec(matricule);
  return parts ? parts.slice(1).join('\u00a0') : matricule;
}
