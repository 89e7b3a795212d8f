// Nodes of the real binary over a PostgreSQL and a Redis of their own, in a directory that goes with them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const binary = process.env.LIAISON_BIN ?? fileURLToPath(new URL('../../bin/liaison', import.meta.url));

/** Two ports in a row that nobody listens on. */
export async function freePorts() {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 40_000);
    if ((await free(first)) && (await free(first + 1))) return first;
  }
}

async function free(port) {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) await new Promise((done) => server.close(done));
  }
}

/** `settings` are environment variables of every node. */
export async function startCluster(nodes = 2, settings = {}) {
  const port = await freePorts();
  const data = await mkdtemp(join(tmpdir(), 'liaison-e2e-'));
  // Started as root, the database runs as an account of its own, which must be able to enter.
  await chmod(data, 0o755);
  const env = { ...process.env, LIAISON_DATA: join(data, 'data'), LIAISON_LISTEN: `127.0.0.1:${port}`, LIAISON_METRICS_LISTEN: '', LIAISON_NO_RATE_LIMIT: '1', ...settings };
  const child = spawn(binary, ['cluster', '--nodes', String(nodes)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const cluster = new Cluster(child, data);
  try {
    await cluster.ready(nodes);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

class Cluster {
  said = '';
  /** Of each node: its address and its process. */
  nodes = [];
  redis = 0;
  #child;
  #data;
  #restarted = [];

  constructor(child, data) {
    this.#child = child;
    this.#data = data;
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (this.said += text));
  }

  get urls() {
    return this.nodes.map((one) => one.url);
  }

  async ready(nodes) {
    await until('the cluster starts', () => {
      if (this.#child.exitCode !== null) throw Object.assign(new Error(`the cluster ended:\n${this.said}`), { final: true });
      this.nodes = [...this.said.matchAll(/^node \d+: (\S+), process (\d+)/gm)].map((one) => ({ url: one[1], pid: Number(one[2]) }));
      this.redis = Number(/^Redis: process (\d+)/m.exec(this.said)?.[1] ?? 0);
      return this.nodes.length === nodes;
    }, 60_000);
    for (const { url } of this.nodes) await answers(url);
  }

  killRedis() {
    process.kill(this.redis, 'SIGKILL');
  }

  /** Dies in the middle of whatever it does. Returns what brings it back with the same settings. */
  killNode(index) {
    const { pid, url } = this.nodes[index];
    const env = environmentOf(pid);
    process.kill(pid, 'SIGKILL');
    return async () => {
      const child = spawn(binary, ['serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr.setEncoding('utf8').on('data', (text) => (this.said += text));
      this.#restarted.push(child);
      this.nodes[index] = { url, pid: child.pid };
      await answers(url);
    };
  }

  async stop() {
    await Promise.all([...this.#restarted, this.#child].map(ended));
    await rm(this.#data, { recursive: true, force: true });
  }
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** The cluster gives its nodes their settings; they are read back from the node itself. */
function environmentOf(pid) {
  const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function answers(url) {
  return until(`${url} answers`, async () => (await fetch(`${url}/readyz`)).ok, 30_000);
}
