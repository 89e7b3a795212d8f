import { defineConfig, type UserConfig } from 'vite';
import { shell } from './scripts/shell.ts';

// Runs after the page's build: what it lists is what that build left in dist.
export default defineConfig((): UserConfig => {
  const { files, version } = shell('dist');
  return {
    publicDir: false,
    define: { __SHELL__: JSON.stringify(files), __VERSION__: JSON.stringify(version) },
    build: {
      outDir: 'dist',
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: 'src/worker/sw.ts', formats: ['es'], fileName: () => 'sw.js' },
    },
  };
});
