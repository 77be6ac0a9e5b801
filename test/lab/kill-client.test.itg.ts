import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, type Link, openLab } from '@deploy-actions/lab';
import {
  BOUNDARIES,
  JOURNAL,
  type SmallDeploy,
  ended,
  healthySite,
  expectSite,
  journalOf,
  matrix,
  newDeploy,
  otherTag,
  startPaused,
  resume,
  siteOf,
  startSmall,
  timesRun,
} from './fault-rig.ts';

/** The runner is killed or cancelled, or the way to the server fails, at every place of the journal. */
let lab: Lab;
let link: Link;
/** What a whole deployment sends. */
let sent: number;

beforeAll(async () => {
  lab = await openLab();
  link = await lab.host.link();
  const first = newDeploy('v2');
  const { exitCode, shown } = await start(first).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  await expectSite(lab, 'v2');
  sent = link.bytes.up;
}, 600_000);

afterAll(async () => {
  await link?.close();
  await lab?.close();
});

function start(wanted: SmallDeploy, onLine?: (line: string) => void) {
  return startSmall(lab, wanted, {}, { port: link.port, ...(onLine === undefined ? {} : { onLine }) });
}

test('the places below are all that a deployment journals', async () => {
  const wanted = newDeploy(await otherTag(lab.host));
  expect((await start(wanted).done).exitCode).toBe(0);
  expect(await journalOf(lab.host, wanted)).toEqual([...JOURNAL]);
  expect(BOUNDARIES).toHaveLength(JOURNAL.length + 1);
});

const FAULTS = [
  'the action is killed',
  'the connection is cut',
  'the job is cancelled',
  'sshd is restarted',
] as const;

test.each(matrix(0, FAULTS))(
  '$fault at $place: the deployment ends well, and once',
  async ({ place, fault }) => {
    const { host } = lab;
    const before = await siteOf(host);
    const wanted = newDeploy(await otherTag(lab.host));
    const action = await startPaused(host, place, wanted, () => start(wanted));
    let rerun: ReturnType<typeof start> | undefined;
    switch (fault) {
      case 'the action is killed':
        action.kill('SIGKILL');
        expect((await action.done).endedBy).toBe('SIGKILL');
        // The same run again while the program stands still: it attaches to it.
        rerun = start(wanted);
        break;
      case 'the job is cancelled': {
        action.cancel();
        const { exitCode, shown } = await action.done;
        // It ended by itself, and not well, before the runner would have killed it.
        expect([exitCode, exitCode === 1 ? '' : shown]).toEqual([1, '']);
        break;
      }
      case 'the connection is cut':
        link.cut();
        break;
      case 'sshd is restarted':
        await host.restartSshd();
        break;
    }
    await resume(host);
    const outcome = await ended(host, wanted);
    if (fault === 'the job is cancelled' && outcome === 'failed') {
      // Nobody waits for what was not healthy yet: it is taken back. A rerun tries again, without a second migration.
      expect(await siteOf(host)).toEqual(before);
      const { exitCode, shown } = await start(wanted).done;
      expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
      await expectSite(lab, wanted.tag);
      expect(await timesRun(host, 'migrations', wanted)).toBe(1);
      return;
    }
    expect(outcome).toBe('succeeded');
    if (fault === 'the connection is cut' || fault === 'sshd is restarted') {
      const { exitCode, shown } = await action.done;
      expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
    }
    // The rerun tells how it ended, and changes nothing.
    const { exitCode, outputs, shown } = await (rerun ?? start(wanted)).done;
    expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
    expect(outputs).toMatchObject({ version: wanted.tag, changed: 'true' });
    await expectSite(lab, wanted.tag);
    expect(await journalOf(host, wanted)).toEqual([...JOURNAL]);
    expect([await timesRun(host, 'migrations', wanted), await timesRun(host, 'after-up', wanted)]).toEqual([
      1, 1,
    ]);
  },
);

test.each([
  { when: 'the handshake', bytes: 500 },
  { when: 'the first upload', bytes: 9_000 },
  { when: 'the second upload', bytes: 60_000 },
])('the connection is cut in the middle of $when: nothing is half done', async ({ bytes }) => {
  const { host } = lab;
  expect(sent).toBeGreaterThan(bytes);
  const before = await siteOf(host);
  const wanted = newDeploy(await otherTag(lab.host));
  link.cutAfter({ up: bytes });
  const { exitCode } = await start(wanted).done;
  const after = await siteOf(host);
  expect(after).toEqual(exitCode === 0 ? healthySite(lab, wanted.tag) : before);
  const again = await start(wanted).done;
  expect([again.exitCode, again.exitCode === 0 ? '' : again.shown]).toEqual([0, '']);
  await expectSite(lab, wanted.tag);
});

test('a connection that stays away ends the action as lost, and the server goes on', async () => {
  const { host } = lab;
  const wanted = newDeploy(await otherTag(lab.host));
  const action = await startPaused(host, 'up:begin:before', wanted, () => start(wanted));
  link.refuse();
  await resume(host);
  expect(await ended(host, wanted)).toBe('succeeded');
  await expectSite(lab, wanted.tag);
  action.cancel();
  expect((await action.done).exitCode).toBe(1);
  link.mend();
  expect((await start(wanted).done).exitCode).toBe(0);
});
