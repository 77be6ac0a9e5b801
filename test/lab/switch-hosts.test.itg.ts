import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import {
  PATH,
  SITES,
  colorDown,
  colorUp,
  history,
  mustStep,
  prepareColors,
  served,
  serverInputs,
  startProxy,
  startStep,
  step,
} from './color-rig.ts';
import type { Inputs } from './color-rig.ts';

let lab: Lab;
let hosts: Host[];
let inputs: Inputs;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  hosts = [await lab.addHost({ sudo: true }), await lab.addHost({ sudo: true })];
  await Promise.all(
    hosts.map(async (host) => {
      await prepareColors(host);
      await colorUp(lab, host, 'blue', { version: 'v1' });
      await colorUp(lab, host, 'green', { version: 'v2' });
      await startProxy(host, 'nginx');
    }),
  );
  inputs = { ...serverInputs(lab, hosts), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITES.nginx.file });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const colors = () => Promise.all(hosts.map(async (host) => (await served(host)).color));

test('two servers switch together', async () => {
  await mustStep('blue-green-switch', inputs, { runId: '1' });
  expect(await colors()).toEqual(['green', 'green']);
});

test('two servers are rolled back together', async () => {
  await mustStep('rollback', serverInputs(lab, hosts), { runId: '1' });
  expect(await colors()).toEqual(['blue', 'blue']);
});

test('when one server cannot switch, none does', async () => {
  await colorDown(hosts[1]!, 'green');
  const failed = await step('blue-green-switch', { ...inputs, to: 'green' }, { runId: '2' });
  expect(failed.exitCode).toBe(1);
  expect(failed.shown).toContain('green cannot take the traffic: it has no running container');
  expect(await colors()).toEqual(['blue', 'blue']);
});

/** A rollback that stands still on the second server at a place of its journal, and what is done there meanwhile. */
async function rollbackWith(place: string, harm: (host: Host) => Promise<void>) {
  const [, second] = hosts as [Host, Host];
  await second.write(`${PATH}/.deploy/pause-at`, `${place}\n`, { owner: 'deploy' });
  const running = startStep('rollback', serverInputs(lab, hosts), { runId: '3' });
  await second.sh(
    `for i in $(seq 1200); do grep -q paused ${PATH}/.deploy/runs/3-*/rollback-*/state 2>/dev/null && exit 0; sleep 0.05; done; exit 1`,
  );
  await harm(second);
  await second.sh(`rm ${PATH}/.deploy/pause-at`);
  return await running.done;
}

test('when one server cannot take the traffic back, all stay where they were, and nobody is called bad', async () => {
  const [, second] = hosts as [Host, Host];
  await colorUp(lab, second, 'green', { version: 'v2' });
  await mustStep('blue-green-switch', { ...inputs, to: 'green' }, { runId: '3' });
  expect(await colors()).toEqual(['green', 'green']);
  const folder = '/var/lib/deploy-actions/shop';
  const failed = await rollbackWith('apply:begin.blue:before', async (host) => {
    await host.sh(`chown root ${folder}`);
  });
  await second.sh(`chown deploy ${folder}`);
  expect([failed.exitCode, failed.shown]).toEqual([
    1,
    expect.stringContaining('goes back to how it was, because another server failed'),
  ]);
  expect(await colors()).toEqual(['green', 'green']);
  for (const host of hosts) {
    const marks = (await history(host)).filter((one) => one['release'] === 'release-v2' && 'bad' in one);
    expect(marks.at(-1)).toMatchObject({ bad: false });
  }
  // The next one goes through.
  await mustStep('rollback', serverInputs(lab, hosts), { runId: '3' });
  expect(await colors()).toEqual(['blue', 'blue']);
});

/**
 * Starts a switch of both that gets as far as `ready` on the first server, whose connection drops then; the second is told
 * to go. Answers the step and the first server's link.
 */
async function halfTold(to: string, runId: string) {
  const [first, second] = hosts as [Host, Host];
  const link = await first.link();
  const given = {
    ...inputs,
    to,
    host: `deploy@127.0.0.1:${link.port}\ndeploy@127.0.0.1:${second.sshPort}`,
    'known-hosts': first.knownHosts({ port: link.port }) + second.knownHosts(),
  };
  await second.write(`${PATH}/.deploy/pause-at`, 'ready:before\n', { owner: 'deploy' });
  let hear: () => void;
  // It says so after ten seconds: by then the runner has heard that it is.
  const isReady = new Promise<void>((done) => (hear = done));
  const running = startStep('blue-green-switch', given, {
    runId,
    onLine: (line) => line.includes('ready; waiting for the other hosts') && hear(),
  });
  const stands = (host: Host, test: string) =>
    host.sh(
      `for i in $(seq 1200); do for run in ${PATH}/.deploy/runs/${runId}-*/switch-*; do ${test} && exit 0; done; sleep 0.05; done; exit 1`,
    );
  await stands(second, 'grep -q paused $run/state 2>/dev/null');
  await isReady;
  link.refuse();
  await second.sh(`rm ${PATH}/.deploy/pause-at`);
  // The word itself is looked for, which stays: a server is `ready` for a moment only.
  await stands(second, '[ "$(readlink $run/decision)" = go ]');
  return { running, link, given };
}

test('a server whose connection drops while it is ready hears the word to go through the next one', async () => {
  const { running, link } = await halfTold('green', '4');
  link.mend();
  const { exitCode, shown } = await running.done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  expect(await colors()).toEqual(['green', 'green']);
});

test('a runner that dies when one of two servers was told to go: the job run again tells the other', async () => {
  const { running, link, given } = await halfTold('blue', '5');
  running.kill('SIGKILL');
  await running.done;
  link.mend();
  const { exitCode, shown } = await step('blue-green-switch', given, {
    runId: '5',
    env: { GITHUB_RUN_ATTEMPT: '2' },
  });
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  expect(await colors()).toEqual(['blue', 'blue']);
});
