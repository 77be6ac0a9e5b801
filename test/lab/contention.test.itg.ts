import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import {
  PATH,
  type SmallDeploy,
  expectSite,
  killProgram,
  newDeploy,
  otherTag,
  startPaused,
  resume,
  startSmall,
} from './fault-rig.ts';

/** Many deployments to one server. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
  const { exitCode, shown } = await startSmall(lab, newDeploy('v2')).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** Counts on the server, ten times a second, the runs that say that they are at work; `stop` answers the most. */
async function watchRuns(host: Host): Promise<{ stop(): Promise<number> }> {
  await host.sh('rm -f /tmp/watch.stop');
  const watching = host.sh(
    `cd ${PATH}/.deploy/runs
     most=0
     until [ -e /tmp/watch.stop ]; do
       now=$(grep -lxE 'running|paused|ready' */*/state 2>/dev/null | wc -l)
       [ "$now" -le "$most" ] || most=$now
       sleep 0.1
     done
     echo "$most"`,
  );
  return {
    stop: async () => {
      await host.sh('touch /tmp/watch.stop');
      return Number(await watching);
    },
  };
}

function line(wanted: SmallDeploy): { lines: string[]; onLine(text: string): void } {
  const lines: string[] = [`deployment ${wanted.run}`];
  return { lines, onLine: (text) => void lines.push(text) };
}

test('of 20 deployments at once one is at work at a time, the rest name it, and none overtakes a newer one', async () => {
  const { host } = lab;
  const holder = { ...newDeploy(await otherTag(lab.host)), runNumber: 1, actor: 'first-actor' };
  const first = await startPaused(host, 'phase:pull:before', holder, () => startSmall(lab, holder));
  const watch = await watchRuns(host);
  // A fixed order that is neither theirs nor its reverse.
  const numbers = Array.from({ length: 19 }, (_, index) => 2 + ((index * 7 + 3) % 19));
  const waiters = numbers.map((runNumber) => {
    const wanted = { ...newDeploy(runNumber % 2 === 0 ? 'v1' : 'v2'), runNumber };
    const { lines, onLine } = line(wanted);
    return { wanted, lines, action: startSmall(lab, wanted, { 'lock-timeout': '9m' }, { onLine }) };
  });
  const isTold = (lines: readonly string[]) =>
    lines.some((text) => /waiting for the lock, held by first-actor since .*\(https:.*runs\/.*\)/.test(text));
  const ends = waiters.map(({ action }) => action.done);
  let over: string | undefined;
  void Promise.race(ends).then(({ shown }) => (over = shown));
  const deadline = Date.now() + 150_000;
  while (over === undefined && Date.now() < deadline && !waiters.every(({ lines }) => isTold(lines)))
    await new Promise((resolve) => setTimeout(resolve, 200));
  // None ended, and each has named who holds the lock.
  expect(over).toBeUndefined();
  expect(waiters.filter(({ lines }) => !isTold(lines)).map(({ lines }) => lines.at(-1))).toEqual([]);
  await resume(host);
  const results = await Promise.all(ends);
  expect((await first.done).exitCode).toBe(0);
  expect(await watch.stop()).toBe(1);

  const history = (await host.sh(`cat ${PATH}/.deploy/history.jsonl`))
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as { deployment_id: string; outcome: string });
  const order = history.flatMap(({ deployment_id: id }) =>
    waiters.filter(({ wanted }) => id.startsWith(wanted.run)).map(({ wanted }) => wanted.runNumber),
  );
  expect(order).toEqual([...order].sort((one, other) => one - other));
  expect(order.at(-1)).toBe(20);
  for (const [index, { exitCode, shown }] of results.entries()) {
    const { runNumber } = waiters[index]!.wanted;
    expect([runNumber, exitCode]).toEqual([runNumber, order.includes(runNumber) ? 0 : 1]);
    if (exitCode !== 0) expect(shown).toMatch(/::error::.*[Aa] later run has been here already/);
  }
  await expectSite(lab, 'v1');
}, 600_000);

test('who does not want to wait is told who holds the lock; a holder that dies holds nothing', async () => {
  const { host } = lab;
  const holder = { ...newDeploy('v2'), actor: 'holding-actor' };
  const first = await startPaused(host, 'phase:pull:before', holder, () => startSmall(lab, holder));
  const impatient = await startSmall(lab, newDeploy('v1'), { 'lock-timeout': '1s' }).done;
  expect(impatient.exitCode).toBe(1);
  expect(impatient.annotations.at(-1)?.message).toMatch(/held by holding-actor since .*runs\//);

  const next = newDeploy('v1');
  const { lines, onLine } = line(next);
  const second = startSmall(lab, next, { 'lock-timeout': '2m' }, { onLine });
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && !lines.some((text) => text.includes('waiting for the lock')))
    await new Promise((resolve) => setTimeout(resolve, 100));
  await killProgram(host, holder);
  await resume(host);
  expect((await first.done).exitCode).toBe(1);
  const { exitCode, shown } = await second.done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  await expectSite(lab, 'v1');
});
