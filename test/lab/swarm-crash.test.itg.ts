import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, type Link, joinCluster, openLab } from '@deploy-actions/lab';
import {
  IS_FULL,
  type SmallDeploy,
  journalOf,
  killProgram,
  newDeploy,
  resume,
  startPaused,
} from './fault-rig.ts';
import {
  JOURNALS,
  type Role,
  allReady,
  clusterCrashes,
  expectCluster,
  startStack,
  whilePaused,
} from './swarm-crash-rig.ts';
import { answers } from './swarm-rig.ts';

/**
 * Deployments to three managers and a worker, each cut off at a place of the journal of the manager that deploys or of the
 * worker, and two at once. By default a few of them; DEPLOY_ACTIONS_FULL_MATRIX=1 tries every fault at every place.
 */
let lab: Lab;
let ports: ReadonlyMap<Host, number>;
let links: Record<Role, Link>;
const hostOf = (role: Role) => (role === 'manager' ? lab.hosts[0]! : lab.hosts[3]!);

beforeAll(async () => {
  lab = await openLab({ hosts: 4 });
  await joinCluster(lab.hosts, { managers: 3 });
  links = { manager: await hostOf('manager').link(), worker: await hostOf('worker').link() };
  ports = new Map([
    [hostOf('manager'), links.manager.port],
    [hostOf('worker'), links.worker.port],
  ]);
  await deployWell(first);
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

let versions = 0;
const nextVersion = (): SmallDeploy => newDeploy(`v${(versions += 1)}`);
const first = nextVersion();

/** A deployment of another version, which nobody helps. */
async function deployWell(wanted = nextVersion()): Promise<void> {
  const start = await startStack(lab, wanted, { ports });
  const { exitCode, shown } = await start().done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  await expectCluster(lab, wanted.tag);
}

test('the places below are all that a deployment to a cluster journals', async () => {
  for (const role of ['manager', 'worker'] as const)
    expect(await journalOf(hostOf(role), first)).toEqual([...JOURNALS[role]]);
});

test.each(clusterCrashes())(
  '$fault at $place of the $role: the next deployment makes one whole release of it',
  async ({ role, place, fault }) => {
    const host = hostOf(role);
    const wanted = nextVersion();
    const action = await startPaused(host, place, wanted, await startStack(lab, wanted, { ports }));
    switch (fault) {
      case 'the runner is killed':
        action.kill('SIGKILL');
        await action.done;
        await resume(host);
        break;
      case 'the connection is cut': {
        links[role].cut();
        await resume(host);
        const { exitCode, shown } = await action.done;
        expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
        await expectCluster(lab, wanted.tag);
        break;
      }
      case 'the program is killed':
        await killProgram(host, wanted);
        await resume(host);
        // Nobody takes it for a success.
        expect((await action.done).exitCode).toBe(1);
        break;
      case 'the host is killed':
        action.kill('SIGKILL');
        await action.done;
        await host.restart();
        await resume(host);
        await allReady(lab);
        break;
      case 'the quorum is lost and comes back': {
        await whilePaused(lab.hosts.slice(1, 3), async () => {
          await resume(host);
          // As long as a restart of two managers takes.
          await new Promise((resolve) => setTimeout(resolve, 15_000));
        });
        await action.done;
        await allReady(lab);
        break;
      }
    }
    await deployWell();
  },
  600_000,
);

test.each(Array.from({ length: IS_FULL ? 8 : 1 }, (_, index) => index + 1))(
  'two deployments at once, pair %i: each ends with a whole release, or was refused',
  async (pair) => {
    const [one, other] = [nextVersion(), nextVersion()];
    const [h1, h2, ...more] = lab.hosts as [Host, Host, ...Host[]];
    // Every second pair is led by two managers.
    const hosts = pair % 2 === 0 ? [h2, h1, ...more] : lab.hosts;
    const starts = [await startStack(lab, one, { ports }), await startStack(lab, other, { ports, hosts })];
    const results = await Promise.all(starts.map((start) => start().done));
    const good = [one, other].filter((_, index) => results[index]!.exitCode === 0).map(({ tag }) => tag);
    for (const { exitCode, annotations, shown } of results) {
      if (exitCode === 0) continue;
      const headline = annotations.filter(({ level }) => level === 'error').at(-1)?.message ?? '';
      expect([headline, /refused|lock|later run|record/i.test(headline) ? '' : shown]).toEqual([
        headline,
        '',
      ]);
    }
    expect(good.length).toBeGreaterThan(0);
    const [serving] = await answers(lab.hosts);
    expect(good).toContain(serving);
    await expectCluster(lab, serving!);
  },
  600_000,
);
