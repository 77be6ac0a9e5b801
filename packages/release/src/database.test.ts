import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type Member, fleetFailure, runTogether } from '@deploy-actions/host';
import { testProgram } from '@deploy-actions/host/testing';
import { systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { localSession } from '@deploy-actions/shell/testing';
import {
  afterDatabase,
  commandLimits,
  commandsFor,
  databaseSeconds,
  databaseServer,
  databaseServers,
} from './database.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hook = { service: 'api', command: './migrate down' } as never;
const inputs = (more: object = {}) => ({
  'down-migrate': [hook],
  'restore-backup': [],
  backup: undefined,
  'migrate-on': 'first' as const,
  'migrate-timeout': 600_000,
  ...more,
});
const acting = (name: string, kind: 'redeploy' | 'recolor' | 'flip' = 'redeploy') => ({
  server: { name },
  decision: { kind },
});
const servers = [{ name: 'web2' }, { name: 'web1' }];

test('commands run on the first server of host only, unless each has a database of its own', () => {
  const both = [acting('web2'), acting('web1')];
  expect(databaseServer(both, servers, inputs())).toBe('web2');
  expect(databaseServer(both, servers, inputs({ 'migrate-on': 'each' }))).toBeUndefined();
  expect(databaseServer(both, servers, inputs({ 'down-migrate': [] }))).toBeUndefined();
  expect(databaseServer([acting('web2')], [{ name: 'web2' }], inputs())).toBeUndefined();
  expect(commandsFor(inputs(), 'web1', 'web2')['down-migrate']).toEqual([]);
  expect(commandsFor(inputs(), 'web2', 'web2')['down-migrate']).toEqual([hook]);
  expect(commandsFor(inputs(), 'web1', undefined)['down-migrate']).toEqual([hook]);
});

test('a backup comes back where commands would run', () => {
  const both = [acting('web2'), acting('web1')];
  const backup = inputs({ 'down-migrate': [], backup: 'latest' });
  expect(databaseServer(both, servers, backup)).toBe('web2');
  expect(databaseServers(both, 'web2', backup)).toEqual(['web2']);
  expect(databaseServers(both, undefined, inputs({ backup: 'latest', 'migrate-on': 'each' }))).toEqual([
    'web2',
    'web1',
  ]);
  expect(databaseServers(both, undefined, inputs({ 'down-migrate': [] }))).toEqual([]);
  expect(commandsFor(backup, 'web1', 'web2').backup).toBeUndefined();
  expect(databaseSeconds(backup, 120)).toBe(720);
  expect(() => databaseServer([acting('web1')], servers, backup)).toThrow(
    '`restore-backup` runs on web2 for all servers, and nothing is to be rolled back there',
  );
});

test('who waits for the commands of another server waits for all of them, by the limit of each', () => {
  expect(databaseSeconds(inputs({ 'restore-backup': [hook] }), 120)).toBe(1320);
  expect(commandLimits(inputs())).toMatchObject({ migrate_timeout: '600', migrate_on_cancel: 'finish' });
});

test('commands that may have run before are not run on another server instead', () => {
  expect(() => databaseServer([acting('web1')], servers, inputs())).toThrow(
    '`down-migrate` runs on web2 for all servers, and nothing is to be rolled back there',
  );
  const restores = inputs({ 'down-migrate': [], 'restore-backup': [hook] });
  expect(() => databaseServer([acting('web1')], servers, restores)).toThrow('`restore-backup` runs on web2');
});

test('servers that go back in different ways cannot wait for one another', () => {
  expect(() => databaseServer([acting('web2'), acting('web1', 'recolor')], servers, inputs())).toThrow(
    'web2 and web1 go back in different ways',
  );
});

describe('commands on one server for all', () => {
  const folders: string[] = [];
  const sessions: ReturnType<typeof localSession>[] = [];
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const folder = () => {
    const made = mkdtempSync(path.join(tmpdir(), 'database-'));
    folders.push(made);
    return made;
  };
  const member = (name: string, body: string): Member => {
    const session = localSession({
      env: { PATH: process.env['PATH'] ?? '', HOME: folder(), USER: 'tester' },
    });
    sessions.push(session);
    return {
      name,
      session,
      reopen: () => Promise.reject(new Error('not needed')),
      operation: {
        name: 'rollback',
        path: path.join(folder(), 'app'),
        deploymentId: 'run-1',
        inputHash: 'a'.repeat(64),
        holder: { actor: 'octocat', runUrl: '' },
        program: testProgram({ body }),
      },
    };
  };
  /** What happened, in order: the first server's name is the last by the alphabet, so that it starts last. */
  const play = async (commands: string, otherBefore = '') => {
    const told = path.join(folder(), 'told');
    writeFileSync(told, '');
    const operate = (name: string, database: string, before = '') =>
      `operate() { ${before} await_go 20 || { result stopped true; fail lost lost 'no word'; }; phase database; ${database} phase up; echo ${name} >>${told}; }`;
    const waits = `await_word 20 web2 || { result stopped true; fail lost lost 'nothing was changed'; };`;
    const outcomes = await runTogether(
      [
        member('web2', operate('web2', `${commands} echo commands >>${told};`)),
        member('web1', operate('web1', waits, otherBefore)),
      ],
      afterDatabase('web2'),
      { clock: systemClock, log: memoryLog(), signal: new AbortController().signal },
    );
    return { told: readFileSync(told, 'utf8').trim().split('\n'), failure: fleetFailure(outcomes, {}, true) };
  };

  test('run once, and the others change nothing before they have succeeded', async () => {
    const { told, failure } = await play('nap 1;');
    expect(failure).toBeUndefined();
    expect(told[0]).toBe('commands');
    expect(told.slice(1).sort()).toEqual(['web1', 'web2']);
  });

  test('that fail leave the others as they are', async () => {
    const { told, failure } = await play('fail unhealthy unhealthy "exit 3";');
    expect(told).toEqual(['']);
    expect(failure).toMatchObject({ message: 'web2: exit 3', details: 'web1: nothing was changed' });
  });

  test('do not run where another server cannot go back', async () => {
    const { told, failure } = await play('', 'fail refused request-refused "an image is gone";');
    expect(told).toEqual(['']);
    expect(failure).toMatchObject({ message: 'web1: an image is gone' });
  });
});
