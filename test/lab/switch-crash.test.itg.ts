import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import {
  PATH,
  SITES,
  colorUp,
  mustStep,
  prepareColors,
  served,
  serverInputs,
  startProxy,
  startStep,
} from './color-rig.ts';
import type { Inputs } from './color-rig.ts';

let lab: Lab;
let host: Host;
let inputs: Inputs;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
  await prepareColors(host);
  await Promise.all([
    colorUp(lab, host, 'blue', { version: 'v1', worker: true }),
    colorUp(lab, host, 'green', { version: 'v2', worker: false }),
  ]);
  await startProxy(host, 'nginx');
  inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITES.nginx.file });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const PAUSE = `${PATH}/.deploy/pause-at`;

/** Boundaries of the journal, in order: everything after the check. */
const boundaries = (target: string) => [
  'check:done',
  `from.${target === 'green' ? 'blue' : 'green'}`,
  'live-stop:begin',
  'live-stop:done',
  `apply:begin.${target}`,
  `apply:done.${target}`,
  'verified',
  'live-start:begin',
  'live-start:done',
  'recorded',
  'drained',
];

/** Starts a step, waits until the server stands still at the boundary, and kills the program there and the runner. */
async function killAt(
  boundary: string,
  action: 'blue-green-switch' | 'rollback',
  step: Inputs,
  runId: string,
): Promise<void> {
  await host.write(PAUSE, `${boundary}:before\n`, { owner: 'deploy' });
  const running = startStep(action, step, { runId });
  // Which run stands still, and its process: all programs of a run share its session.
  await host.sh(
    `for i in $(seq 300); do s=$(grep -l paused ${PATH}/.deploy/runs/*/*/state 2>/dev/null | head -n 1); [ -n "$s" ] && break; sleep 0.1; done; [ -n "$s" ] || { echo 'never paused' >&2; exit 1; }; read -r pid _ <"\${s%state}pid"; kill -KILL "$pid"; rm -f ${PAUSE}`,
  );
  running.kill('SIGKILL');
  await running.done.catch(() => undefined);
}

const workers = async () =>
  (await host.sh("docker ps --format '{{.Names}}' | grep worker | sort || true"))
    .split('\n')
    .filter((line) => line !== '');

test('killed at every boundary of a switch, the site serves one healthy version, and the next run converges', async () => {
  let target: 'green' | 'blue' = 'green';
  let run = 2000;
  for (let index = 0; index < boundaries('green').length; index += 1) {
    const boundary = boundaries(target)[index]!;
    run += 1;
    await killAt(boundary, 'blue-green-switch', { ...inputs, to: target }, String(run));
    const { color, version } = await served(host);
    expect([boundary, color === 'green' ? 'v2' : 'v1']).toEqual([boundary, version]);
    const next = await mustStep('blue-green-switch', { ...inputs, to: target }, { runId: String(run + 500) });
    expect([boundary, (await served(host)).color]).toEqual([boundary, target]);
    expect([boundary, await workers()]).toEqual([boundary, [`shop-${target}-worker-1`]]);
    expect(next.shown).not.toContain('unlock');
    target = target === 'green' ? 'blue' : 'green';
  }
}, 900_000);

test('a rollback that is killed is finished by the next run: traffic never stays on the worse side', async () => {
  const from = (await served(host)).color as 'blue' | 'green';
  const to = from === 'blue' ? 'green' : 'blue';
  await mustStep('blue-green-switch', { ...inputs, to }, { runId: '4000' });
  await killAt(`apply:begin.${from}`, 'rollback', serverInputs(lab, [host]), '4000');
  await mustStep('rollback', serverInputs(lab, [host]), { runId: '4000' });
  expect((await served(host)).color).toBe(from);
  expect(await workers()).toEqual([`shop-${from}-worker-1`]);
});

test('a rollback in the middle of a switch stops it and leaves the traffic where it was', async () => {
  const from = (await served(host)).color as 'blue' | 'green';
  const to = from === 'blue' ? 'green' : 'blue';
  const running = startStep(
    'blue-green-switch',
    { ...inputs, to, weight: '5,100', 'step-interval': '60s' },
    { runId: '4100' },
  );
  await host.sh(
    `for i in $(seq 300); do test -e /var/lib/deploy-actions/shop/${to}-5 && exit 0; sleep 0.1; done; exit 1`,
  );
  const rolled = await mustStep('rollback', serverInputs(lab, [host]), { runId: '4100' });
  const stopped = await running.done;
  expect(stopped.exitCode).toBe(1);
  expect((await served(host)).color).toBe(from);
  expect(rolled.outputs['mode']).toBe('none');
});

test('a canary whose runner is gone ends by itself with all traffic on the old colour', async () => {
  const from = (await served(host)).color as 'blue' | 'green';
  const to = from === 'blue' ? 'green' : 'blue';
  const running = startStep(
    'blue-green-switch',
    { ...inputs, to, weight: '5,100', 'step-interval': '120s' },
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
  const { color } = await served(host);
  await host.restart();
  await host.sh(
    'nginx; for i in $(seq 100); do curl -fs -o /dev/null http://127.0.0.1:8080/version && exit 0; sleep 0.2; done; exit 1',
  );
  expect((await served(host)).color).toBe(color);
});
