// What was typed of a patient elsewhere, handed to the form of an emergency.

export interface Handed {
  family_name: string;
  given_name: string;
  birth_date: string;
  sex: string;
}

let handed: Handed | null = null;

export function hand(identity: Handed): void {
  handed = identity;
}

export function take(): Handed {
  const was = handed ?? { family_name: '', given_name: '', birth_date: '', sex: '' };
  handed = null;
  return was;
}
