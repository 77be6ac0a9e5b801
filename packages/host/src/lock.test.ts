import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { cancelRun, readResult, sendGo } from './control.ts';
import { FORMS } from './result-forms.ts';
import { startRun } from './start.ts';
import { statusOf } from './status.ts';
import {
  eventually,
  hostsForEach,
  leftOut,
  linesOf,
  paused,
  pidOf,
  shellsHere,
  watching,
  works,
} from './testing/hosts.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

// Who has the lock, and what is done for one who had it and is gone.
describe.each(shellsHere().filter((one) => one !== 'bash'))('with %s as sh', (shell) => {
  const make = () => hostWith(shell);

  test('one run at a time: the others wait, say who holds the lock, and give up as busy', async () => {
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
    expect(linesOf(options.events)[0]).toMatch(/waiting for the lock, held by octocat/);
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

  test('a cancelled run that waits for the lock ends at once', async () => {
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

  test('a run that follows an ended one at once waits for nothing of it', async () => {
    const host = make();
    // While a command runs, somebody tells how long it has been waited for, and sleeps between.
    const body = `operate() { run_locked 'the work' sh -c 'sleep 0.1'; }`;
    for (const deploymentId of ['first', 'second', 'third']) {
      const options = watching();
      const run = await startRun(host.session(), host.operation({ body, deploymentId }), options);
      expect((await run.result).outcome).toBe('succeeded');
      expect(linesOf(options.events)).toEqual([]);
    }
  });

  test('a run that is killed leaves the lock free, and the next run has it recovered first', async () => {
    const host = make();
    host.pauseAt('up:done:before');
    const body = `operate() { once migrate add migrated; once up add up; add end; }
      recover() { say "recovering after $(tail -n 1 "$run/journal")"; once migrate add migrated; add reverted; fail unhealthy unhealthy reverted; }
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
    expect(linesOf(next.events).join('\n')).toMatch(/an earlier run was interrupted: run-1\/deploy-1/);
  });

  test('what was journalled by an earlier run of the same deployment is known to the next', async () => {
    const host = make();
    const body = `operate() { done_before migrate || once migrate add migrated; [ "\${run##*-}" = 2 ] || fail remote command-failed "up failed"; }
      add() { echo "$1" >>marks; }`;
    await (
      await startRun(host.session(), host.operation({ body }), watching())
    ).result;
    const second = await startRun(host.session(), host.operation({ body }), watching());
    expect((await second.result).outcome).toBe('succeeded');
    expect(host.read('marks')).toBe('migrated\n');
  });

  test('what a killed run leaves at work with the lock is ended, and then the lock is free', async () => {
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

  test('hooks do not hold the lock of a killed run', async () => {
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

  test('an older run than the last that succeeded is refused, unless that is allowed', async () => {
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
      const cron = path.join(host.home, 'cron');
      writeFileSync(cron, '0 0 * * * theirs\n');
      host.pauseAt('up:done:before');
      const run = await startRun(
        host.session(),
        host.operation({
          resumeOnBoot: true,
          body: `operate() { once up touch up; }
          engine_answers() { echo asked >>"$HOME/asked"; [ "$(grep -c . "$HOME/asked")" -gt 1 ]; }
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
      expect(await readResult(host.session(), run.reference, { resumed: FORMS.text })).toMatchObject({
        outcome: 'succeeded',
        recovered: true,
        fields: { resumed: 'kept' },
      });
      // An engine that was still starting was waited for.
      expect(readFileSync(path.join(host.home, 'asked'), 'utf8')).toBe('asked\nasked\n');
      const off = host.operation({ body: 'operate() { :; }', deploymentId: 'off', resumeOnBoot: false });
      await (
        await startRun(host.session(), off, watching())
      ).result;
      expect(readFileSync(cron, 'utf8')).toBe('0 0 * * * theirs\n');
    },
  );

  test('what is to happen later waits without the lock; whoever comes after its end lets it wait on, or act when it is due', async () => {
    const host = make();
    // As a body does it: who waits, then what is done with what was held when it was done.
    const timer = `cd "${host.path}" || exit 1
        if [ "\${2-}" != now ]; then
          echo "$$ $(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 20) $(cat /proc/sys/kernel/random/boot_id)" >"$1/pid.new"
          echo waits >>told; mv "$1/pid.new" "$1/pid"
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
          // A body that waits for its own children does not wait for who was started again.
          host.operation({ body: 'operate() { wait; }', deploymentId }),
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
  });
});
