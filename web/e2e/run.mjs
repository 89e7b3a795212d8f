// Starts the cluster that most tests share, runs them, stops it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts, startCluster } from './cluster.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const asked = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs') && (asked.length === 0 || asked.some((word) => name.startsWith(word))))
  // The longest first: two files go side by side, and it would end alone.
  .sort((a, b) => Number(b.startsWith('screens')) - Number(a.startsWith('screens')))
  .map((name) => here + name);

// Where a test listens as a push service: the nodes must know it when they start.
const push = `127.0.0.1:${await freePorts()}`;
const cluster = await startCluster(2, { LIAISON_PUSH_TEST_HOSTS: push });
const env = { ...process.env, LIAISON_E2E_URLS: cluster.urls.join(' '), LIAISON_E2E_PUSH: push };
const tests = spawn(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files], { env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill(signal));
const [code] = await once(tests, 'exit');
if (code !== 0) process.stderr.write(cluster.said.split('\n').filter((line) => /level=(ERROR|WARN)/.test(line)).slice(-20).join('\n') + '\n');
await cluster.stop();
process.exit(code ?? 1);
