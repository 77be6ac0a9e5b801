import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { cancelRun, readResult, sendGo, upload } from './control.ts';
import { followRun } from './follow.ts';
import { inspect } from './inspect.ts';
import { failureOf } from './result.ts';
import type { RunEvent } from './run.ts';
import { startRun } from './start.ts';
import { statusOf } from './status.ts';
import { type TestHost, eventually, shellsHere, testHost, watching } from './test-hosts.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hosts: TestHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.remove()));
});

const lines = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'line' ? [event.text] : []));
const states = (events: RunEvent[]) =>
  events.flatMap((event) => (event.type === 'state' ? [event.state] : []));

function pidOf(host: TestHost, run: string): number {
  return Number(host.read(`.deploy/runs/${run}/pid`).split(' ')[0]);
}

/** Whether a process is there and no zombie. */
function works(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function paused(host: TestHost, run: string): Promise<void> {
  await eventually(() => host.read(`.deploy/runs/${run}/state`) === 'paused\n', `the pause of ${run}`);
}

/** Stands in for `test` where a promise is not held to under a shell, by the comments below. */
const leftOut = (_name: string, _work: () => unknown, _timeout?: number): void => {};

// bash as sh (Red Hat and its kin) is held to the journey alone: the rest is the same sh.
describe.each(shellsHere())('with %s as sh', (shell) => {
  const also = shell === 'bash' ? leftOut : test;
  const make = () => {
    const host = testHost(shell);
    hosts.push(host);
    return host;
  };

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
          capture _mine printf '<%s>' "$secret_word"; result captured "$_mine"
          clean_env "A=b c" X= sh -c 'printf "%s,%s" "$A" "\${HOME:+home}"' >seen; result_file env seen
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
        captured: '<hush>',
        env: 'b c,home',
      },
    });
    expect(result.phases.map((phase) => phase.name)).toEqual(['pull', 'up']);
    expect(lines(options.events)).toEqual([`pulling a 'quoted'`, '$thing `x`', 'out', 'err']);
    expect(options.events).toContainEqual({ type: 'warning', text: 'careful' });
    expect(states(options.events).at(-1)).toBe('ended');
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
      body: 'inspect() { say looking; result got "$(cat compose.yml) $word"; }',
      parameters: { word: 'w' },
      files: [{ name: 'compose.yml', content: 'services: {}' }],
      onEvent: (event) => events.push(event),
    });
    expect(seen.fields).toEqual({ got: 'services: {} w' });
    expect(lines(events)).toEqual(['looking']);
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
      body: 'inspect() { say bad; fail input "line 3 is wrong" "Mend it."; }',
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
          (fail unhealthy 'web is not well' 'Read its log.') || fail remote 'not this one'
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
      const body = 'operate() { echo once >>marks; await_go 20 || fail unhealthy "no go"; }';
      const first = await startRun(host.session(), host.operation({ body }), watching());
      const again = watching();
      const second = await startRun(host.session(), host.operation({ body }), again);
      expect(second.disposition).toBe('reattached');
      expect(second.reference).toEqual(first.reference);
      await eventually(() => states(again.events).includes('ready'), 'ready');
      await expect(sendGo(host.session(), first.reference)).resolves.toBe('went');
      expect((await first.result).outcome).toBe('succeeded');
      expect((await second.result).fresh).toBe(false);
      const third = await startRun(host.session(), host.operation({ body }), watching());
      expect(third.disposition).toBe('reported');
      expect(await third.result).toMatchObject({ outcome: 'succeeded', fresh: false });
      await expect(sendGo(host.session(), first.reference)).resolves.toBe('ended');
      expect(host.read('marks')).toBe('once\n');

      const other = host.operation({ body: 'operate() { fail remote broken; }', inputHash: 'b'.repeat(64) });
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
      host.operation({ body: 'operate() { await_go 1 || { nap 1; fail unhealthy "no go came"; }; }' }),
      watching(),
    );
    await eventually(() => host.read('.deploy/runs/run-1/deploy-1/state') === 'ready\n', 'ready');
    await eventually(() => host.read('.deploy/runs/run-1/deploy-1/state') === 'running\n', 'the deadline');
    await expect(sendGo(host.session(), run.reference)).resolves.toBe('late');
    expect((await run.result).failure).toMatchObject({ kind: 'unhealthy', message: 'no go came' });
  });

  also('one run at a time: the others wait, say who holds the lock, and give up as busy', async () => {
    const host = make();
    const holder = await startRun(
      host.session(),
      host.operation({ body: 'operate() { await_go 30; }', deploymentId: 'holder' }),
      watching(),
    );
    await eventually(() => host.read('.deploy/runs/holder/deploy-1/state') === 'ready\n', 'the holder');
    const options = watching();
    const impatient = await startRun(
      host.session(),
      host.operation({ body: 'operate() { :; }', deploymentId: 'impatient', lockTimeout: 1000 }),
      options,
    );
    const patient = await startRun(
      host.session(),
      host.operation({ body: 'operate() { :; }', deploymentId: 'patient' }),
      watching(),
    );
    const { failure } = await impatient.result;
    expect(failure).toMatchObject({ kind: 'busy' });
    expect(failure!.message).toMatch(
      /held by octocat since .* \(https:\/\/example.org\/run\/1\), run holder\/deploy-1/,
    );
    expect(lines(options.events)[0]).toMatch(/waiting for the lock, held by octocat/);
    const status = await statusOf(host.session(), host.path);
    expect(status.lock).toMatchObject({ actor: 'octocat' });
    expect(status.runs.map((one) => [one.reference.deploymentId, one.state]).sort()).toEqual([
      ['holder', 'ready'],
      ['impatient', 'ended'],
      ['patient', 'waiting'],
    ]);
    await sendGo(host.session(), holder.reference);
    expect((await patient.result).outcome).toBe('succeeded');
    expect((await statusOf(host.session(), host.path)).lock).toBeUndefined();
  });

  also('a cancelled run that waits for the lock ends at once', async () => {
    const host = make();
    const holder = await startRun(
      host.session(),
      host.operation({ body: 'operate() { await_go 30; }', deploymentId: 'holder' }),
      watching(),
    );
    await eventually(() => host.read('.deploy/runs/holder/deploy-1/state') === 'ready\n', 'the holder');
    const waiter = await startRun(
      host.session(),
      host.operation({ body: 'operate() { echo ran >ran; }', deploymentId: 'waiter' }),
      watching(),
    );
    await cancelRun(host.session(), waiter.reference);
    expect((await waiter.result).failure).toMatchObject({ kind: 'lost' });
    await cancelRun(host.session(), holder.reference);
    await holder.result;
    expect(host.read('ran')).toBe('');
  });

  also('a run that is killed leaves the lock free, and the next run has it recovered first', async () => {
    const host = make();
    host.pauseAt('up:done:before');
    const body = `operate() { once migrate add migrated; once up add up; add end; }
      recover() { say "recovering after $(tail -n 1 "$run/journal")"; once migrate add migrated; add reverted; fail unhealthy reverted; }
      add() { echo "$1" >>marks; }`;
    const run = await startRun(host.session(), host.operation({ body }), watching());
    await paused(host, 'run-1/deploy-1');
    process.kill(pidOf(host, 'run-1/deploy-1'), 'SIGKILL');
    host.pauseAt(undefined);
    await expect(run.result).rejects.toMatchObject({ kind: 'lost' });
    expect((await statusOf(host.session(), host.path)).runs[0]).toMatchObject({
      state: 'interrupted',
      lastEvent: 'up:begin',
    });
    const next = watching();
    const second = await startRun(host.session(), host.operation({ body }), next);
    expect(second.reference.number).toBe(2);
    expect((await second.result).outcome).toBe('succeeded');
    expect(host.read('marks').split('\n')).toEqual([
      'migrated',
      'up',
      'reverted',
      'migrated',
      'up',
      'end',
      '',
    ]);
    expect(await readResult(host.session(), run.reference)).toMatchObject({
      outcome: 'failed',
      recovered: true,
      failure: { kind: 'unhealthy', message: 'reverted' },
    });
    expect(lines(next.events).join('\n')).toMatch(/an earlier run was interrupted: run-1\/deploy-1/);
  });

  also('what was journalled by an earlier run of the same deployment is known to the next', async () => {
    const host = make();
    const body = `operate() { done_before migrate || once migrate add migrated; [ "$run_number" = 2 ] || fail remote "up failed"; }
      add() { echo "$1" >>marks; }`;
    await (
      await startRun(host.session(), host.operation({ body }), watching())
    ).result;
    const second = await startRun(host.session(), host.operation({ body }), watching());
    expect((await second.result).outcome).toBe('succeeded');
    expect(host.read('marks')).toBe('migrated\n');
  });

  also('what a killed run leaves at work with the lock is ended, and then the lock is free', async () => {
    const host = make();
    const body = `operate() { run_locked compose sh -c 'echo $$ >compose.pid; exec sleep 300'; }`;
    const run = await startRun(host.session(), host.operation({ body }), watching());
    await eventually(() => host.read('compose.pid') !== '', 'compose');
    process.kill(pidOf(host, 'run-1/deploy-1'), 'SIGKILL');
    await expect(run.result).rejects.toMatchObject({ kind: 'lost' });
    const next = await startRun(host.session(), host.operation({ body: 'operate() { :; }' }), watching());
    expect((await next.result).outcome).toBe('succeeded');
    expect(works(Number(host.read('compose.pid')))).toBe(false);
  });

  also('hooks do not hold the lock of a killed run', async () => {
    const host = make();
    const body = `operate() { run hook sh -c 'echo $$ >hook.pid; exec sleep 300'; }`;
    await startRun(host.session(), host.operation({ body }), watching());
    await eventually(() => host.read('hook.pid') !== '', 'the hook');
    process.kill(pidOf(host, 'run-1/deploy-1'), 'SIGKILL');
    await eventually(() => host.read('.deploy/runs/run-1/deploy-1/state') !== '', 'state');
    let lock: unknown = 'unknown';
    for (let tries = 0; lock !== undefined && tries < 20; tries += 1) {
      ({ lock } = await statusOf(host.session(), host.path));
    }
    expect(lock).toBeUndefined();
    expect(works(Number(host.read('hook.pid')))).toBe(true);
    process.kill(Number(host.read('hook.pid')), 'SIGKILL');
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
      await eventually(() => lines(options.events).includes('line 2'), 'line 2');
      session.cut();
      expect((await run.result).outcome).toBe('succeeded');
      expect(lines(options.events)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((each) => `line ${each}`));
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

  also('an older run than the last that succeeded is refused, unless that is allowed', async () => {
    const host = make();
    const at = (number: number, attempt: number, allowOlder = false) =>
      host.operation({
        body: 'operate() { :; }',
        deploymentId: `run-${number}-${attempt}-${allowOlder}`,
        order: { key: 'abc', number, attempt },
        allowOlder,
      });
    const outcome = async (...args: Parameters<typeof at>) =>
      (await (await startRun(host.session(), at(...args), watching())).result).failure?.kind;
    await expect(outcome(10, 2)).resolves.toBeUndefined();
    await expect(outcome(9, 1)).resolves.toBe('refused');
    await expect(outcome(10, 1)).resolves.toBe('refused');
    await expect(outcome(9, 1, true)).resolves.toBeUndefined();
    expect((await statusOf(host.session(), host.path)).order).toEqual({ abc: { number: 9, attempt: 1 } });
  });

  // busybox's sh would take its own crontab, whatever the PATH says.
  const fakeable = shell === 'dash' ? test : leftOut;
  fakeable(
    'after a restart of the server, the line of resume-on-boot finishes an interrupted run',
    async () => {
      const host = make();
      host.tool(
        'crontab',
        `case $1 in -l) cat "$HOME/cron" ;; -) cat >"$HOME/cron.new"; mv "$HOME/cron.new" "$HOME/cron" ;; esac`,
      );
      host.tool('docker', 'exit 0');
      const cron = path.join(host.home, 'cron');
      writeFileSync(cron, '0 0 * * * theirs\n');
      host.pauseAt('up:done:before');
      const run = await startRun(
        host.session(),
        host.operation({
          resumeOnBoot: true,
          body: `operate() { once up touch up; }
          recover() { journalled up:done || once up touch up; result resumed "$(cat "$files/a")"; }`,
          files: [{ name: 'a', content: 'kept' }],
        }),
        watching(),
      );
      await paused(host, 'run-1/deploy-1');
      process.kill(pidOf(host, 'run-1/deploy-1'), 'SIGKILL');
      host.pauseAt(undefined);
      await expect(run.result).rejects.toMatchObject({ kind: 'lost' });
      const [theirs, ours] = readFileSync(cron, 'utf8').trim().split('\n') as [string, string];
      expect(theirs).toBe('0 0 * * * theirs');
      expect(ours).toMatch(/^@reboot /);
      // As cron runs it: an almost empty environment.
      execFileSync('/bin/sh', ['-c', ours.replace('@reboot ', '')], { env: { HOME: host.home }, cwd: '/' });
      expect(await readResult(host.session(), run.reference)).toMatchObject({
        outcome: 'succeeded',
        recovered: true,
        fields: { resumed: 'kept' },
      });
      const off = host.operation({ body: 'operate() { :; }', deploymentId: 'off', resumeOnBoot: false });
      await (
        await startRun(host.session(), off, watching())
      ).result;
      expect(readFileSync(cron, 'utf8')).toBe('0 0 * * * theirs\n');
    },
  );

  also(
    'what is to happen later waits without the lock; whoever comes after its end lets it wait on, or act when it is due',
    async () => {
      const host = make();
      // As a body does it: who waits, then what is done with what was held when it was done.
      const timer = `cd "${host.path}" || exit 1
        if [ "\${2-}" != now ]; then
          echo "$$ $(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 20) $(cat /proc/sys/kernel/random/boot_id)" >"$1/pid.new"
          mv "$1/pid.new" "$1/pid"; echo waits >>told
          while :; do sleep 0.1; done
        fi
        if flock -n .deploy/lock true; then echo free >>told; else echo due >>told; fi
        rm -rf "$1"`;
      const set = host.operation({
        body: `operate() {
          mkdir -p "$path/.deploy/timers/.later"; cp "$files/timer" "$path/.deploy/timers/.later/program"
          set_timer later "$due"
        }`,
        parameters: { due: String(Math.floor(Date.now() / 1000) + 3600) },
        files: [{ name: 'timer', content: timer }],
      });
      const waiting = () => Number(host.read('.deploy/timers/later/pid').split(' ')[0]);
      const nothing = async (deploymentId: string) =>
        await (
          await startRun(
            host.session(),
            host.operation({ body: 'operate() { :; }', deploymentId }),
            watching(),
          )
        ).result;
      expect(await (await startRun(host.session(), set, watching())).result).toMatchObject({
        outcome: 'succeeded',
      });
      const first = waiting();
      // Another run has the lock, and leaves it alone.
      await nothing('run-2');
      expect([waiting(), works(first), host.read('told')]).toEqual([first, true, 'waits\n']);
      process.kill(first, 'SIGKILL');
      await nothing('run-3');
      await eventually(() => waiting() > 0 && waiting() !== first, 'the next one that waits');
      expect(works(waiting())).toBe(true);
      process.kill(waiting(), 'SIGKILL');
      writeFileSync(path.join(host.path, '.deploy/timers/later/due'), '1\n');
      await nothing('run-4');
      expect(host.read('told')).toBe('waits\nwaits\ndue\n');
      expect(host.read('.deploy/timers/later/program')).toBe('');
    },
  );

  // busybox would count by its own wc.
  (shell === 'dash' ? test : leftOut)(
    'a file that is replaced while it is told is told as it was',
    async () => {
      const host = make();
      // Between counting and reading another program puts a longer one in its place.
      host.tool('wc', '/usr/bin/wc "$@"; printf "much longer\\n" >one.new; mv one.new one');
      const seen = await inspect(host.session(), {
        path: host.path,
        body: 'inspect() { echo short >one; result_file told one; result after "$(cat one)"; }',
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
    expect(lines(options.events)).toEqual(['waiting for the image, 10 s']);
  });

  also('a TERM to the program does not end what it does, only asks it to stop', async () => {
    const host = make();
    const body = `operate() { run "a step" sh -c 'echo 1 >started; sleep 1; exit 3'; result code "$?"; cancelled && fail lost stopped; }`;
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
