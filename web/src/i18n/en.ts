import type { Fr } from './fr';
import type { Like } from './texts';
import { accesses } from './en/accesses';
import { account } from './en/account';
import { admin } from './en/admin';
import { alerts } from './en/alerts';
import { circle } from './en/circle';
import { common } from './en/common';
import { composer } from './en/composer';
import { documents } from './en/documents';
import { dossier } from './en/dossier';
import { emergency } from './en/emergency';
import { errors } from './en/errors';
import { matrix } from './en/matrix';
import { measures } from './en/measures';
import { patients } from './en/patients';
import { search } from './en/search';
import { standins } from './en/standins';
import { structures } from './en/structures';
import { signin } from './en/signin';

/** The same in English: a missing sentence fails the type check. */
export const en: Like<Fr> = { common, signin, patients, dossier, composer, documents, circle, accesses, emergency, alerts, measures, search, account, admin, matrix, structures, standins, errors };

