import { type Readable, Signal } from '../model/signal';
import type { DossierView, Route, RouterFace } from './shapes';

const views: Record<string, DossierView> = {
  cahier: 'notebook',
  discussion: 'discussion',
  constantes: 'measures',
  documents: 'documents',
  cercle: 'circle',
  acces: 'accesses',
};
const words: Record<DossierView, string> = { notebook: 'cahier', discussion: 'discussion', measures: 'constantes', documents: 'documents', circle: 'cercle', accesses: 'acces' };
const fixed: Record<string, Route> = {
  '': { name: 'home' },
  connexion: { name: 'sign_in' },
  patients: { name: 'patients' },
  'patients/nouveau': { name: 'patient_new' },
  urgence: { name: 'emergency' },
  recherche: { name: 'search' },
  alertes: { name: 'alerts' },
  compte: { name: 'account' },
  comptes: { name: 'accounts' },
  structures: { name: 'structures' },
  matrice: { name: 'matrix' },
};

export function parseRoute(path: string): Route {
  const parts = path.split(/[?#]/)[0]!.split('/').filter(Boolean).map(decode);
  const known = fixed[parts.join('/')];
  if (known) return known;
  const [first, second, third, fourth] = parts;
  if (first === 'alertes' && second && parts.length === 2) return { name: 'alert', alert_id: second };
  if (first === 'matrice' && second && parts.length === 2) return { name: 'matrix_draft', draft_id: second };
  if (first === 'structures' && second && parts.length === 2) return { name: 'structure', structure_id: second };
  if (first === 'invitation' && second && parts.length === 2) return { name: 'invitation', token: second };
  if (first === 'patients' && second) {
    const view = views[third ?? 'cahier'];
    if (view && parts.length <= 3) return { name: 'dossier', team_id: second, view };
    if (third === 'messages' && fourth && parts.length === 4) {
      return { name: 'message', team_id: second, message_id: fourth };
    }
  }
  return { name: 'not_found', path };
}

export const paths = {
  home: () => '/',
  signIn: () => '/connexion',
  patients: () => '/patients',
  patientNew: () => '/patients/nouveau',
  emergency: () => '/urgence',
  dossier: (team: string, view: DossierView = 'notebook') => `/patients/${encodeURIComponent(team)}/${words[view]}`,
  message: (team: string, message: string) =>
    `/patients/${encodeURIComponent(team)}/messages/${encodeURIComponent(message)}`,
  search: () => '/recherche',
  alerts: () => '/alertes',
  account: () => '/compte',
  accounts: () => '/comptes',
  structures: () => '/structures',
  structure: (structure: string) => `/structures/${encodeURIComponent(structure)}`,
  matrix: () => '/matrice',
  matrixDraft: (draft: string) => `/matrice/${encodeURIComponent(draft)}`,
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The part of `window` that is needed, so that tests can bring their own. */
export interface Place {
  location: { pathname: string };
  history: { length: number; pushState: History['pushState']; replaceState: History['replaceState']; back(): void };
  addEventListener(type: 'popstate', run: () => void): void;
}

export class Router implements RouterFace {
  readonly #place: Place;
  readonly #route: Signal<Route>;
  #steps = 0;

  constructor(place: Place) {
    this.#place = place;
    this.#route = new Signal(parseRoute(place.location.pathname));
    place.addEventListener('popstate', () => {
      this.#steps = Math.max(0, this.#steps - 1);
      this.#read();
    });
  }

  get route(): Readable<Route> {
    return this.#route;
  }

  go(path: string, how: { replace?: boolean } = {}): void {
    if (path === this.#place.location.pathname) return;
    if (how.replace) this.#place.history.replaceState(null, '', path);
    else {
      this.#place.history.pushState(null, '', path);
      this.#steps++;
    }
    this.#read();
  }

  /** One step back within the app, or to `fallback` when one came from elsewhere. */
  back(fallback: string): void {
    if (this.#steps > 0) this.#place.history.back();
    else this.go(fallback, { replace: true });
  }

  #read(): void {
    this.#route.set(parseRoute(this.#place.location.pathname));
  }
}
