import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import { well } from './testing/deploy-rig.ts';
import { API, BAD, BETTER, managersRigOn } from './testing/swarm-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const managersRig = (compose?: string) => managersRigOn(hostWith, compose);
type Rig = ReturnType<typeof managersRig>;

const RUN = '207-deploy/deploy-1';
const UNUSED = 'shop_site_0123456789abcdef';
const inputs = (api: string, more: Record<string, string> = {}) => ({
  engine: 'swarm',
  env: `API=${api}`,
  ...more,
});
const apiOf = ({ m2 }: Rig) => m2.docker.services().find((line) => line.startsWith('shop_api'));
const notesOf = ({ m2 }: Rig) =>
  m2.docker.calls().filter((call) => /^config create .*deploy-actions\.lead=shop/.test(call));

/** A deployment that stands still on the first manager. */
async function standing(rig: Rig, boundary: string, more: Record<string, string> = {}) {
  rig.m1.host.pauseAt(boundary);
  const running = rig.start('v2', inputs(BETTER, more), '207');
  await eventually(() => rig.m1.host.read(`.deploy/runs/${RUN}/state`) === 'paused\n', 'the pause');
  return running;
}

// A manager that dies in the middle.

test.each(['up:begin:after', 'lead:taken:after'])(
  'a manager that goes down at %s: another one finishes the deployment',
  async (boundary) => {
    const rig = managersRig();
    well(await rig.up('v1', API));
    const running = await standing(rig, boundary);
    rig.die(RUN);
    const ended = await running.done;
    well(ended);
    expect(ended.outputs.outcome).toBe('deployed');
    expect(ended.log).toContain('m2, another manager, goes on');
    expect(ended.log).toContain(
      'm1 is down, in the middle of the deployment 207-deploy: this manager goes on',
    );
    expect(apiOf(rig)).toContain(BETTER);
    expect(rig.m2.host.read('current/release.json')).toContain('"version":"v2"');
    // Its notes went with it.
    expect(notesOf(rig).length).toBeGreaterThan(0);
    expect(rig.m2.docker.configs()).toEqual([]);
  },
);

test('a first deployment is finished by another manager too', async () => {
  const rig = managersRig();
  const running = await standing(rig, 'committed:before');
  rig.die(RUN);
  const ended = await running.done;
  well(ended);
  expect(apiOf(rig)).toContain(BETTER);
});

test('a migration that has ended on the manager that went down does not run again', async () => {
  const rig = managersRig();
  well(await rig.up('v1', API));
  const running = await standing(rig, 'up:begin:before', { migrate: 'api: migrate it' });
  rig.die(RUN);
  const ended = await running.done;
  well(ended);
  expect(ended.log).toContain('migrate-01 has run on m1, and does not run again');
  expect([rig.m1, rig.m2].map(({ docker }) => docker.commands())).toEqual([['sh -c migrate it'], []]);
});

test('one that was under way there is not run again unasked: the deployment stops, and says so', async () => {
  const rig = managersRig();
  well(await rig.up('v1', API));
  rig.m1.docker.script({ commands: { 'sh -c migrate it': { hangs: true } } });
  const running = rig.start('v2', inputs(BETTER, { migrate: 'api: migrate it' }), '207');
  await eventually(() => rig.m1.docker.commands().length === 1, 'the migration');
  rig.die(RUN);
  const { failure } = await running.done;
  expect(failure).toMatchObject({ kind: 'refused', code: 'command-cut-off' });
  expect(failure!.message).toContain('migrate-01 was under way on m1');
  expect(rig.m2.docker.commands()).toEqual([]);
  expect(apiOf(rig)).toContain(API);
});

test('a manager that only nobody reaches is left alone: two at once there are not', async () => {
  const rig = managersRig();
  well(await rig.up('v1', API));
  const running = await standing(rig, 'up:begin:after');
  rig.die(RUN, false);
  const { failure } = await running.done;
  expect(failure).toMatchObject({ kind: 'busy', code: 'cluster-led' });
  expect(failure!.message).toContain('the manager m1 changes the services of shop (deployment 207-deploy)');
  expect(apiOf(rig)).toContain(API);
});

/** Another manager has gone on while the first one stands still: by its note. */
function noteAnother({ m1 }: Rig): void {
  const notes = path.join(m1.host.home, 'engine/configs');
  const own = readdirSync(notes).find((name) => name.includes('lead-1'))!;
  const others = readFileSync(path.join(notes, own), 'utf8').replaceAll('lead-1', 'lead-2');
  writeFileSync(path.join(notes, own.replace('lead-1', 'lead-2')), others);
}

test('a manager that stood still does nothing more where another one has gone on meanwhile', async () => {
  const rig = managersRig();
  well(await rig.up('v1', API));
  const running = await standing(rig, 'up:begin:after');
  noteAnother(rig);
  rig.m1.host.pauseAt(undefined);
  const { failure } = await running.done;
  expect(failure).toMatchObject({ kind: 'lost', code: 'lead-lost' });
  expect(apiOf(rig)).toContain(API);
});

test.each([
  { what: 'by the manager that leads', another: false, left: [] },
  { what: 'not by one that stood still, whose own they may not be', another: true, left: [UNUSED] },
])(
  'configs that no release needs are removed at the end of a deployment $what',
  async ({ another, left }) => {
    const rig = managersRig();
    well(await rig.up('v1', API));
    const running = await standing(rig, 'committed:after');
    const { code } = await rig.m1.host.session().run({
      script: `printf x | docker config create --label deploy-actions.project=shop ${UNUSED} -`,
    });
    expect(code).toBe(0);
    if (another) noteAnother(rig);
    rig.m1.host.pauseAt(undefined);
    well(await running.done);
    expect(rig.m2.docker.configs().filter((name) => name === UNUSED)).toEqual(left);
  },
);

test('where the first manager was left out of a deployment, one that knows of it leads: what failed comes back to what served', async () => {
  const rig = managersRig();
  well(await rig.up('v1', API));
  well(await rig.up('v2', BETTER, { host: 'deploy@m2\ndeploy@w1' }));
  expect(rig.m1.host.read('current/release.json')).toContain('"version":"v1"');
  const failed = await rig.up('v3', BAD);
  expect(failed.failure).toMatchObject({ kind: 'unhealthy' });
  expect(failed.log).toContain('m2 knows of a later release than m1');
  expect(apiOf(rig)).toContain(BETTER);
  // With what goes well the first knows of it too, and leads again.
  well(await rig.up('v4', API));
  for (const { host } of [rig.m1, rig.m2])
    expect(host.read('current/release.json')).toContain('"version":"v4"');
  const next = await rig.up('v5', BETTER);
  well(next);
  expect(next.log).not.toContain('knows of a later release');
});
