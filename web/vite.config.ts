import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    // public/.gitkeep is copied back, so the committed placeholder survives.
    emptyOutDir: true,
    // The content security policy allows no data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  // A test holds the words of professions and types against the tables of codes, which lie beside this folder.
  server: process.env.VITEST ? { fs: { allow: ['.', '../doctypes', '../professions'] } } : {},
  test: {
    environment: 'happy-dom',
    setupFiles: ['src/testing/setup.ts'],
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
  },
});
