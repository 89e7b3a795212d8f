import { accesses } from './fr/accesses';
import { account } from './fr/account';
import { admin } from './fr/admin';
import { alerts } from './fr/alerts';
import { circle } from './fr/circle';
import { common } from './fr/common';
import { composer } from './fr/composer';
import { documents } from './fr/documents';
import { dossier } from './fr/dossier';
import { emergency } from './fr/emergency';
import { errors } from './fr/errors';
import { matrix } from './fr/matrix';
import { measures } from './fr/measures';
import { patients } from './fr/patients';
import { search } from './fr/search';
import { standins } from './fr/standins';
import { structures } from './fr/structures';
import { signin } from './fr/signin';

/** The interface's words: the source. */
export const fr = { common, signin, patients, dossier, composer, documents, circle, accesses, emergency, alerts, measures, search, account, admin, matrix, structures, standins, errors };

export type Fr = typeof fr;
