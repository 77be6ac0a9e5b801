import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import {
  PATH,
  type SmallDeploy,
  ended,
  expectSite,
  killProgram,
  matrix,
  newDeploy,
  otherTag,
  startPaused,
  resume,
  startSmall,
  timesRun,
} from './fault-rig.ts';

/** The server's side fails at every place of the journal: the program, the engine, the power. */
let lab: Lab;
/** The version that served before the fault. */
let serving = 'v2';

beforeAll(async () => {
  lab = await openLab();
  await deployWell(newDeploy(serving));
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

async function deployWell(wanted: SmallDeploy): Promise<void> {
  const { exitCode, shown } = await startSmall(lab, wanted).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  await expectSite(lab, wanted.tag);
  serving = wanted.tag;
}

/** What came of it is what the result says, the site is whole, and the next deployment needs nobody's help. */
async function expectTruthAndNext(wanted: SmallDeploy): Promise<void> {
  const outcome = await ended(lab.host, wanted);
  serving = outcome === 'succeeded' ? wanted.tag : serving;
  await expectSite(lab, serving);
}

const FAULTS = [
  'the program is killed',
  'dockerd is killed',
  'the server restarts, with resume-on-boot',
  'the program is killed, and another version comes next',
  'dockerd is restarted',
  'the server restarts',
] as const;

test.each(matrix(1, FAULTS))(
  '$fault at $place: one healthy version serves, the next deploy works',
  async ({ place, fault }) => {
    const { host } = lab;
    const wanted = newDeploy(await otherTag(lab.host));
    const action = await startPaused(host, place, wanted, () =>
      startSmall(lab, wanted, {
        'resume-on-boot': fault === 'the server restarts, with resume-on-boot',
      }),
    );
    switch (fault) {
      case 'the program is killed':
      case 'the program is killed, and another version comes next': {
        await killProgram(host, wanted);
        await resume(host);
        // Nobody takes it for a success.
        expect((await action.done).exitCode).toBe(1);
        const other = newDeploy(wanted.tag === 'v1' ? 'v2' : 'v1');
        await deployWell(fault === 'the program is killed' ? wanted : other);
        break;
      }
      case 'dockerd is killed':
      case 'dockerd is restarted': {
        await host.restartDockerd(fault === 'dockerd is killed' ? 'KILL' : 'TERM');
        await resume(host);
        const { exitCode } = await action.done;
        if (fault === 'dockerd is killed' && (place === 'committed:before' || place === 'result:before')) {
          // It had been proven by then; what has no restart policy an engine that was killed does not start again.
          expect(exitCode).toBe(0);
          await deployWell(newDeploy(wanted.tag));
          break;
        }
        await expectTruthAndNext(wanted);
        expect(exitCode).toBe(serving === wanted.tag ? 0 : 1);
        await deployWell(wanted);
        break;
      }
      case 'the server restarts, with resume-on-boot':
        await host.restart();
        await resume(host);
        // No run of the action is needed.
        await expectTruthAndNext(wanted);
        action.cancel();
        await action.done;
        await deployWell(wanted);
        break;
      case 'the server restarts':
        action.kill('SIGKILL');
        await action.done;
        await host.restart();
        await resume(host);
        await deployWell(wanted);
        break;
    }
    // Run by this run or by one that recovered it; a second time only if the first was cut short.
    const times = await timesRun(host, 'migrations', wanted);
    expect(times).toBeLessThanOrEqual(place === 'migrate-01:done:before' ? 2 : 1);
  },
);

/** Deploys what takes ten seconds to stop, then begins to replace it; answers when its replacement waits for that. */
async function inTheMiddleOfARecreate(): Promise<{
  wanted: SmallDeploy;
  action: ReturnType<typeof startSmall>;
}> {
  await deployWell(newDeploy('ignores-sigterm'));
  const wanted = newDeploy('v1');
  const action = startSmall(lab, wanted, { 'resume-on-boot': false });
  await lab.host.sh(
    `for i in $(seq 600); do
       docker ps --all --format '{{.Names}}' | grep -q '^[0-9a-f]\\{12\\}_shop-api-1$' && exit 0
       sleep 0.1
     done
     exit 1`,
    { timeoutMs: 90_000 },
  );
  return { wanted, action };
}

test('the power fails in the middle of a recreate: the leftover <hex>_name is mended by the next deploy', async () => {
  const { wanted, action } = await inTheMiddleOfARecreate();
  action.kill('SIGKILL');
  await lab.host.restart();
  await action.done;
  await deployWell(wanted);
});

test('program and compose are killed in the middle of a recreate: the next deploy mends it', async () => {
  const { wanted, action } = await inTheMiddleOfARecreate();
  await lab.host.sh(
    `read -r pid _ <"$(ls -d ${PATH}/.deploy/runs/${wanted.run}-deploy/deploy-* | tail -n 1)/pid"
     kill -KILL $(pgrep -s "$pid")`,
  );
  expect((await action.done).exitCode).toBe(1);
  await deployWell(newDeploy(wanted.tag));
});

test('a migration whose program is killed runs on, and is waited for instead of run twice', async () => {
  const { host } = lab;
  const wanted = newDeploy(await otherTag(lab.host));
  const slow = {
    migrate: `api: sh -c 'echo ${wanted.run} >>/data/migrations; sleep 8; echo ${wanted.run} >>/data/after-up'`,
    'after-up': '',
  };
  const action = startSmall(lab, wanted, slow);
  await host.sh(
    `for i in $(seq 600); do grep -sqx ${wanted.run} ${PATH}/shared/data/migrations && exit 0; sleep 0.1; done; exit 1`,
  );
  await killProgram(host, wanted);
  expect((await action.done).exitCode).toBe(1);
  const { exitCode, shown } = await startSmall(lab, wanted, slow).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  // Begun as often as ended: none was cut short, and none ran beside another.
  const begun = await timesRun(host, 'migrations', wanted);
  expect(await timesRun(host, 'after-up', wanted)).toBe(begun);
  await expectSite(lab, wanted.tag);
});
