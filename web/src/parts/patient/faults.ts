// Where the faults of a dossier's form are said.

import { tick } from 'svelte';
import type { FormFault, FormFaults, Identity } from '../../model/dossierForm';

/** What the server may refuse of an identity: each has its place in the form. */
export const shown: (keyof Identity)[] = [
  'birth_name',
  'used_name',
  'given_names',
  'sex',
  'birth_date',
  'birth_place',
  'birth_place_code',
  'identity_status',
  'ins_matricule',
  'ins_oid',
  'address',
  'town',
  'door_code',
  'telephones',
  'carers',
];

export function sentences(faults: FormFaults, say: (key: FormFault) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(faults).map(([field, key]) => [field, say(key)]));
}

/** Goes to the first field in fault, once it is drawn and what held it has opened. */
export async function firstWrong(box: HTMLElement | undefined): Promise<void> {
  await tick();
  await tick();
  const field = box?.querySelector<HTMLElement>('[aria-invalid="true"], fieldset:has(> .field__error) input');
  field?.scrollIntoView({ block: 'center' });
  field?.focus({ preventScroll: true });
}
