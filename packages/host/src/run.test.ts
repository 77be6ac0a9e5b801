import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { sendGo, upload } from './control.ts';
import { followRun } from './follow.ts';
import { inspect } from './inspect.ts';
import { failureOf } from './result.ts';
import type { RunEvent } from './run.ts';
import { startRun } from './start.ts';
import { statusOf } from './status.ts';
import {
  eventually,
  hostsForEach,
  leftOut,
  linesOf,
  pidOf,
  shellsHere,
  statesOf,
  watching,
} from './testing/hosts.ts';
import { testInspection } from './testing/program.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

// bash as sh (Red Hat and its kin) is held to the journey alone: the rest is the same sh.
describe.each(shellsHere())('with %s as sh', (shell) => {
  const also = shell === 'bash' ? leftOut : test;
  const make = () => hostWith(shell);

  test('a run tells its phases and lines and ends with the fields of its result', async () => {
    const host = make();
    const options = watching();
    const session = host.session();
    const run = await startRun(
      session,
      host.operation({
        body: `operate() {
          phase pull; say "pulling $what"; run "a child" sh -c 'echo out; echo err >&2'
          phase up; result name "it's $what"; result_file sent "$files/a b/ü.txt"; warn careful
          result kept "<$secret_word>"
        }`,
        parameters: { what: `a 'quoted'\n$thing \`x\`` },
        secrets: { secret_word: 'hush' },
        files: [{ name: 'a b/ü.txt', content: Buffer.from([0, 255, 10, 65]) }],
      }),
      options,
    );
    expect(run.disposition).toBe('started');
    const result = await run.result;
    expect(result).toMatchObject({
      outcome: 'succeeded',
      fresh: true,
      recovered: false,
      fields: {
        name: `it's a 'quoted'\n$thing \`x\``,
        sent: Buffer.from([0, 255, 10, 65]).toString('utf8'),
        kept: '<hush>',
      },
    });
    expect(result.phases.map((phase) => phase.name)).toEqual(['pull', 'up']);
    expect(linesOf(options.events)).toEqual([`pulling a 'quoted'`, '$thing `x`', 'out', 'err']);
    expect(options.events).toContainEqual({ type: 'warning', text: 'careful' });
    expect(statesOf(options.events).at(-1)).toBe('ended');
    expect(session.counts.execs).toBe(1);
    expect(host.read(`.deploy/runs/run-1/deploy-1/secrets`)).toBe('');
  });

  // A child that ends at once meets the process that tells the waiting before that one stands.
  also('a hundred commands that end at once are each waited for, and none for ever', async () => {
    const host = make();
    const run = await startRun(
      host.session(),
      host.operation({
        body: `operate() {
          count=0
          while [ "$count" -lt 100 ]; do run "a command" true || return; count=$((count + 1)); done
          result count "$count"
        }`,
      }),
      watching(),
    );
    expect((await run.result).fields).toEqual({ count: '100' });
  });

  also('looking at the server takes one exec, and its files become those of the run', async () => {
    const host = make();
    const session = host.session();
    const events: RunEvent[] = [];
    const seen = await inspect(session, {
      path: host.path,
      program: testInspection({
        body: 'inspect() { say looking; result got "$(cat compose.yml) $word"; }\n',
        parameters: { word: 'w' },
      }),
      files: [{ name: 'compose.yml', content: 'services: {}' }],
      onEvent: (event) => events.push(event),
    });
    expect(seen.fields).toEqual({ got: 'services: {} w' });
    expect(linesOf(events)).toEqual(['looking']);
    const run = await startRun(
      session,
      host.operation({
        staging: seen.staging,
        files: [{ name: 'more.txt', content: 'more' }],
        body: 'operate() { result all "$(cat "$files/compose.yml" "$files/more.txt")"; }',
      }),
      watching(),
    );
    expect((await run.result).fields).toEqual({ all: 'services: {}more' });
    expect(session.counts.execs).toBe(2);
  });

  also('a look that fails says why and leaves nothing behind', async () => {
    const host = make();
    const look = inspect(host.session(), {
      path: host.path,
      program: testInspection({
        body: 'inspect() { say bad; fail input input-wrong "line 3 is wrong" "Mend it."; }',
      }),
      files: [{ name: 'x', content: 'x' }],
    });
    await expect(look).rejects.toMatchObject({
      kind: 'input',
      message: 'line 3 is wrong',
      remedy: 'Mend it.',
    });
    expect((await statusOf(host.session(), host.path)).runs).toEqual([]);
  });

  also('a failure keeps its kind, remedy, evidence and the fields given before it', async () => {
    const host = make();
    const run = await startRun(
      host.session(),
      host.operation({
        body: `operate() {
          result image one; echo 'log of web' >tail; details tail
          (fail unhealthy unhealthy 'web is not well' 'Read its log.') || fail remote command-failed 'not this one'
        }`,
      }),
      watching(),
    );
    const result = await run.result;
    expect(result.fields).toEqual({ image: 'one' });
    expect(failureOf(result)).toMatchObject({
      kind: 'unhealthy',
      message: 'web is not well',
      remedy: 'Read its log.',
      details: 'log of web\n',
    });
  });

  also(
    'the same id and input again reattaches while it runs, reports when it succeeded, else starts anew',
    async () => {
      const host = make();
      const body = 'operate() { echo once >>marks; await_go 20 || fail unhealthy unhealthy "no go"; }';
      const first = await startRun(host.session(), host.operation({ body }), watching());
      const again = watching();
      const second = await startRun(host.session(), host.operation({ body }), again);
      expect(second.disposition).toBe('reattached');
      expect(second.reference).toEqual(first.reference);
      await eventually(() => statesOf(again.events).includes('ready'), 'ready');
      await expect(sendGo(host.session(), first.reference)).resolves.toBe('went');
      expect((await first.result).outcome).toBe('succeeded');
      expect((await second.result).fresh).toBe(false);
      const third = await startRun(host.session(), host.operation({ body }), watching());
      expect(third.disposition).toBe('reported');
      expect(await third.result).toMatchObject({ outcome: 'succeeded', fresh: false });
      await expect(sendGo(host.session(), first.reference)).resolves.toBe('ended');
      expect(host.read('marks')).toBe('once\n');

      const other = host.operation({
        body: 'operate() { fail remote command-failed broken; }',
        inputHash: 'b'.repeat(64),
      });
      const fourth = await startRun(host.session(), other, watching());
      expect(fourth.reference.number).toBe(2);
      expect((await fourth.result).outcome).toBe('failed');
      const fifth = await startRun(host.session(), other, watching());
      expect(fifth.reference.number).toBe(3);
      await fifth.result;
    },
  );

  also('without go a run reverts at its deadline, and a later go is late', async () => {
    const host = make();
    const run = await startRun(
      host.session(),
      host.operation({
        body: 'operate() { await_go 1 || { nap 1; fail unhealthy unhealthy "no go came"; }; }',
      }),
      watching(),
    );
    await eventually(() => host.read('.deploy/runs/run-1/deploy-1/state') === 'ready\n', 'ready');
    await eventually(() => host.read('.deploy/runs/run-1/deploy-1/state') === 'running\n', 'the deadline');
    await expect(sendGo(host.session(), run.reference)).resolves.toBe('late');
    expect((await run.result).failure).toMatchObject({ kind: 'unhealthy', message: 'no go came' });
  });

  also(
    'a cut connection changes nothing for the run, and nothing of its log is lost or told twice',
    async () => {
      const host = make();
      const session = host.session();
      const options = watching({ reopen: async () => host.session() });
      const run = await startRun(
        session,
        host.operation({
          body: 'operate() { for each in 1 2 3 4 5 6 7 8; do say "line $each"; nap 0.2; done; }',
        }),
        options,
      );
      await eventually(() => linesOf(options.events).includes('line 2'), 'line 2');
      session.cut();
      expect((await run.result).outcome).toBe('succeeded');
      expect(linesOf(options.events)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((each) => `line ${each}`));
      expect(options.events.filter((event) => event.type === 'reconnected')).toHaveLength(1);
      expect(run.session).not.toBe(session);
    },
  );

  also('a connection that stays away ends the following, and says that the run goes on', async () => {
    const host = make();
    const session = host.session();
    const gone = new Failure('lost', 'still away');
    const run = await startRun(
      session,
      host.operation({ body: 'operate() { nap 3; echo done >done; }' }),
      watching({ reconnectFor: 900, reopen: () => Promise.reject(gone) }),
    );
    session.cut();
    await expect(run.result).rejects.toMatchObject({
      kind: 'lost',
      remedy: expect.stringMatching(/goes on there by itself.*same `deployment-id`/),
    });
    await eventually(() => host.read('done') === 'done\n', 'the end');
    expect((await followRun(host.session(), run.reference, watching()).result).outcome).toBe('succeeded');
  });

  // busybox would count by its own wc.
  (shell === 'dash' ? test : leftOut)(
    'a file that is replaced while it is told is told as it was',
    async () => {
      const host = make();
      // Between counting and reading another program puts a longer one in its place.
      host.tool('wc', '/usr/bin/wc "$@"; printf "much longer\\n" >one.new; mv one.new one');
      const seen = await inspect(host.session(), {
        path: host.path,
        program: testInspection({
          body: 'inspect() { echo short >one; result_file told one; result after "$(cat one)"; }',
        }),
      });
      expect(seen.fields).toEqual({ told: 'short\n', after: 'much longer' });
    },
  );

  also('long work tells what it waits for at least every 15 seconds', async () => {
    const host = make();
    const options = watching();
    const run = await startRun(
      host.session(),
      host.operation({ body: 'operate() { run "the image" sleep 11; }' }),
      options,
    );
    await run.result;
    expect(linesOf(options.events)).toEqual(['waiting for the image, 10 s']);
  });

  also('a TERM to the program does not end what it does, only asks it to stop', async () => {
    const host = make();
    const body = `operate() { run "a step" sh -c 'echo 1 >started; sleep 1; exit 3'; result code "$?"; cancelled && fail lost lost stopped; }`;
    const run = await startRun(host.session(), host.operation({ body }), watching());
    await eventually(() => host.read('started') !== '', 'the step');
    process.kill(pidOf(host, 'run-1/deploy-1'), 'SIGTERM');
    expect(await run.result).toMatchObject({ fields: { code: '3' }, failure: { message: 'stopped' } });
  });

  also('a path that is a link or cannot be made is refused before anything is sent there', async () => {
    const host = make();
    await upload(host.session(), host.path, host.path, [{ name: 'x/y', content: 'z' }]);
    expect(host.read('x/y')).toBe('z');
    const link = path.join(path.dirname(host.path), 'link');
    symlinkSync(host.path, link);
    await expect(upload(host.session(), link, link, [])).rejects.toMatchObject({ kind: 'refused' });
    await expect(upload(host.session(), '/proc/nowhere', '/proc/nowhere', [])).rejects.toMatchObject({
      kind: 'refused',
      remedy: expect.stringContaining('sudo install -d'),
    });
  });
});
