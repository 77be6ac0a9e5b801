import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { SITES, mustStep, serverInputs, startProxy, step } from './color-rig.ts';
import { deploy, deployInputs, served } from './deploy-rig.ts';

let lab: Lab;
let host: Host;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

async function mustDeploy(tag: string, runId: string, more: Record<string, string> = {}) {
  const result = await deploy(deployInputs(lab, tag, more, [host]), { runId });
  if (result.exitCode !== 0) throw new Error(`the deploy of ${tag} failed:\n${result.shown}`);
  return result;
}

const rollback = (runId: string, more: Record<string, string> = {}) =>
  mustStep('rollback', { ...serverInputs(lab, [host]), ...more }, { runId });

test('with no earlier release a rollback says so and leaves things alone', async () => {
  const first = await rollback('1');
  expect(first.outputs).toMatchObject({ mode: 'none', reason: 'this run has changed nothing on the server' });
  await mustDeploy('v1', '2');
  const only = await rollback('2');
  expect(only.outputs).toMatchObject({ mode: 'none', reason: 'there is no earlier release to go back to' });
  expect(await served(host)).toBe('v1');
});

test('past a migration a rollback is refused; allowed, it brings back exactly what ran before, without the registry, once', async () => {
  const before = await images();
  await mustDeploy('v2', '3');
  expect(await served(host)).toBe('v2');
  await lab.registry.pause();
  // Nothing comes from it meanwhile.
  const pulled = await host.exec(['timeout', '3', 'docker', 'pull', lab.registry.image('shop/api:v3')]);
  expect(pulled.code).toBe(124);
  const refused = await step('rollback', serverInputs(lab, [host]), { runId: '3' });
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toContain('changed the schema');
  expect(await served(host)).toBe('v2');
  const rolled = await rollback('3', { 'allow-past-migration': 'true' });
  await lab.registry.unpause();
  expect(rolled.outputs).toMatchObject({ mode: 'redeploy' });
  expect(await served(host)).toBe('v1');
  expect(await images()).toEqual(before);
  const again = await rollback('3');
  expect(again.outputs['mode']).toBe('none');
  expect(await served(host)).toBe('v1');
});

test('deploy restored by itself: the rollback step after it changes nothing', async () => {
  const failed = await deploy(
    deployInputs(lab, 'crash-at-start', { migrate: '', 'migration-state': '' }, [host]),
    { runId: '4' },
  );
  expect(failed.exitCode).toBe(1);
  const after = await rollback('4');
  expect(after.outputs['mode']).toBe('none');
  expect(await served(host)).toBe('v1');
});

test('a step failed before the deploy: the rollback step changes nothing', async () => {
  const after = await rollback('5');
  expect(after.outputs).toMatchObject({ mode: 'none', reason: 'this run has changed nothing on the server' });
});

test('list shows what could be rolled back to, with what became of it', async () => {
  const listed = await rollback('6', { list: 'true' });
  expect(listed.shown).toMatch(/v1 .*serves now/);
  expect(listed.shown).toMatch(/v2 .*bad/);
});

test('the first colour deploy on a plain running stack, a switch under load, and a warm rollback lose no request', async () => {
  await startProxy(host, 'nginx', (text) =>
    text.replace('listen 8080', 'listen 8081').replace('127.0.0.1:18101', '127.0.0.1:8080'),
  );
  const colored = await mustDeploy('v3', '7', {
    color: 'auto',
    'color-services': 'web\napi\nworker\nscheduler',
    'live-only-services': 'worker\nscheduler',
    'migration-reversible': 'true',
  });
  expect(colored.outputs['color']).toBe('green');
  await mustStep(
    'blue-green-switch',
    { ...serverInputs(lab, [host]), install: 'true', 'site-config': SITES.nginx.file },
    { runId: '7' },
  );
  const running = startLoad({ url: host.url(8081), rate: 20, clients: 8, webSockets: 3, timeoutMs: 60_000 });
  await running.seen('v1', 60_000);
  await mustStep(
    'blue-green-switch',
    {
      ...serverInputs(lab, [host]),
      'expect-version': 'v3',
      'verify-url': 'http://127.0.0.1:8081/version',
      'drain-timeout': '1s',
    },
    { runId: '7' },
  );
  await running.seen('v3', 60_000);
  const back = await rollback('7');
  await running.seen('v1', 60_000);
  const report = await running.stop();
  expect(report.byFailure).toEqual({});
  expect(back.outputs).toMatchObject({ mode: 'flip' });
  const names = await host.sh("docker ps --format '{{.Names}}' | grep -E 'worker|scheduler' | sort");
  expect(names.trim().split('\n')).toEqual(['shop-scheduler-1', 'shop-worker-1']);
});

/** Image ids of the running services. */
async function images(): Promise<string[]> {
  return (
    await host.sh(
      'docker ps --filter label=com.docker.compose.project=shop --format \'{{.Label "com.docker.compose.service"}} {{.Image}}\' | sort',
    )
  )
    .trim()
    .split('\n');
}
