import { describe, expect, it } from 'vitest';

const sources = import.meta.glob<string>('./**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });

/** What each layer may know of the others. */
const allowed: Record<string, string[]> = {
  model: [],
  i18n: ['model'],
  app: ['model', 'i18n'],
  worker: ['app', 'model'],
  parts: ['app', 'model', 'i18n', 'styles'],
  pages: ['parts', 'app', 'model', 'i18n', 'styles'],
};

const layerOf = (path: string) => path.split('/')[1]!;

function imports(path: string, source: string): string[] {
  const found = source.matchAll(/(?:from|import)\s*\(?['"](\.[^'"]+)['"]/g);
  const base = new URL(path, 'file:///src/');
  return [...found].map(([, to]) => '.' + new URL(to!, base).pathname.replace('/src', ''));
}

const files = Object.entries(sources).filter(([path]) => !path.endsWith('.test.ts') && layerOf(path) in allowed);

describe('layers', () => {
  it('are all there to be looked at', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(imports('./app/x.ts', "import { a } from '../pages/b';")).toEqual(['./pages/b']);
  });

  it('point downward only', () => {
    for (const [path, source] of files) {
      const own = layerOf(path);
      for (const target of imports(path, source)) {
        const layer = layerOf(target);
        if (layer !== own) expect(allowed[own], `${path} imports ${target}`).toContain(layer);
      }
    }
  });

  it('keep the app without Svelte and without elements', () => {
    for (const [path, source] of files) {
      if (!['app', 'model', 'worker', 'i18n'].includes(layerOf(path))) continue;
      expect(source, path).not.toMatch(/from 'svelte/);
      expect(source, path).not.toMatch(/createElement|querySelector|innerHTML|HTMLElement/);
    }
  });
});
