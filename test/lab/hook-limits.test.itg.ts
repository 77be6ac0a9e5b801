import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import {
  type DeployInputs,
  SMALL,
  deploy,
  deployInputs,
  deployed,
  refused,
  smallCheckout,
  smallServed,
  startDeploy,
} from './deploy-rig.ts';

/** Commands that do not end by themselves, on a real engine. */
let lab: Lab;
let host: Host;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost();
  await deployed(inputs('v1'), { workspace: swallowing() });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** A service whose entrypoint, in a Dockerfile's shell form, takes no command. */
function swallowing(): string {
  const folder = smallCheckout();
  appendFileSync(
    join(folder, 'compose.yaml'),
    `  jobs:
    image: \${REGISTRY}/shop/redis:8
    entrypoint: [sh, -c, sleep 4321]
    stop_grace_period: 1s
`,
  );
  return folder;
}

const inputs = (tag: string, more: DeployInputs = {}) =>
  deployInputs(lab, tag, { ...SMALL, ...more }, [host]);
const run = (tag: string, more: DeployInputs, runId: string) =>
  [inputs(tag, more), { runId, workspace: swallowing() }] as const;

/** Containers of commands, by their names. */
const commands = async () =>
  (await host.sh(`docker ps -a --filter label=com.docker.compose.oneoff=True --format '{{.Names}}'`)).trim();

/** Waits until the host's shell says yes. */
const until = (condition: string) =>
  host.sh(`for i in $(seq 300); do if ${condition}; then exit 0; fi; sleep 0.1; done; exit 1`);

test('who waits hears of the container and of what ends it, and that ends it', async () => {
  const holder = startDeploy(...run('v2', { 'before-up': 'jobs: ./up' }, '12'));
  await until(`[ -f /srv/deploy/shop/.deploy/runs/12-deploy/deploy-1/under-way ]`);
  const busy = await refused(...run('v2', { 'lock-timeout': '1s' }, '13'));
  expect(busy.headline).toMatch(
    /in the phase before-up for \d+ s, waiting for the container shop-before-up-01-\S+ for \d+ s/,
  );
  const [, ends, container] = /on the server: (docker rm -f (shop-before-up-01-[\w-]+))/.exec(busy.shown)!;
  const status = await deploy({ ...inputs('v2'), status: 'true' }, { workspace: swallowing() });
  expect(status.shown).toContain('waiting for the container shop-before-up-01-');
  // It says nothing of a container that is not there, and ends well.
  expect((await host.sh(ends!)).trim()).toBe(container);
  expect((await holder.done).shown).toContain('was taken away by somebody else');
  expect(await smallServed(host)).toBe('v1');
});

test('a cancelled run ends the command that it waits for', async () => {
  const running = startDeploy(...run('v2', { 'before-up': 'jobs: ./up' }, '14'));
  await until(`[ -f /srv/deploy/shop/.deploy/runs/14-deploy/deploy-1/under-way ]`);
  running.cancel();
  await running.done;
  await until(`[ -f /srv/deploy/shop/.deploy/runs/14-deploy/deploy-1/result ]`);
  expect(await commands()).toBe('');
  expect(await smallServed(host)).toBe('v1');
});

test('a command in a running container is ended there, with what it started', async () => {
  const { headline } = await refused(
    ...run('v2', { 'after-up': 'store: sleep 5432 & sleep 5432', 'hook-timeout': '3s' }, '15'),
  );
  expect(headline).toMatch(/did not end within 3 s .* was restored and is healthy/);
  expect(await host.sh('docker top shop-store-1')).not.toContain('5432');
  expect(await smallServed(host)).toBe('v1');
});

// The last one: nothing is put back after it, since nothing says that old code runs on the new schema.
test('a migration that an entrypoint swallows is ended, the old version serves, and the lock is free', async () => {
  const { headline, shown } = await refused(
    ...run('v2', { migrate: 'jobs: ./up', 'migrate-timeout': '4s' }, '11'),
  );
  expect(headline).toContain('did not end within 4 s (migrate-timeout) and was ended');
  expect(headline).toContain('it was given to the entrypoint of jobs (sh -c sleep 4321)');
  expect(shown).toContain('entrypoint: []');
  expect(await commands()).toBe('');
  expect(await smallServed(host)).toBe('v1');
});
