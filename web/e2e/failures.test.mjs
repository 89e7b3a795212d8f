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

  let acknowledged = 0;
  let restart;
  const bodies = Array.from({ length: 20 }, (_, i) => ({ id: newId(), text: `Note ${mark}-${String(i).padStart(2, '0')}.`, category: 'nursing' }));
  const post = (body) => nurse.post(`/channels/${channel.id}/messages`, body);
  const first = await Promise.allSettled(
    bodies.map(async (body, i) => {
      if (i >= 6) await until('a few are in', () => acknowledged >= 3);
      await post(body);
      if (++acknowledged === 8) restart = cluster.killNode(0);
    }),
  );
  restart ??= cluster.killNode(0);
  t.diagnostic(`${first.filter((one) => one.status === 'fulfilled').length} of 20 acknowledged before it died`);
  await restart();
  // As a client does: what was not acknowledged goes again, under its own id.
  for (const [i, one] of first.entries()) if (one.status === 'rejected') await post(bodies[i]);

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
