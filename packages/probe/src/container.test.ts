import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { Session } from '@deploy-actions/shell';
import { localSession } from '@deploy-actions/shell/testing';
import { probeCompose, probeExec, runInService } from './container-probe.ts';
import { watchForCrash } from './container-death.ts';
import type { ComposeTarget, ExecTarget } from './target.ts';

const left: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of left.splice(0)) await end();
});

/** A session to a machine whose `docker` is this sh text. */
function sessionWith(docker: string): Session {
  const bin = mkdtempSync(path.join(tmpdir(), 'docker-'));
  writeFileSync(path.join(bin, 'docker'), `#!/bin/sh\n${docker}\n`);
  chmodSync(path.join(bin, 'docker'), 0o755);
  const session = localSession({ name: 'web1', env: { PATH: `${bin}:/usr/bin:/bin`, HOME: bin } });
  left.push(async () => {
    await session.close();
    rmSync(bin, { recursive: true, force: true });
  });
  return session;
}

const SCOPE = { project: 'shop', services: [] };
const LIMITS = { timeout: 20_000 };
/** As Docker 26 and later: `info` exits with 0 and says nothing. */
const refusing = (said: string) => `[ "$1" = info ] && { echo; exit 0; }; echo '${said}' >&2; exit 1`;

test.each([
  [
    'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
    'docker-not-allowed',
    'usermod -aG docker',
  ],
  [
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'docker-unreachable',
    'systemctl start docker',
  ],
  ['sh: 1: docker: not found', 'docker-missing', 'Install Docker'],
])('where Docker says %j, no target is waited for: that is what is told', async (said, code, remedy) => {
  const session = sessionWith(refusing(said));
  const wanted = { code, remedy: expect.stringContaining(remedy), message: expect.stringMatching(/^web1: /) };
  const compose = { kind: 'compose', service: 'api' } as ComposeTarget;
  await expect(probeCompose(session, SCOPE, compose, LIMITS)).rejects.toMatchObject(wanted);
  const exec = { kind: 'exec', service: 'api', command: ['true'] } as unknown as ExecTarget;
  await expect(probeExec(session, SCOPE, exec, LIMITS)).rejects.toMatchObject(wanted);
  await expect(runInService(session, SCOPE, 'api', ['true'], LIMITS)).rejects.toMatchObject(wanted);
  const watch = { seconds: 5, signal: new AbortController().signal, named: new Set<string>() };
  await expect(watchForCrash(session, SCOPE, watch)).rejects.toMatchObject(wanted);
});

test('a command in a service gives its own output and exit code, whatever it prints', async () => {
  const session = sessionWith(
    'case $1 in ps) echo 1; echo 2 ;; exec) shift 2; echo "$*"; echo none; echo bad >&2; exit 125 ;; esac',
  );
  const run = await runInService(session, SCOPE, 'api', ['a', 'b c'], LIMITS);
  expect({ ...run, stdout: run.stdout.toString(), stderr: run.stderr.toString() }).toEqual({
    ran: true,
    code: 125,
    stdout: 'a b c\nnone\n',
    stderr: 'bad\n',
  });
});

test('a service without a running container is told from an engine that does not answer', async () => {
  const run = await runInService(sessionWith('exit 0'), SCOPE, 'api', ['true'], LIMITS);
  expect(run).toMatchObject({ ran: false });
  expect(run.stderr.toString()).toBe('project shop runs no container of service api');
});
