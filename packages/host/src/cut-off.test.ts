import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Session } from '@deploy-actions/shell';
import { followRun } from './follow.ts';
import { inspect } from './inspect.ts';
import { startRun } from './start.ts';
import { statusOf } from './status.ts';
import { eventually, hostsForEach, leftOut, pidOf, shellsHere, watching, works } from './testing/hosts.ts';
import { testInspection } from './testing/program.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

// What was cut off, cannot be read, or is not ours alone: nothing goes on as if all were well.
describe.each(shellsHere().filter((one) => one !== 'bash'))('with %s as sh', (shell) => {
  const make = () => hostWith(shell);
  // busybox's sh takes its own tools, whatever the PATH says.
  const fakeable = shell === 'dash' ? test : leftOut;

  test('a run that nobody ever started is told as lost, and not followed for ever', async () => {
    const host = make();
    const directory = path.join(host.path, '.deploy/runs/run-1/deploy-1');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries({ token: 't\n', launch: 'l\n', hash: 'h\n', log: '' }))
      writeFileSync(path.join(directory, name), text);
    const before = new Date(Date.now() - 5 * 60_000);
    utimesSync(directory, before, before);
    const reference = {
      path: host.path,
      deploymentId: 'run-1',
      operation: 'deploy',
      number: 1,
      directory,
    };
    await expect(followRun(host.session(), reference, watching()).result).rejects.toMatchObject({
      kind: 'lost',
    });
  });

  test('a run that is gone from the server is told as that', async () => {
    const host = make();
    const run = await startRun(host.session(), host.operation({ body: 'operate() { :; }' }), watching());
    await run.result;
    rmSync(run.reference.directory, { recursive: true });
    await expect(followRun(host.session(), run.reference, watching()).result).rejects.toMatchObject({
      kind: 'lost',
      code: 'run-gone',
      message: expect.stringContaining(run.reference.directory),
    });
  });

  test('files of a look that are gone meanwhile end the run before it begins', async () => {
    const host = make();
    const seen = await inspect(host.session(), {
      path: host.path,
      program: testInspection({ body: 'inspect() { :; }' }),
      files: [{ name: 'compose.yml', content: 'services: {}' }],
    });
    rmSync(seen.staging, { recursive: true });
    await expect(
      startRun(
        host.session(),
        host.operation({ staging: seen.staging, body: 'operate() { echo ran >ran; }' }),
        watching(),
      ),
    ).rejects.toMatchObject({ kind: 'lost', code: 'upload-broken', remedy: 'Run it again.' });
    expect(host.read('ran')).toBe('');
  });

  fakeable('a run that cannot be put into its place is refused, and not tried for ever', async () => {
    const host = make();
    host.tool('mv', 'case $1 in -T) exit 1 ;; esac\nexec /bin/mv "$@"');
    await expect(
      startRun(host.session(), host.operation({ body: 'operate() { echo ran >ran; }' }), watching()),
    ).rejects.toMatchObject({
      kind: 'remote',
      code: 'run-not-started',
      message: `the run could not be put into ${host.path}/.deploy/runs/run-1`,
    });
    expect(host.read('ran')).toBe('');
  });

  fakeable('a server that ends programs with the connection is refused, with what keeps them', async () => {
    const host = make();
    const cgroup = path.join(host.home, 'cgroup');
    writeFileSync(cgroup, '0::/user.slice/user-1000.slice/session-4.scope\n');
    host.tool('loginctl', 'echo KillUserProcesses=yes');
    const session = host.session();
    // As with systemd, for somebody who is not root and does not linger.
    const systemd: Session = {
      ...session,
      run: (program) => {
        let { script } = program;
        for (const [here, there] of [
          ['[ -d /run/systemd/system ]', 'true'],
          ['[ "$(id -u)" != 0 ]', 'true'],
          ['/proc/self/cgroup', cgroup],
          ['/var/lib/systemd/linger/', `${host.home}/linger/`],
        ] as const) {
          expect(script).toContain(here);
          script = script.replace(here, there);
        }
        return session.run({ ...program, script });
      },
    };
    await expect(
      startRun(systemd, host.operation({ body: 'operate() { echo ran >ran; }' }), watching()),
    ).rejects.toMatchObject({
      kind: 'refused',
      code: 'programs-are-ended',
      message: expect.stringContaining('KillUserProcesses'),
      remedy: expect.stringContaining('loginctl enable-linger'),
    });
    expect(host.read('ran')).toBe('');
  });

  test('a run that ended badly never counts as well, also where not even the reason could be written', async () => {
    const host = make();
    const body = 'operate() { exit 3; }\nfail() { exit 70; }';
    const run = await startRun(host.session(), host.operation({ body }), watching());
    expect(await run.result).toMatchObject({ outcome: 'failed' });
  });

  test('what a dead run left at work and cannot be ended keeps everybody else out', async () => {
    const host = make();
    // Its session stays when the program is killed.
    const body = `operate() { run hook sh -c 'echo $$ >hook.pid; exec sleep 300'; }`;
    const run = await startRun(host.session(), host.operation({ body }), watching());
    await eventually(() => host.read('hook.pid') !== '', 'the hook');
    process.kill(pidOf(host, 'run-1/deploy-1'), 'SIGKILL');
    await expect(run.result).rejects.toMatchObject({ kind: 'lost' });
    // As where it is another user's.
    const next = await startRun(
      host.session(),
      host.operation({
        body: 'operate() { echo ran >ran; }\n_end_leftovers() { :; }\nnap() { sleep 0.01; }',
        deploymentId: 'next',
      }),
      watching(),
    );
    const { failure } = await next.result;
    const hook = Number(host.read('hook.pid'));
    expect(works(hook)).toBe(true);
    process.kill(hook, 'SIGKILL');
    expect(failure).toMatchObject({ kind: 'busy', code: 'lock-held' });
    expect(failure!.message).toContain(` ${hook}`);
    expect(host.read('ran')).toBe('');
  });

  fakeable('a crontab that cannot be read is not written anew', async () => {
    const host = make();
    const cron = path.join(host.home, 'cron');
    writeFileSync(cron, '0 0 * * * theirs\n\n# and more\n');
    const crontab = (list: string) =>
      host.tool(
        'crontab',
        `case $1 in -l) ${list} ;; -) cat >"$HOME/cron.new"; mv "$HOME/cron.new" "$HOME/cron" ;; esac`,
      );
    const start = (deploymentId: string, resumeOnBoot: boolean) =>
      startRun(
        host.session(),
        host.operation({ body: 'operate() { :; }', deploymentId, resumeOnBoot }),
        watching(),
      );
    crontab("echo 'crontab: the account has expired' >&2; exit 1");
    await expect(start('refused', true)).rejects.toMatchObject({
      kind: 'refused',
      code: 'crontab-refused',
      message: expect.stringContaining('the account has expired'),
    });
    expect(readFileSync(cron, 'utf8')).toBe('0 0 * * * theirs\n\n# and more\n');
    // What is there stays as it is, and so does an empty one.
    crontab('cat "$HOME/cron"');
    await (
      await start('on', true)
    ).result;
    expect(readFileSync(cron, 'utf8')).toMatch(/^0 0 \* \* \* theirs\n\n# and more\n@reboot .*\n$/);
    rmSync(cron);
    crontab('cat "$HOME/cron" 2>/dev/null || { echo \'no crontab for tester\' >&2; exit 1; }');
    await (
      await start('first', true)
    ).result;
    expect(readFileSync(cron, 'utf8')).toMatch(/^@reboot .*\n$/);
    await (
      await start('off', false)
    ).result;
    expect(readFileSync(cron, 'utf8')).toBe('');
  });

  fakeable('files of a look that cannot become those of the run end it before it begins', async () => {
    const host = make();
    const seen = await inspect(host.session(), {
      path: host.path,
      program: testInspection({ body: 'inspect() { :; }' }),
      files: [{ name: 'compose.yml', content: 'services: {}' }],
    });
    host.tool('mv', `case "$*" in *${seen.staging}*) exit 1 ;; esac\nexec /bin/mv "$@"`);
    await expect(
      startRun(
        host.session(),
        host.operation({ staging: seen.staging, body: 'operate() { echo ran >ran; }' }),
        watching(),
      ),
    ).rejects.toMatchObject({ kind: 'refused', code: 'server-not-writable' });
    expect(host.read('ran')).toBe('');
  });

  fakeable(
    'files that could not be compared with those that are there are not taken for the right ones',
    async () => {
      const host = make();
      const files = Array.from({ length: 60 }, (_, index) => ({
        name: `project/shop/conf.d/${index}.conf`,
        content: `content of ${index}\n`,
      }));
      const send = () =>
        inspect(host.session(), {
          path: host.path,
          program: testInspection({ body: 'inspect() { :; }' }),
          files,
        });
      await send();
      host.tool('awk', 'case "$*" in *there=1*) exit 2 ;; esac\nexec /usr/bin/awk "$@"');
      await expect(send()).rejects.toMatchObject({ kind: 'refused', code: 'server-not-writable' });
    },
  );

  test('a folder that everybody on the server, or others of a group, may write in is no place for releases', async () => {
    const host = make();
    mkdirSync(host.path);
    for (const mode of [0o777, 0o1777, 0o702]) {
      chmodSync(host.path, mode);
      await expect(
        startRun(host.session(), host.operation({ body: 'operate() { :; }' }), watching()),
      ).rejects.toMatchObject({ kind: 'refused', code: 'path-not-usable' });
    }
    expect(existsSync(path.join(host.path, '.deploy'))).toBe(false);
    chmodSync(host.path, 0o775);
    // The lines of a server on which the login user's group has another member, and of one on which it is the user's own.
    const me = userInfo();
    const groups = (member: string) =>
      host.tool(
        'getent',
        `case $1 in group) echo "$2:x:${me.gid}:${member}" ;; *) echo "${me.username}:x:${me.uid}:${me.gid}::/:/bin/sh" ;; esac`,
      );
    groups('ann');
    await expect(
      startRun(host.session(), host.operation({ body: 'operate() { :; }' }), watching()),
    ).rejects.toMatchObject({
      code: 'path-not-usable',
      message: expect.stringContaining('everybody in the group'),
      remedy: expect.stringContaining(`chmod g-w ${host.path}`),
    });
    groups('');
    const run = await startRun(host.session(), host.operation({ body: 'operate() { :; }' }), watching());
    expect((await run.result).outcome).toBe('succeeded');
  });

  test('a look at who holds the lock makes no lock', async () => {
    const host = make();
    mkdirSync(path.join(host.path, '.deploy'), { recursive: true });
    expect(await statusOf(host.session(), host.path)).toMatchObject({ lock: undefined, runs: [] });
    expect(existsSync(path.join(host.path, '.deploy/lock'))).toBe(false);
  });
});
