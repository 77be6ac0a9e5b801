import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type RunningBundle, startBundle } from '@deploy-actions/tooling';
import { PATH, SITES, mustStep, openColors, served, serverInputs } from './color-rig.ts';
import { SMALL, deployInputs, deployed, smallCheckout, smallServed, startDeploy } from './deploy-rig.ts';

// What stability-watch makes of containers that our own deployments and switches stop while it watches.

let lab: Lab;
let single: Host;
let colors: Host;
beforeAll(async () => {
  lab = await openLab({ hosts: 1 });
  single = lab.host;
  const workspace = smallCheckout();
  [colors] = await Promise.all([
    openColors(lab, 'nginx', { worker: true }),
    deployed(deployInputs(lab, 'v1', SMALL, [single]), { workspace }),
  ]);
  await mustStep('blue-green-switch', switching({ install: 'true', 'site-config': SITES.nginx.file }));
}, 900_000);
afterAll(async () => {
  await lab?.close();
}, 120_000);

const switching = (more: Record<string, string> = {}) => ({
  ...serverInputs(lab, [colors]),
  'drain-timeout': '0',
  ...more,
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds()); await sleep(200)) {
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
  }
}

/** Processes of the login user that follow the engine's events. */
async function listeners(host: Host): Promise<string[]> {
  const { stdout } = await host.exec(['pgrep', '-u', 'deploy', '-f', 'docker.* events ']);
  return stdout.split('\n').filter(Boolean);
}

/** A watch of the containers alone, once it hears of them. */
async function watching(host: Host, project: string, duration: string): Promise<RunningBundle> {
  const before = await listeners(host);
  const running = startBundle({
    action: 'stability-watch',
    inputs: { ...serverInputs(lab, [host]), project, path: PATH, duration, interval: '5s' },
    ...(process.env['DEPLOY_ACTIONS_TREE'] ? { tree: process.env['DEPLOY_ACTIONS_TREE'] } : {}),
  });
  await until('a watch that hears', async () => (await listeners(host)).some((pid) => !before.includes(pid)));
  return running;
}

test('a real deployment replaces a container while it is watched, and a real switch stops a worker: both are told, and stable', async () => {
  const deployment = await watching(single, 'shop', '45s');
  const moving = await watching(colors, 'shop-blue', '45s');
  await Promise.all([
    deployed(deployInputs(lab, 'v2', SMALL, [single]), { workspace: smallCheckout() }),
    mustStep('blue-green-switch', switching(), { runId: '1' }),
  ]);
  expect([await smallServed(single), (await served(colors)).color]).toEqual(['v2', 'green']);
  for (const [{ done }, told] of [
    [deployment, 'shop-web-1 (service web) was stopped by deploy-1'],
    [moving, 'shop-blue-worker-1 (service worker) was stopped by switch-1'],
  ] as const) {
    const { exitCode, outputs, shown } = await done;
    expect([exitCode, outputs['stable'], exitCode === 0 ? '' : shown]).toEqual([0, 'true', '']);
    expect(outputs['report']).toContain(told);
  }
}, 300_000);

test('a container that crashes while a deployment of ours replaces another one ends the watch', async () => {
  const watch = await watching(single, 'shop', '120s');
  const deployment = startDeploy(deployInputs(lab, 'v1', SMALL, [single]), { workspace: smallCheckout() });
  await until('the new version', async () => (await smallServed(single)) === 'v1');
  await single.sh("kill -KILL $(docker inspect --format '{{.State.Pid}}' shop-store-1)");
  const { exitCode, outputs, shown } = await watch.done;
  expect([exitCode, outputs['stable']]).toEqual([1, 'false']);
  expect(outputs['reason']).toMatch(/: shop-store-1 \(service store\) exited with code 137$/);
  expect(shown).not.toContain('shop-web-1 (service web) was stopped by somebody');
  await deployment.done;
}, 300_000);
