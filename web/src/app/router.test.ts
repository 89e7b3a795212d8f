import { describe, expect, it } from 'vitest';
import { parseRoute, paths, Router, type Place } from './router';

describe('routes', () => {
  it.each([
    ['/', { name: 'home' }],
    ['/connexion', { name: 'sign_in' }],
    ['/patients', { name: 'patients' }],
    ['/patients/', { name: 'patients' }],
    ['/patients/nouveau', { name: 'patient_new' }],
    ['/urgence', { name: 'emergency' }],
    ['/patients/t1', { name: 'dossier', team_id: 't1', view: 'notebook' }],
    ['/patients/t1/cercle', { name: 'dossier', team_id: 't1', view: 'circle' }],
    ['/patients/t1/acces', { name: 'dossier', team_id: 't1', view: 'accesses' }],
    ['/patients/t1/messages/m1', { name: 'message', team_id: 't1', message_id: 'm1' }],
    ['/alertes/a1', { name: 'alert', alert_id: 'a1' }],
    ['/recherche', { name: 'search' }],
    ['/invitation/abc', { name: 'invitation', token: 'abc' }],
    ['/patients/t1/constantes', { name: 'dossier', team_id: 't1', view: 'measures' }],
    ['/patients/t1/tension', { name: 'not_found', path: '/patients/t1/tension' }],
    ['/patients/t1/cercle/x', { name: 'not_found', path: '/patients/t1/cercle/x' }],
    ['/%E0%A4%A', { name: 'not_found', path: '/%E0%A4%A' }],
  ])('%s', (path, route) => expect(parseRoute(path)).toEqual(route));

  it('writes what it reads', () => {
    expect(parseRoute(paths.dossier('t1', 'discussion'))).toEqual({ name: 'dossier', team_id: 't1', view: 'discussion' });
    expect(parseRoute(paths.message('t1', 'm/1'))).toEqual({ name: 'message', team_id: 't1', message_id: 'm/1' });
  });
});

describe('router', () => {
  function place(path: string) {
    const stack = [path];
    let popped = () => {};
    const made: Place = {
      get location() {
        return { pathname: stack.at(-1)! };
      },
      history: {
        length: 1,
        pushState: (_d: unknown, _t: string, url?: string | URL | null) => void stack.push(String(url)),
        replaceState: (_d: unknown, _t: string, url?: string | URL | null) => void stack.splice(-1, 1, String(url)),
        back: () => {
          stack.pop();
          popped();
        },
      },
      addEventListener: (_type, run) => (popped = run),
    };
    return { made, stack };
  }

  it('goes, comes back, and never leaves the app by « back »', () => {
    const { made, stack } = place('/patients');
    const router = new Router(made);
    router.go('/compte');
    expect(router.route.get()).toEqual({ name: 'account' });
    router.back('/');
    expect(router.route.get()).toEqual({ name: 'patients' });
    router.back('/');
    expect(router.route.get()).toEqual({ name: 'home' });
    expect(stack).toEqual(['/']);
  });
  it('keeps no step for the place where one is already', () => {
    const { made, stack } = place('/patients');
    new Router(made).go('/patients');
    expect(stack).toEqual(['/patients']);
  });
});
