import { account } from './fr/account';
import { admin } from './fr/admin';
import { circle } from './fr/circle';
import { common } from './fr/common';
import { composer } from './fr/composer';
import { documents } from './fr/documents';
import { dossier } from './fr/dossier';
import { errors } from './fr/errors';
import { patients } from './fr/patients';
import { signin } from './fr/signin';

/** The interface's words: the source. */
export const fr = { common, signin, patients, dossier, composer, documents, circle, account, admin, errors };

export type Fr = typeof fr;
