// The first view's weight, gzipped: what index.html loads, and what that imports at once.
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMITS = { script: 100 * 1024, style: 20 * 1024 };
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const read = (path) => readFileSync(join(dist, path));

const html = read('index.html').toString();
const files = { script: new Set(), style: new Set() };
for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)) follow(path);
for (const [, path] of html.matchAll(/href="(\/assets\/[^"]+\.css)"/g)) files.style.add(path);

function follow(path) {
  if (files.script.has(path)) return;
  files.script.add(path);
  const code = read(path).toString();
  for (const [, to] of code.matchAll(/(?:^|[;}\s])(?:import|export)[^;"'(]*["'](\.[^"']+\.js)["']/g)) {
    follow(posix.join(posix.dirname(path), to));
  }
}

let over = false;
for (const [kind, limit] of Object.entries(LIMITS)) {
  const sum = [...files[kind]].reduce((n, path) => n + gzipSync(read(path), { level: 9 }).length, 0);
  const bad = sum > limit || (kind === 'script' && sum === 0);
  over ||= bad;
  console.log(`${kind}: ${(sum / 1024).toFixed(1)} KB gzip of ${limit / 1024} KB${bad ? '  TOO MUCH' : ''}`);
}
process.exit(over ? 1 : 0);
