import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { Session } from '@deploy-actions/shell';
import { localSession } from '@deploy-actions/shell/testing';
import { followContainers } from './container-events.ts';
import { readLogs } from './container-logs.ts';
import { parseLoad, readLoad } from './server-load.ts';

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
const TWO = `case $1 in ps) echo c1; echo c2 ;; inspect) for last; do :; done; echo "/shop-$last-1 $last" ;; logs)`;

test('logs: each stretch begins where the one before has ended, and says what of it is missing', async () => {
  const session = sessionWith(
    `${TWO} for last; do :; done; case $last in c1) echo "$*"; echo oops >&2 ;; *) echo no driver; exit 1 ;; esac ;; esac`,
  );
  const first = await readLogs(session, SCOPE, undefined, false);
  expect(first.parts).toEqual([]);
  const { parts, until } = await readLogs(session, SCOPE, first.until, false);
  expect(until).toBeGreaterThanOrEqual(first.until);
  expect(parts[0]).toEqual({
    id: 'c1',
    name: 'shop-c1-1',
    service: 'c1',
    text: `logs --since ${first.until} --until ${until} c1\noops\n`,
    gap: undefined,
  });
  expect(parts[1]).toMatchObject({ text: 'no driver\n', gap: 'could not be read (exit code 1)' });
  const last = await readLogs(session, { ...SCOPE, services: ['c1'] }, until, true);
  expect(last.parts.map(({ text }) => text)).toEqual([`logs --since ${until} c1\noops\n`]);
});

test('a log of more than a megabyte is cut, and the cut is told', async () => {
  const session = sessionWith(`${TWO} yes 0123456789 | head -n 200000 ;; esac`);
  const { parts } = await readLogs(session, SCOPE, 1, false);
  expect(parts.map(({ gap, text }) => [gap, text.trimEnd().length])).toEqual([
    ['is more than 1 MiB at a time', 2 ** 20],
    ['is more than 1 MiB at a time', 2 ** 20],
  ]);
}, 30_000);

test("the load of this machine has the form of every Linux server's", async () => {
  const load = await readLoad(sessionWith('exit 1'), { path: '/tmp' });
  expect(load.cpu!.all).toBeGreaterThan(load.cpu!.busy);
  expect(load.memory).toBeGreaterThan(0);
  expect(load.memory).toBeLessThan(1);
  expect(load.disk!.mount).toMatch(/^\//);
});

test('what has another form is not known, and is no figure', () => {
  const none = { cpu: undefined, memory: undefined, disk: undefined };
  expect(parseLoad('cpu a b\nMemTotal: lots\ndisk full\n')).toEqual(none);
  expect(parseLoad('cpu 1 2 3 4\nMemTotal: 100 kB\nMemAvailable: 25 kB\n')).toEqual({
    ...none,
    cpu: { all: 10, busy: 6 },
    memory: 0.75,
  });
  expect(parseLoad('disk /dev/a b 100 10 80 12% /a b\ndisk /dev/c 100 40 40 50% /c\n').disk).toEqual({
    share: 0.5,
    mount: '/c',
  });
});

test('an engine that ends its events is told from silence', async () => {
  const session = sessionWith(
    `case $1 in info) echo 2026-01-01T00:00:00Z ;; ps) ;; events) echo '{"Action":"health_status: unhealthy","Actor":{"ID":"c1","Attributes":{"com.docker.compose.service":"api"}}}' ;; esac`,
  );
  const told: string[] = [];
  const how = await followContainers(
    session,
    SCOPE,
    { seconds: 60, signal: AbortSignal.timeout(20_000) },
    {
      listed: (containers, lookedAt) =>
        told.push(`${containers.length} at ${new Date(lookedAt).toISOString()}`),
      event: ({ action, health, service }) => told.push(`${service} ${action} ${health}`),
    },
  );
  expect([how, ...told]).toEqual(['ended', '0 at 2026-01-01T00:00:00.000Z', 'api health_status unhealthy']);
});
