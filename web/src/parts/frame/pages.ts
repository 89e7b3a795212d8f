// Which page a route shows. Most are read only when first wanted.

import type { Component } from 'svelte';
import type { Route } from '../../app/shapes';

type Loader = () => Promise<{ default: Component<Record<string, unknown>> }>;

export interface Shown {
  /** The file's name under pages/. */
  page: string;
  props: Record<string, unknown>;
  /** The list of patients stays beside it on a desktop. */
  list: boolean;
  /** Pages of the same key are kept, not made again. */
  key: string;
}

const plain = (page: string, list = false, props = {}): Shown => ({ page, props, list, key: page });

export function shown(route: Route): Shown {
  switch (route.name) {
    case 'home':
    case 'sign_in':
    case 'patients':
      return plain('Patients', true);
    case 'patient_new':
      return plain('NewPatient', true);
    case 'emergency':
      return plain('Emergency', true);
    case 'dossier':
      return { page: 'Dossier', props: { team: route.team_id, tab: route.view }, list: true, key: route.team_id };
    case 'message': {
      const props = { team: route.team_id, tab: 'notebook', message: route.message_id };
      return { page: 'Dossier', props, list: true, key: route.team_id };
    }
    case 'search':
      return plain('Search', true);
    case 'alerts':
      return plain('Alerts', true);
    case 'alert':
      return plain('Alerts', true, { alert: route.alert_id });
    case 'account':
      return plain('Account');
    case 'accounts':
      return plain('Accounts');
    case 'structures':
      return plain('Structures');
    case 'structure':
      return { page: 'Structure', props: { id: route.structure_id }, list: false, key: route.structure_id };
    case 'matrix':
      return plain('Matrix');
    case 'matrix_draft':
      return { page: 'MatrixDraft', props: { id: route.draft_id }, list: false, key: route.draft_id };
    case 'invitation':
      return plain('Invitation', false, { token: route.token });
    case 'not_found':
      return plain('NotFound');
  }
}

export type Pages = Record<string, Loader>;

export function loader(pages: Pages, name: string): Loader | null {
  return pages[`./pages/${name}.svelte`] ?? null;
}
