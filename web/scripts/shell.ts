import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What the service worker keeps for offline use: every file of the build, and a name for that set. */
export function shell(dist: string): { files: string[]; version: string } {
  const hash = createHash('sha256');
  const files: string[] = [];
  for (const path of list(dist)) {
    files.push(address(dist, path));
    hash.update(path).update(readFileSync(path));
  }
  return { files, version: hash.digest('hex').slice(0, 12) };
}

/** The page goes by « / »: a server may redirect its file name, and a redirect cannot be kept. */
function address(dist: string, path: string): string {
  const name = relative(dist, path).split(sep).join('/');
  return name === 'index.html' ? '/' : `/${name}`;
}

function list(dist: string): string[] {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && entry.name !== 'sw.js')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
