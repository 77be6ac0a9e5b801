import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, startLoad } from '@deploy-actions/lab';
import {
  type Inputs,
  SITES,
  colorUp,
  history,
  mustStep,
  prepareColors,
  served,
  serverInputs,
  startProxy,
  startStep,
} from './color-rig.ts';
import { type Stage, VERSIONS, expectServing, resume, seenSince, startPaused } from './switch-crash-rig.ts';

/** Rollbacks that only move the traffic: after a cancelled run, again and again, and with a bad release in the other colour. */
let stage: Stage;
let inputs: Inputs;

beforeAll(async () => {
  const lab = await openLab({ hosts: 0, registry: 'plain' });
  const host = await lab.addHost({ sudo: true });
  await prepareColors(host);
  await Promise.all([
    colorUp(lab, host, 'blue', { version: VERSIONS.blue, worker: true }),
    colorUp(lab, host, 'green', { version: VERSIONS.green, worker: false }),
  ]);
  await startProxy(host, 'nginx');
  inputs = serverInputs(lab, [host]);
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITES.nginx.file });
  const link = await host.link();
  const load = startLoad({ url: host.url(8080), rate: 40, clients: 8, webSockets: 3, maxSeconds: 3600 });
  stage = { lab, host, link, load };
}, 600_000);

afterAll(async () => {
  await stage?.load.stop();
  await stage?.lab.close();
});

const rollback = (runId: string, more: Inputs = {}) =>
  mustStep('rollback', { ...inputs, ...more }, { runId });
const toGreen = (runId: string) =>
  mustStep('blue-green-switch', { ...inputs, to: 'green', 'drain-timeout': '0' }, { runId });

test('a run that is cancelled after its switch: the rollback step brings the traffic back, and a second one does nothing', async () => {
  const { host, load } = stage;
  const from = Date.now();
  await toGreen('1');
  await expectServing(stage, 'green');
  // `if: failure() || cancelled()`: a step of the same run, which nothing tells what has happened.
  const rolled = await rollback('1');
  expect(rolled.outputs).toMatchObject({ mode: 'flip', from: 'release-v2', to: 'release-v1' });
  await expectServing(stage, 'blue');
  const again = await rollback('1');
  expect(again.outputs).toMatchObject({ mode: 'none', reason: expect.stringContaining('back on blue') });
  await expectServing(stage, 'blue');
  const { failures } = seenSince(load, from);
  expect(failures).toEqual([]);
  expect(load.report().webSockets.map((one) => one.cutAt)).toEqual([undefined, undefined, undefined]);
  expect((await history(host)).filter((one) => one['bad'] === true)).toMatchObject([
    { release: 'release-v2', outcome: 'rolled-back' },
  ]);
});

test.each([
  { place: 'check:done', when: 'before its switch has moved anything', mode: 'none' },
  {
    place: 'verified',
    when: 'while the switch that has moved the traffic is not yet at its end',
    mode: 'flip',
  },
])('a run that is cancelled $when ends on the old colour', async ({ place, mode }) => {
  const { host, load } = stage;
  const from = Date.now();
  const runId = mode === 'none' ? '21' : '22';
  const { running } = await startPaused(stage, {
    mover: 'blue-green-switch',
    place,
    inputs: { ...inputs, to: 'green' },
    runId,
  });
  running.cancel();
  const cancelled = await running.done;
  expect([cancelled.exitCode, cancelled.endedBy]).toEqual([1, null]);
  const step = startStep('rollback', inputs, { runId });
  await resume(host);
  const rolled = await step.done;
  expect([rolled.exitCode, rolled.exitCode === 0 ? '' : rolled.shown]).toEqual([0, '']);
  expect(rolled.outputs['mode']).toBe(mode);
  await expectServing(stage, 'blue');
  expect(seenSince(load, from).failures).toEqual([]);
});

test('with to, a rollback goes there and back again, but never to a release that is marked bad', async () => {
  const { host } = stage;
  // release-v2 is marked bad by the rollbacks before.
  for (const to of ['last-good', 'previous']) {
    const refused = await rollback('3', { to });
    expect(refused.outputs).toMatchObject({ mode: 'none', reason: expect.stringContaining('marked bad') });
    expect((await served(host)).color).toBe('blue');
  }
  // It is deployed again, and well.
  await host.sh(
    `printf '{"operation":"deploy","deployment_id":"3-deploy","release":"release-v2","outcome":"succeeded","bad":false}\\n' >>/srv/deploy/shop/.deploy/history.jsonl`,
  );
  expect((await rollback('4', { to: 'previous' })).outputs).toMatchObject({ mode: 'flip', to: 'release-v2' });
  await expectServing(stage, 'green');
  // What was left for it is bad now.
  expect((await rollback('5', { to: 'previous' })).outputs['mode']).toBe('none');
  await expectServing(stage, 'green');
});
