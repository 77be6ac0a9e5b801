import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, startLoad } from '@deploy-actions/lab';
import {
  type Color,
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
import {
  type Mover,
  type Stage,
  VERSIONS,
  crashes,
  cutOff,
  expectServing,
  journalOf,
  journalled,
  other,
  placesOf,
  seenSince,
} from './switch-crash-rig.ts';

/**
 * Switches and rollbacks, each cut off at a place of its journal, with visitors all the while. By default each place once
 * with the faults in turn; DEPLOY_ACTIONS_FULL_MATRIX=1 tries every fault at every place.
 */
let stage: Stage;
let inputs: Inputs;
let switchInputs: Inputs;

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
  switchInputs = { ...inputs, 'drain-timeout': '0' };
  await mustStep('blue-green-switch', {
    ...inputs,
    install: 'true',
    weight: '5,100',
    'site-config': SITES.nginx.file,
  });
  const link = await host.link();
  const load = startLoad({ url: host.url(8080), rate: 40, clients: 8, maxSeconds: 7200 });
  stage = { lab, host, link, load };
}, 600_000);

afterAll(async () => {
  await stage?.load.stop();
  await stage?.lab.close();
});

let runs = 2000;

/** Begins where a switch to green, or a rollback to blue, begins; answers the workflow run that it belongs to. */
async function begin(mover: Mover): Promise<string> {
  runs += 1;
  const { color } = await served(stage.host);
  if (mover === 'rollback') {
    const run = (await history(stage.host)).findLast((one) => one['to'] === 'green')?.['deployment_id'];
    if (color === 'green' && run !== undefined) return String(run).replace(/-deploy$/, '');
    await mustStep('blue-green-switch', { ...switchInputs, to: 'green' }, { runId: String(runs) });
  } else if (color !== 'blue') {
    await mustStep('blue-green-switch', { ...switchInputs, to: 'blue' }, { runId: `${runs}0` });
  }
  return String(runs);
}

test('the places below are all that a switch and a rollback journal, and visitors notice neither', async () => {
  const { host, load } = stage;
  const from = Date.now();
  const runId = await begin('blue-green-switch');
  await mustStep('blue-green-switch', switchInputs, { runId });
  await expectServing(stage, 'green');
  expect(await journalled(host, 'blue-green-switch', runId)).toEqual(journalOf('blue-green-switch', 'green'));
  await mustStep('rollback', inputs, { runId });
  await expectServing(stage, 'blue');
  expect(await journalled(host, 'rollback', runId)).toEqual(journalOf('rollback', 'blue'));
  expect(seenSince(load, from).failures).toEqual([]);
  expect(placesOf('rollback')).toHaveLength(journalOf('rollback', 'blue').length + 1);
});

// A switch and the rollback of it in turn: each begins where the other one has ended.
const cases = crashes('blue-green-switch').flatMap((one, index) => [
  { mover: 'blue-green-switch' as const, ...one },
  { mover: 'rollback' as const, ...crashes('rollback')[index]! },
]);

test.each(cases)(
  '$mover, $fault at $place: one version serves, nobody notices, and the next run goes on',
  async ({ mover, place, fault }) => {
    const { load, host } = stage;
    const goal = mover === 'rollback' ? 'blue' : 'green';
    const runId = await begin(mover);
    const step = mover === 'rollback' ? inputs : switchInputs;
    const { calmFrom, ended } = await cutOff(stage, { mover, place, fault, inputs: step, runId });
    if (fault === 'program and runner are killed' || fault === 'the server restarts') {
      const from = Date.now();
      for (let count = 0; count < 3; count += 1) await load.seen();
      const { versions } = seenSince(load, from);
      const { color, version } = await served(host);
      expect([versions, version]).toEqual([[VERSIONS[color as Color]], versions[0]]);
    }
    if (ended) expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.shown]).toEqual([0, '']);
    // The job is run again: it neither knows nor says which colour it was.
    await mustStep(mover, step, { runId, env: { GITHUB_RUN_ATTEMPT: '2' } });
    await expectServing(stage, goal);
    const { failures, versions } = seenSince(load, calmFrom);
    expect(failures).toEqual([]);
    expect(['v1', 'v2']).toEqual(expect.arrayContaining(versions));
    // It is written down once, whoever brought it to its end.
    const moves = (await history(host)).filter(
      (one) =>
        one['deployment_id'] === `${runId}-deploy` &&
        one['outcome'] === 'succeeded' &&
        one['to'] === goal &&
        one['from'] === other(goal),
    );
    expect(moves).toHaveLength(1);
  },
);

test('what was cut off by one workflow run is brought to its end by another', async () => {
  const { host } = stage;
  const runId = await begin('blue-green-switch');
  await cutOff(stage, {
    mover: 'blue-green-switch',
    place: 'apply:done.green',
    fault: 'program and runner are killed',
    inputs: switchInputs,
    runId,
  });
  const next = await mustStep('blue-green-switch', { ...switchInputs, to: 'green' }, { runId: '9001' });
  await expectServing(stage, 'green');
  expect(next.shown).not.toContain('unlock');
  await cutOff(stage, {
    mover: 'rollback',
    place: 'apply:begin.blue',
    fault: 'program and runner are killed',
    inputs,
    runId: '9001',
  });
  // The rollback comes first, then what this run wants.
  await mustStep('blue-green-switch', { ...switchInputs, to: 'green' }, { runId: '9002' });
  await expectServing(stage, 'green');
  expect((await history(host)).findLast((one) => one['operation'] === 'rollback')).toMatchObject({
    to: 'blue',
    reason: 'recovered',
  });
});

test('a rollback in the middle of a switch stops it and leaves the traffic where it was', async () => {
  const { host } = stage;
  const from = (await served(host)).color as Color;
  const to = other(from);
  const running = startStep(
    'blue-green-switch',
    { ...switchInputs, to, weight: '5,100', 'step-interval': '60s' },
    { runId: '4100' },
  );
  await host.sh(
    `for i in $(seq 300); do test -e /var/lib/deploy-actions/shop/${to}-5 && exit 0; sleep 0.1; done; exit 1`,
  );
  const rolled = await mustStep('rollback', inputs, { runId: '4100' });
  const stopped = await running.done;
  expect(stopped.exitCode).toBe(1);
  expect((await served(host)).color).toBe(from);
  expect(rolled.outputs['mode']).toBe('none');
});

test('a canary whose runner is gone ends by itself with all traffic on the old colour', async () => {
  const { host } = stage;
  const from = (await served(host)).color as Color;
  const to = other(from);
  const running = startStep(
    'blue-green-switch',
    { ...switchInputs, to, weight: '5,100', 'step-interval': '120s' },
    { runId: '4200' },
  );
  await host.sh(
    `for i in $(seq 300); do test -e /var/lib/deploy-actions/shop/${to}-5 && exit 0; sleep 0.1; done; exit 1`,
  );
  running.kill('SIGKILL');
  await running.done.catch(() => undefined);
  await host.sh(
    `for i in $(seq 900); do test -e /var/lib/deploy-actions/shop/${from} && exit 0; sleep 0.1; done; ls /var/lib/deploy-actions/shop >&2; exit 1`,
  );
  expect((await served(host)).color).toBe(from);
});

test('the server restarts and the same colour serves', async () => {
  const { host } = stage;
  const { color } = await served(host);
  await host.restart();
  await host.sh(
    'nginx; for i in $(seq 100); do curl -fs -o /dev/null http://127.0.0.1:8080/version && exit 0; sleep 0.2; done; exit 1',
  );
  expect((await served(host)).color).toBe(color);
});
