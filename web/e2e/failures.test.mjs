// A node or Redis that dies under people who work.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCluster } from './cluster.mjs';
import { Client, enter, isLive, listen, newId, note, openBrowser } from './people.mjs';
import { until } from './until.mjs';

let cluster;
let browser;
let nurse;
let odette;
before(async () => {
  [cluster, browser] = await Promise.all([startCluster(2), openBrowser()]);
  nurse = await Client.signIn(cluster.urls[0], 'infirmiere');
  odette = await nurse.team('MARCILLAC');
});
after(async () => {
  await browser?.close();
  await cluster?.stop();
});

test('a node killed while notes are being posted: each acknowledged one is there once, and the browser shows them all', async (t) => {
  const [url] = cluster.urls;
  const doctor = await enter(browser, url, 'medecin', 'desktop', `/patients/${odette.id}/discussion`);
  const frames = listen(doctor);
  await doctor.reload();
  await isLive(frames);
  const channel = odette.channels.find((one) => one.kind === 'discussion');
  const mark = newId().slice(-6);

  const bodies = Array.from({ length: 20 }, (_, i) => ({ id: newId(), text: `Note ${mark}-${String(i).padStart(2, '0')}.`, category: 'nursing' }));
  const post = (body) => nurse.post(`/channels/${channel.id}/messages`, body);
  const acknowledged = new Set();
  let restart;
  const queue = [...bodies];
  const poster = async () => {
    for (let body = queue.shift(); body; body = queue.shift()) {
      await post(body).then(() => acknowledged.add(body), () => {});
      if (acknowledged.size === 8) restart ??= cluster.killNode(0);
    }
  };
  await Promise.all([1, 2, 3, 4].map(poster));
  t.diagnostic(`${acknowledged.size} of 20 acknowledged before it died`);
  assert.ok(acknowledged.size >= 8 && acknowledged.size < 20);
  await restart();
  // As a client does: what was not acknowledged goes again, under its own id.
  const inBefore = (await nurse.messages(channel.id)).map((one) => one.id);
  for (const { id } of acknowledged) assert.ok(inBefore.includes(id), 'an acknowledged note is lost');
  for (const body of bodies) if (!acknowledged.has(body)) await post(body);

  const texts = (await nurse.messages(channel.id)).map((one) => one.text).filter((text) => text.includes(mark)).sort();
  assert.deepEqual(texts, bodies.map((one) => one.text));
  for (const { text } of bodies) await until(`the browser shows ${text}`, async () => (await note(doctor, text).count()) === 1, 40_000);
  assert.deepEqual(doctor.faults, []);
  await doctor.context().close();
});

test('without Redis a message still crosses nodes within five seconds', async (t) => {
  const doctor = await enter(browser, cluster.urls[1], 'medecin', 'desktop', `/patients/${odette.id}/discussion`);
  const frames = listen(doctor);
  await doctor.reload();
  await isLive(frames);
  cluster.killRedis();
  for (const turn of [1, 2]) {
    const text = `Sans Redis ${turn}, ${newId().slice(-6)}`;
    const at = performance.now();
    await nurse.message(odette, text, { kind: 'discussion' });
    await note(doctor, text).waitFor({ timeout: 5000 });
    t.diagnostic(`message ${turn}: ${Math.round(performance.now() - at)} ms`);
    assert.ok(performance.now() - at <= 5000);
  }
  await doctor.context().close();
});
