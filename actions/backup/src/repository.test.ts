import { cpSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type BackupRig, backupRig, idOf, well } from './testing/backup-rig.ts';
import { RESTIC_INPUTS, fakeRestic } from './testing/restic.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

function rigged() {
  const rig = backupRig(hostWith);
  return { rig, restic: fakeRestic(rig) };
}
const folder = (rig: BackupRig, id: string) => path.join(rig.host.path, 'backups', id);
const restoring = (id: string) => ({ ...RESTIC_INPUTS, restore: id, confirm: id, databases: '' });

test('a finished backup is sent, and every file of it read back out of the repository', async () => {
  const { rig, restic } = rigged();
  const { outputs, ports } = well(await rig.go(RESTIC_INPUTS));
  const id = String(outputs.backup);
  expect(restic.ids()).toEqual([id]);
  expect(outputs.snapshot).toMatch(/^[0-9a-f]{64}$/);
  expect(ports.summaries.join('')).toContain('and read back there');
  const calls = restic.calls();
  const read = calls.filter((line) => line.includes(' dump ')).map((line) => line.replace(/.*\//, ''));
  expect(read.sort()).toEqual(['db.globals.sql', 'db.shop.pgdump', 'manifest.json']);
  expect(calls.find((line) => line.includes(' backup '))).toMatch(
    /--tag deploy-actions,project:shop,backup:\S+,created:\S+Z,verified:read,bytes:\d+,release: -- \d/,
  );
});

test('neither the login, nor the password, nor a key is an argument, in the log, or left on the server', async () => {
  const { rig, restic } = rigged();
  const { log } = well(await rig.go(RESTIC_INPUTS));
  expect(restic.environment()).toBe(
    [
      'AWS_ACCESS_KEY_ID=AKIA1',
      'AWS_SECRET_ACCESS_KEY=se=cr=et==',
      `RESTIC_PASSWORD=${RESTIC_INPUTS['repository-password']}`,
      `RESTIC_REPOSITORY=${RESTIC_INPUTS.repository}`,
      '',
    ].join('\n'),
  );
  const secrets = /l0gin-secret|pass of the|se=cr=et/;
  expect(restic.calls().join('\n')).not.toMatch(secrets);
  expect(log).not.toMatch(secrets);
  // A pipe that has a name would keep its reader for ever.
  const left = readdirSync(rig.host.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => secrets.test(readFileSync(file, 'utf8')));
  expect(left).toEqual([]);
});

test.each([
  ['old', 'tool-missing', 'the restic of the server is older than 0.17: restic 0.16.4'],
  ['gone', 'repository-refused', 'there is no repository where the input repository says'],
  ['stranger', 'repository-refused', 'the repository does not take the password'],
] as const)('where restic is %s nothing is saved', async (how, code, message) => {
  const { rig, restic } = rigged();
  restic.behaves(how);
  const { failure } = await rig.go(RESTIC_INPUTS);
  expect(failure).toMatchObject({ code, kind: 'refused', message: expect.stringContaining(message) });
  expect(rig.folders()).toEqual([]);
});

test.each([
  ['fails', {}, 'it could not be sent: unable to save snapshot: server response unexpected: 507'],
  ['cuts', {}, 'comes back out of the repository as something else'],
  ['hangs', { timeout: '6s' }, 'it could not be sent within 6 s (timeout)'],
] as const)(
  'where sending %s, the backup here is whole and is named, and nothing of it counts in the repository',
  async (how, more, message) => {
    const { rig, restic } = rigged();
    restic.behaves(how);
    const { failure, outputs } = await rig.go({ ...RESTIC_INPUTS, ...more });
    expect(failure).toMatchObject({ code: 'backup-not-sent', message: expect.stringContaining(message) });
    const [id] = rig.folders();
    expect(failure!.message).toContain(`the backup ${id} is whole in ${folder(rig, id!)}`.slice(0, 60));
    expect(outputs).toMatchObject({ backup: id, snapshot: undefined });
    expect(rig.records()).toMatchObject([{ id }]);
    expect(restic.ids()).toEqual([]);
    await eventually(() => restic.running().length === 0, 'the end of restic');
    expect(JSON.parse(String(outputs.report))).toMatchObject({ ok: false });
  },
);

test('a run that is killed while it sends leaves the backup here, and the next one says so and sends its own', async () => {
  const { rig, restic } = rigged();
  restic.behaves('hangs');
  const { done, ports } = rig.start(RESTIC_INPUTS);
  await eventually(
    () => rig.records().length === 1 && restic.calls().some((one) => one.includes(' backup ')),
    'restic',
  );
  process.kill(pidOf(rig.host, '101-deploy/backup-1'), 'SIGKILL');
  for (const pid of restic.running()) process.kill(pid, 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  await done;
  const [first] = rig.folders();
  restic.behaves('');
  const next = idOf(await rig.go(RESTIC_INPUTS));
  expect(rig.folders()).toEqual([first!, next].sort());
  expect(restic.ids()).toEqual([next]);
  expect(rig.host.read('.deploy/runs/101-deploy/backup-1/result')).toContain('was not sent to its end');
});

test('old ones go from the repository by the same rule, and only what this folder has sent', async () => {
  const { rig, restic } = rigged();
  const ids: string[] = [];
  for (let each = 0; each < 4; each++) ids.push(idOf(await rig.go(RESTIC_INPUTS)));
  const old = (json: string) => json.replace(/"created:[^"]*"/, '"created:2020-01-01T00:00:00Z"');
  // The last of them is of another server, and another one of no form that is ours.
  restic.change((json) => {
    if (json.includes(`backup:${ids[0]}`)) return old(json);
    if (json.includes(`backup:${ids[1]}`))
      return old(json).replace(/"hostname":"[^"]*"/, '"hostname":"other"');
    if (json.includes(`backup:${ids[2]}`)) return old(json).replace(/"bytes:\d+"/, '"bytes:1 x"');
    return json;
  });
  const next = await rig.go({ ...RESTIC_INPUTS, 'keep-last': '1' });
  expect(restic.ids()).toEqual([ids[1]!, ids[2]!, ids[3]!, idOf(next)].sort());
  expect(next.log).toContain(`removed the backup ${ids[0]} from the repository`);
  expect(next.ports.summaries.join('')).toContain(`removed there: ${ids[0]}`);
});

test('a repository that somebody holds locked keeps its old ones, and that is told', async () => {
  const { rig, restic } = rigged();
  const first = idOf(await rig.go(RESTIC_INPUTS));
  restic.change((json) => json.replace(/"created:[^"]*"/, '"created:2020-01-01T00:00:00Z"'));
  restic.behaves('locked');
  const next = await rig.go({ ...RESTIC_INPUTS, 'keep-last': '1' });
  expect(restic.ids()).toEqual([first, idOf(next)].sort());
  expect(next.log).toContain(
    `the old backup ${first} could not be removed from the repository: unable to create lock in backend: repository is already locked by PID 7 on nas`,
  );
});

/** A number that no process has. */
const GONE = 4_194_305;

test('a lock that a killed restic of this server left is taken off, so that old backups go', async () => {
  const { rig, restic } = rigged();
  await rig.go(RESTIC_INPUTS);
  restic.change((json) => json.replace(/"created:[^"]*"/, '"created:2020-01-01T00:00:00Z"'));
  restic.lock({ hostname: hostname(), username: userInfo().username, pid: GONE });
  const next = await rig.go({ ...RESTIC_INPUTS, 'keep-last': '1' });
  expect([restic.locks(), restic.ids()]).toEqual([0, [idOf(next)]]);
  expect(next.log).toContain('took a lock off the repository (restic unlock)');
});

test.each([
  ['of another server', { hostname: 'elsewhere' }],
  ['of another user, whose process cannot be asked', { username: 'somebody' }],
  ['of a process that lives', { pid: process.pid }],
])(
  'a lock %s stays, also beside one of ours that is gone, and what it keeps from going is told',
  async (_, held) => {
    const { rig, restic } = rigged();
    const first = idOf(await rig.go(RESTIC_INPUTS));
    restic.change((json) => json.replace(/"created:[^"]*"/, '"created:2020-01-01T00:00:00Z"'));
    const ours = { hostname: hostname(), username: userInfo().username, pid: GONE };
    restic.lock(ours);
    restic.lock({ ...ours, ...held });
    const next = await rig.go({ ...RESTIC_INPUTS, 'keep-last': '1' });
    expect([restic.locks(), restic.ids()]).toEqual([2, [first, idOf(next)].sort()]);
    expect(restic.calls().join('\n')).not.toContain('unlock');
    expect(next.log).toContain(`the old backup ${first} could not be removed from the repository`);
  },
);

test('list tells where each backup is', async () => {
  const { rig } = rigged();
  const both = idOf(await rig.go(RESTIC_INPUTS));
  const here = idOf(await rig.go());
  const there = idOf(await rig.go(RESTIC_INPUTS));
  rmSync(folder(rig, there), { recursive: true });
  const { outputs, log } = well(await rig.go({ ...RESTIC_INPUTS, list: 'true', databases: '' }));
  const where = Object.fromEntries(
    (outputs.backups as { id: string; where: string[] }[]).map((one) => [one.id, one.where]),
  );
  expect(where).toEqual({
    [both]: ['server', 'repository'],
    [here]: ['server'],
    [there]: ['repository'],
  });
  expect(log).toMatch(new RegExp(`${both}.*server and repository`));
  const plan = well(await rig.go({ ...RESTIC_INPUTS, plan: 'true', retention: '1m' }));
  expect(plan.log).toContain('would send it to the repository');
});

test('a backup that is not on the server any more is fetched, proven, and brought back', async () => {
  const { rig } = rigged();
  const id = idOf(await rig.go(RESTIC_INPUTS));
  rmSync(folder(rig, id), { recursive: true });
  rig.database('shop', 'nothing is left');
  const { log } = well(await rig.go(restoring(id)));
  expect(log).toContain(`fetched the backup ${id} out of the repository`);
  expect(rig.databases()['shop']).toBe('many rows of the shop');
  expect(rig.records()).toMatchObject([{ id }]);
});

test('one that is damaged on the server is put aside, and fetched', async () => {
  const { rig } = rigged();
  const id = idOf(await rig.go(RESTIC_INPUTS));
  rmSync(path.join(folder(rig, id), 'db.shop.pgdump'));
  rig.database('shop', 'nothing is left');
  well(await rig.go(restoring(id)));
  expect(rig.databases()['shop']).toBe('many rows of the shop');
  expect(rig.folders()).toEqual([id, `${id}.damaged`]);
});

test('what nobody has sent is unknown, and several servers that sent the same id are told apart', async () => {
  const { rig, restic } = rigged();
  const id = idOf(await rig.go(RESTIC_INPUTS));
  expect((await rig.go(restoring('20260101-000000-ab12'))).failure).toMatchObject({
    code: 'backup-unknown',
    message: expect.stringContaining('nor in the repository'),
  });
  rmSync(folder(rig, id), { recursive: true });
  const [snapshot] = readdirSync(path.join(rig.host.home, 'repository'));
  const at = (name: string) => path.join(rig.host.home, 'repository', name);
  restic.change((json) => json.replace(/"hostname":"[^"]*"/, '"hostname":"web8"'));
  // One server alone has sent it: that one is meant.
  const other = 'f'.repeat(64);
  const json = readFileSync(path.join(at(snapshot!), 'snapshot.json'), 'utf8');
  cpSync(at(snapshot!), at(other), { recursive: true });
  writeFileSync(
    path.join(at(other), 'snapshot.json'),
    json.replace('"web8"', '"web9"').replaceAll(snapshot!, other),
  );
  expect((await rig.go({ ...restoring(id), 'deployment-id': 'b' })).failure).toMatchObject({
    message: expect.stringContaining(
      `several servers have sent a backup ${id}, and none of them is this one`,
    ),
  });
  rmSync(at(other), { recursive: true });
  well(await rig.go({ ...restoring(id), 'deployment-id': 'c' }));
});

test.each([
  [
    'a file that is another one',
    (file: (name: string) => string) => {
      writeFileSync(
        file('db.shop.pgdump'),
        readFileSync(file('db.shop.pgdump'), 'utf8').replace('many', 'mAny'),
      );
    },
    'is not what its manifest says',
  ],
  [
    'a file that never ends',
    (file: (name: string) => string) => writeFileSync(file('db.shop.pgdump'), 'x'.repeat(5_000_000)),
    'db.shop.pgdump',
  ],
  [
    'a manifest of another backup',
    (file: (name: string) => string) => {
      const text = readFileSync(file('manifest.json'), 'utf8');
      writeFileSync(file('manifest.json'), text.replace(/^\{"id":"[^"]*"/, '{"id":"20200101-000000-ab12"'));
    },
    'its manifest is that of another backup',
  ],
  [
    'a manifest that names files elsewhere',
    (file: (name: string) => string) => {
      const text = readFileSync(file('manifest.json'), 'utf8');
      writeFileSync(file('manifest.json'), text.replace('"name":"db.shop.pgdump"', '"name":"..x"'));
      renameSync(file('db.shop.pgdump'), file('..x'));
    },
    'its manifest names a file ..x',
  ],
] as const)('a repository that gives %s changes nothing', async (_, spoil, message) => {
  const { rig, restic } = rigged();
  const id = idOf(await rig.go(RESTIC_INPUTS));
  rmSync(folder(rig, id), { recursive: true });
  spoil((name) => restic.file(id, name));
  const { failure } = await rig.go(restoring(id));
  expect(failure?.message).toContain(message);
  expect(rig.folders()).toEqual([]);
  expect(Object.keys(rig.databases())).toEqual(['shop']);
});

test.each([
  [{ engine: 'files' }, '`repository` goes with `engine: restic`'],
  [{ repository: '' }, '`engine: restic` needs the input `repository`'],
  [{ 'repository-password': '' }, '`engine: restic` needs the input `repository-password`'],
  [{ repository: 'backups' }, 'this is no repository of restic'],
  [{ 'repository-env': 'PATH=/tmp' }, 'PATH is no variable that restic is given'],
  [{ 'repository-env': 'RESTIC_REPOSITORY=/tmp' }, 'RESTIC_REPOSITORY is no variable'],
] as const)('the inputs %j are refused', async (more, message) => {
  const { rig } = rigged();
  await expect(
    (async () => {
      const { failure } = await rig.go({ ...RESTIC_INPUTS, ...more } as Record<string, string>);
      throw failure!;
    })(),
  ).rejects.toThrow(message);
  expect(rig.sessions).toEqual([]);
});
