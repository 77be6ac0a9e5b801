import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { backupRecord } from '@deploy-actions/ledger/testing';
import { deployRelease } from '@deploy-actions/release/testing';
import { isExample } from './example-values.ts';
import { COMPOSE, preflightRig } from './testing/rig.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);
const DENIED =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock';

test('several things that are wrong stand in one table, each with what mends it, and the step fails with all', async () => {
  const rig = preflightRig(hostWith);
  rig.server.docker.script({ refused: DENIED });
  mkdirSync(rig.server.host.path);
  writeFileSync(path.join(rig.server.host.path, '.deploy'), 'in the way');
  const { failure, outputs, state, rows, summary } = await rig.run({
    'min-free-disk': '900TB',
    'max-backup-age': '1h',
    domains: 'shop.example.org',
    required: 'SLACK_TOKEN=',
  });
  expect(failure).toMatchObject({ kind: 'refused', code: 'not-ready' });
  expect(outputs.ready).toBe(false);
  for (const name of ['path', 'docker', 'disk', 'backup', 'required'] as const)
    expect([name, state(name)]).toEqual([name, 'failed']);
  expect(failure!.message).toMatch(
    /web1 is not ready, .* did not pass: path, docker, required, disk, backup$/,
  );
  expect(rows['docker']!.detail).toMatch(/may not use Docker.*usermod -aG docker/);
  expect(rows['path']!.detail).toContain('chown');
  expect(summary).toContain('usermod');
  // What rests on Docker was not measured, and is never good.
  for (const name of ['configuration', 'variables', 'images', 'releases'] as const)
    expect([name, state(name)]).toEqual([name, 'unknown']);
  for (const name of ['domains', 'certificates', 'lock'] as const)
    expect([name, state(name)]).toEqual([name, 'passed']);
});

test('a server that cannot be reached says why and what mends it, and nothing else of it passes', async () => {
  const rig = preflightRig(hostWith);
  rig.world.connect = () => {
    throw new Failure('input', 'no host key is pinned for web1', {
      code: 'host-key-unknown',
      input: 'known-hosts',
      remedy: 'Compare it.',
      details: 'The line of known-hosts for what web1 presented:\nweb1 ssh-ed25519 AAAA',
    });
  };
  const { failure, state, rows } = await rig.run({ domains: 'shop.example.org', skip: 'load' });
  expect(failure).toMatchObject({ code: 'host-key-unknown', message: 'no host key is pinned for web1' });
  expect(rows['connection']!.detail).toContain('The line: web1 ssh-ed25519 AAAA');
  expect([state('domains'), state('certificates')]).toEqual(['passed', 'passed']);
  expect(state('load')).toBe('skipped');
  for (const name of ['docker', 'path', 'disk', 'clock', 'configuration'] as const)
    expect([name, state(name)]).toEqual([name, 'unknown']);
});

test('a key that is not let in is red with the command that makes the user and lets it in', async () => {
  const rig = preflightRig(hostWith);
  rig.world.connect = () => {
    throw new Failure('refused', 'web1 does not let deploy in', {
      code: 'auth-refused',
      remedy: 'Add its public key.',
      details: 'What lets it in, as root on web1:\nid deploy || useradd deploy; echo key',
    });
  };
  const { rows } = await rig.run();
  expect(rows['connection']!.detail).toContain(
    'Add its public key. As root there: id deploy || useradd deploy',
  );
});

test('variables: one that is not set is named, and fails', async () => {
  const rig = preflightRig(hostWith);
  rig.compose(COMPOSE.replace('${SECRET_KEY-}', '${SHOP_SECRET}'));
  const { state, rows } = await rig.run({ env: 'TAG=v1' });
  expect(state('configuration')).toBe('passed');
  expect(state('variables')).toBe('failed');
  expect(rows['variables']!.detail).toContain('not set, so empty: SHOP_SECRET');
});

test('configuration: one that Compose refuses is a red line, with its words', async () => {
  const rig = preflightRig(hostWith);
  const { state, rows } = await rig.run({ 'env-file': '.env.staging' });
  expect(state('configuration')).toBe('failed');
  expect(rows['configuration']!.detail).toContain('there is no .env.staging on the server');
  expect(state('docker')).toBe('passed');
});

test('configuration: what Compose cannot read is annotated at its file and line, with the command that shows it', async () => {
  const rig = preflightRig(hostWith);
  rig.compose(COMPOSE.replace('    image: registry.test/db:1\n', ''));
  const { state, ports, rows } = await rig.run();
  expect(state('configuration')).toBe('failed');
  expect(ports.annotations.filter(({ place }) => place !== undefined)).toEqual([
    {
      level: 'error',
      message: expect.stringMatching(/^configuration: .*docker compose -f compose\.yaml config$/),
      place: expect.objectContaining({ file: 'compose.yaml', line: 8 }),
    },
  ]);
  expect(rows['configuration']!.detail).not.toContain('/files/project/');
});

test('externals: a network and a volume that are not there are red, each with the command that makes it', async () => {
  const rig = preflightRig(hostWith);
  const uses =
    '    networks: { front: null }\n    volumes: [{ type: volume, source: data, target: /data }]\n';
  rig.compose(
    `${COMPOSE}${uses}networks: { front: { external: true } }\nvolumes: { data: { external: true } }\n`,
  );
  const { state, rows } = await rig.run();
  expect(state('externals')).toBe('failed');
  expect(rows['externals']!.detail).toMatch(/docker network create front/);
  expect(rows['externals']!.detail).toMatch(/docker volume create data/);
  rig.server.docker.make('network', 'front');
  rig.server.docker.make('volume', 'data');
  expect((await rig.run()).state('externals')).toBe('passed');
});

test('files: one that is mounted and neither sent nor on the server is told with what sends it', async () => {
  const rig = preflightRig(hostWith);
  rig.compose(COMPOSE.replace('  db:\n', '    volumes: [ ./nginx.conf:/etc/nginx/nginx.conf:ro ]\n  db:\n'));
  writeFileSync(path.join(rig.workspace, 'nginx.conf'), 'events { }\n');
  const { state, rows } = await rig.run();
  expect(state('files')).toBe('failed');
  expect(rows['files']!.detail).toMatch(/nginx\.conf.*`files`/);
  expect((await rig.run({ files: 'nginx.conf' })).state('files')).toBe('passed');
});

test('required-env: presence, length, equality and its opposite, of the file on the server and `env` together, without a value', async () => {
  const rig = preflightRig(hostWith);
  rig.put('shared/.env', 'SECRET_KEY=short-but-secret\nDEBUG=True\nMODE="production"\nEMPTY=\n');
  const wanted = 'SECRET_KEY>=50\nDEBUG=False\nMODE=production\nEMPTY\nMISSING\nTAG!=v1\nADDED';
  const { state, rows, log, summary } = await rig.run({
    env: 'TAG=v1\nADDED=yes',
    'required-env': wanted,
  });
  expect(state('required-env')).toBe('failed');
  const { detail } = rows['required-env']!;
  expect(detail).toContain('SECRET_KEY has 16 characters, and must have at least 50');
  expect(detail).toContain('DEBUG is not what line 2 of required-env says');
  expect(detail).toContain('EMPTY is empty');
  expect(detail).toContain('MISSING is not there');
  expect(detail).toContain('TAG is what line 6 of required-env forbids');
  expect(detail).not.toMatch(/MODE|ADDED/);
  for (const text of [detail, log, summary]) expect(text).not.toMatch(/short-but-secret|True/);
  const good = await rig.run({
    env: `TAG=v2\nSECRET_KEY=${'k'.repeat(50)}\nDEBUG=False`,
    'required-env': 'SECRET_KEY>=50\nDEBUG=False\nTAG!=v1',
  });
  expect(good.state('required-env')).toBe('passed');
});

test('example-values: what was to be replaced is found by itself, and not what a stack may well have', async () => {
  const rig = preflightRig(hostWith);
  rig.put(
    'shared/.env',
    'SECRET_KEY=changeme\nAPI_TOKEN=your-token-here\nHOSTS=example.org\nPASSWORD=admin12345\n',
  );
  const { state, rows } = await rig.run({ env: 'TAG=v1' });
  expect(state('example-values')).toBe('failed');
  expect(rows['example-values']!.detail).toContain('API_TOKEN, PASSWORD and SECRET_KEY');
  expect(rows['example-values']!.detail).not.toMatch(/admin12345|changeme/);
  for (const [name, value] of [
    ['SECRET_KEY', 'change-me'],
    ['URL', 'https://your-domain'],
    ['KEY', '<secret>'],
    ['SECRET_KEY', 'django-insecure-abc'],
    ['DB_PASSWORD', 'postgres'],
  ] as const)
    expect([name, value, isExample(name, value)]).toEqual([name, value, value !== 'https://your-domain']);
  for (const [name, value] of [
    ['POSTGRES_USER', 'postgres'],
    ['NODE_ENV', 'test'],
    ['SECRET_KEY', 'correct-horse-battery-staple'],
    ['GREETING', 'Changing of the guard'],
    ['PASSWORD_MIN_LENGTH', '12'],
  ] as const)
    expect([name, value, isExample(name, value)]).toEqual([name, value, false]);
});

test('an application without any variable is looked at as one with them: no value is an example, and a wanted one is missed', async () => {
  const rig = preflightRig(hostWith);
  rig.compose('services:\n  db:\n    image: registry.test/db:1\n    healthcheck: { test: [CMD, check] }\n');
  const { state, rows } = await rig.run({ env: '', 'required-env': 'TAG' });
  expect([state('configuration'), state('variables'), state('example-values')]).toEqual([
    'passed',
    'passed',
    'passed',
  ]);
  expect([state('required-env'), rows['required-env']!.detail]).toEqual([
    'failed',
    expect.stringContaining('TAG is not there'),
  ]);
});

test('warn lets a check only warn, skip leaves it out and says so, and neither makes it pass', async () => {
  const rig = preflightRig(hostWith);
  const { failure, outputs, state, rows } = await rig.run({
    'max-backup-age': '1h',
    'min-memory': '900TB',
    warn: 'backup, memory',
    // Whichever proxy this machine runs is seen too.
    skip: 'clock\nreleases\nproxy',
  });
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ ready: true, warnings: 2 });
  expect(['backup', 'memory', 'clock', 'releases'].map((name) => state(name as 'backup'))).toEqual([
    'warned',
    'warned',
    'skipped',
    'skipped',
  ]);
  expect(rows['clock']).toMatchObject({ skipped: true });
  expect(rows['backup']).toMatchObject({ ok: false, severity: 'warn' });
  for (const name of ['warn', 'skip'])
    expect(() => rig.inputs({ [name]: 'clock\nclok' })).toThrow(/line 2: "clok" is no check/);
});

test('health-checks: a service that stays up without one is named, and warns; one that ends for another has none to have', async () => {
  const rig = preflightRig(hostWith);
  const row = async (...services: string[]) => {
    rig.compose(['services:', ...services, ''].join('\n'));
    const { rows, state, outputs } = await rig.run();
    return [state('health-checks'), outputs.ready, rows['health-checks']!.detail];
  };
  const db = '  db: { image: registry.test/db:1, healthcheck: { test: [CMD, check] } }';
  const needs = 'depends_on: { setup: { condition: service_completed_successfully } }';
  expect(
    await row(db, '  setup: { image: registry.test/db:1 }', `  api: { image: registry.test/db:1, ${needs} }`),
  ).toEqual(['warned', true, expect.stringContaining('none in the compose file: api')]);
  expect(await row(db, '  api: { image: registry.test/db:1, healthcheck: { disable: true } }')).toEqual([
    'warned',
    true,
    expect.stringContaining('none in the compose file: api'),
  ]);
  expect(await row(db)).toEqual(['passed', true, 'every service that stays up has one']);
});

test('limits and root-user are looked at only where warn names them', async () => {
  const rig = preflightRig(hostWith);
  expect((await rig.run()).state('limits')).toBeUndefined();
  const { state, rows, outputs } = await rig.run({ warn: 'limits root-user' });
  expect([state('limits'), state('root-user'), outputs.ready]).toEqual(['warned', 'warned', true]);
  expect(rows['limits']!.detail).toContain('api and db');
});

test('domains: each address that is none of the servers is told; certificates: the days that are left', async () => {
  const rig = preflightRig(hostWith);
  rig.world.addressesOf = (name) =>
    name === 'gone.example.org'
      ? Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
      : Promise.resolve(name === 'half.example.org' ? ['192.0.2.1', '2001:db8::9'] : ['192.0.2.1']);
  rig.world.certificateOf = (name) =>
    name === 'gone.example.org'
      ? Promise.reject(new Error('the certificate is for another name'))
      : Promise.resolve(new Date(Date.now() + 5.5 * 86_400_000));
  const { state, rows } = await rig.run({ domains: 'shop.example.org\nhalf.example.org\ngone.example.org' });
  expect([state('domains'), state('certificates')]).toEqual(['failed', 'failed']);
  expect(rows['domains']!.detail).toContain(
    'half.example.org leads to 2001:db8::9; gone.example.org: DNS does not know it',
  );
  expect(rows['domains']!.detail).not.toContain('shop.example.org leads');
  expect(rows['certificates']!.detail).toContain(
    'shop.example.org: valid for 5 more days, wanted at least 14',
  );
  expect(rows['certificates']!.detail).toContain('gone.example.org: the certificate is for another name');
  expect(
    (await rig.run({ domains: 'shop.example.org', 'expect-certificate-days': '5' })).state('certificates'),
  ).toBe('passed');
});

test('lock: who holds it, since when and where is told; leftovers: a run that was cut off warns', async () => {
  const rig = preflightRig(hostWith);
  rig.put('.deploy/runs/run-1/deploy-1/launch', 'x');
  rig.put('.deploy/runs/run-1/deploy-1/pid', '1 1 another-boot\n');
  rig.put('.deploy/runs/run-1/deploy-1/journal', '1 up:begin\n');
  const first = await rig.run();
  expect([first.state('leftovers'), first.state('lock'), first.outputs.ready]).toEqual([
    'warned',
    'passed',
    true,
  ]);
  expect(first.rows['leftovers']!.detail).toContain('the deploy run-1 was cut off');
  rig.put('.deploy/lock.holder', 'pid 1\nactor octocat\nurl https://ci.test/7\nsince 2026-11-27T08:00:00Z\n');
  rig.put('.deploy/lock', '');
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const holder = rig.server.host.session();
  const held = holder.run({
    script: 'exec 9>>"$1/.deploy/lock"; flock 9; echo held; read -r _; exit 0',
    args: [rig.server.host.path],
    input: hold(),
  });
  async function* hold() {
    await released;
    yield Buffer.from('\n');
  }
  const { state, rows } = await rig.run();
  release();
  await held;
  expect(state('lock')).toBe('failed');
  expect(rows['lock']!.detail).toContain('held by octocat since 2026-11-27T08:00:00Z (https://ci.test/7)');
});

test('ports: ours and free ones pass, another application’s is told by its container; allowed-ports: what else is open', async () => {
  const rig = preflightRig(hostWith);
  rig.compose(COMPOSE.replace('  db:\n', "    ports: [{ target: 80, published: '45081' }]\n  db:\n"));
  await deployRelease(rig.server, {
    compose: COMPOSE.replace('  db:\n', "    ports: [{ target: 80, published: '45081' }]\n  db:\n"),
    version: 'v1',
  });
  const { state, rows } = await rig.run({ ports: '45081 45082', 'allowed-ports': '45081' });
  expect(state('ports')).toBe('passed');
  expect(rows['ports']!.detail).toMatch(/45081: ours \(shop-api-1\); 45082: free/);
  expect(rows['allowed-ports']!.detail).not.toContain('45081 (');
  const containers = rig.server.docker.containers();
  const api = containers.find(({ Name }) => Name === '/shop-api-1')!;
  rig.server.docker.put({
    ...api,
    ID: 'f'.repeat(64),
    Id: 'f'.repeat(64),
    Name: '/blog-web-1',
    Config: {
      ...api.Config,
      Labels: { 'com.docker.compose.project': 'blog', 'com.docker.compose.oneoff': 'False' },
    },
    NetworkSettings: {
      ...api.NetworkSettings,
      Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '45082' }] },
    },
  });
  const taken = await rig.run({ ports: '45081 45082', 'allowed-ports': '45081' });
  expect([taken.state('ports'), taken.state('allowed-ports')]).toEqual(['failed', 'failed']);
  expect(taken.rows['ports']!.detail).toContain('45082: the container blog-web-1 of the project blog');
  expect(taken.rows['allowed-ports']!.detail).toContain('45082 (blog-web-1)');
  expect(taken.rows['releases']!.detail).toContain('v1 serves; there is none to go back to');
});

test('ports: one that a program listens on is taken, on loopback too, where nobody else can listen beside it', async () => {
  const rig = preflightRig(hostWith);
  const held = createServer();
  await new Promise<void>((resolve) => held.listen(0, '127.0.0.1', resolve));
  const { port } = held.address() as AddressInfo;
  const { rows } = await rig.run({ ports: String(port) });
  await new Promise((resolve) => held.close(resolve));
  expect(rows['ports']).toMatchObject({
    ok: false,
    detail: expect.stringMatching(new RegExp(`^${port}: .*, on loopback`)),
  });
});

test('backup: the newest whole one counts, by its manifest; one without is none', async () => {
  const rig = preflightRig(hostWith);
  rig.put('backups/b1/database.dump', 'half');
  expect((await rig.run({ 'max-backup-age': '1h' })).rows['backup']!.detail).toContain('no whole backup');
  const put = (id: string, hours: number) => {
    const created = `${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19)}Z`;
    const file = { ...backupRecord(id).files[0]!, bytes: 4 };
    rig.put(
      `backups/${id}/manifest.json`,
      `${JSON.stringify(backupRecord(id, { created, files: [file] }))}\n`,
    );
    rig.put(`backups/${id}/${file.name}`, 'dump');
  };
  put('b2', 30);
  const old = await rig.run({ 'max-backup-age': '24h' });
  expect(old.state('backup')).toBe('failed');
  expect(old.rows['backup']!.detail).toContain('b2, is 30 h 00 m old');
  put('b9', -100);
  const future = await rig.run({ 'max-backup-age': '24h' });
  expect([future.state('backup'), future.rows['backup']!.detail]).toEqual([
    'unknown',
    expect.stringMatching(/b9, was made at .*, which is still to come/),
  ]);
  rmSync(path.join(rig.server.host.path, 'backups/b9'), { recursive: true });
  put('b3', 2);
  expect((await rig.run({ 'max-backup-age': '24h' })).state('backup')).toBe('passed');
  rig.put(`backups/b3/${backupRecord('b3').files[0]!.name}`, 'cut');
  expect((await rig.run({ 'max-backup-age': '24h' })).rows['backup']!.detail).toContain(
    'b2, is 30 h 00 m old',
  );
});

test('disk: after some deployments the table says in about how many the disk is full, and warns of few', async () => {
  const rig = preflightRig(hostWith);
  const history = (free: readonly number[]) =>
    free
      .map((bytes, index) =>
        JSON.stringify({
          operation: 'deploy',
          deployment_id: `run-${index}`,
          release: '',
          outcome: 'succeeded',
          at: '2026-11-27T08:00:00Z',
          free_bytes: bytes,
        }),
      )
      .join('\n');
  // Whatever this machine has free is far from what such deployments take.
  const TB = 1e12;
  rig.put('.deploy/history.jsonl', history([900 * TB, 800 * TB, 700 * TB, 600 * TB]));
  const { state, rows, outputs } = await rig.run();
  expect([state('disk'), outputs.ready]).toEqual(['warned', true]);
  expect(rows['disk']!.detail).toContain('full in about 0 deployments');
  for (const steady of [
    [900 * TB, 800 * TB, 700 * TB],
    [600 * TB, 700 * TB, 600 * TB, 700 * TB],
  ]) {
    rig.put('.deploy/history.jsonl', history(steady));
    expect((await rig.run()).rows['disk']!.detail).not.toContain('full in');
  }
});

test('images: one that the registry does not have for us is red, with its words; those that are there need no question', async () => {
  const rig = preflightRig(hostWith);
  rig.server.docker.script({ pulls: { 'registry.test/db:1': 'unauthorized: authentication required' } });
  const { state, rows } = await rig.run({ env: 'TAG=v9' });
  expect(state('images')).toBe('failed');
  expect(rows['images']!.detail).toContain('the registry has no registry.test/shop/api:v9');
  expect(rows['images']!.detail).toContain('the registry registry.test refused registry.test/db:1');
  expect(rows['disk']!.detail).toMatch(/needed with the images/);
  rig.server.docker.script({ pulls: {} });
  await deployRelease(rig.server, { compose: COMPOSE, version: 'v1' });
  const there = await rig.run();
  expect(there.rows['images']!.detail).toContain('those of api and db are on the server');
  expect(rig.server.sessions.at(-1)!.counts.execs).toBe(1);
  expect((await rig.run({ images: 'web=registry.test/shop/web:v1' })).rows['images']!.detail).toContain(
    '"web" is not a service of the compose file',
  );
  expect(() => rig.inputs({ 'registry-password': 'x' })).not.toThrow();
  expect((await rig.run({ 'registry-password': 'x' })).failure).toMatchObject({ input: 'registry-username' });
});
