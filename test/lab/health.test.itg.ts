import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Report } from '@deploy-actions/kit';
import { type Host, type Lab, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { type BundleResult, runBundle } from '@deploy-actions/tooling';

// health-wait's bundle against a real server with the sample application, healthy and faulty.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab({ hosts: 1 });
  ({ host } = lab);
  await host.sh(`mkdir -p /srv/deploy/shop && chown deploy /srv/deploy/shop`);
  for (const name of ['compose.yaml', 'nginx.conf']) {
    await put(`/srv/deploy/shop/${name}`, readFileSync(join(SAMPLE_APP, name), 'utf8'));
  }
}, 900_000);
afterAll(async () => {
  await lab.close();
}, 120_000);

async function put(path: string, text: string): Promise<void> {
  await host.sh(`echo ${Buffer.from(text).toString('base64')} | base64 -d >${path}`);
}

/** Brings the application up in a version, without waiting for anything. */
async function up(tag: string, services = ''): Promise<void> {
  const env = `REGISTRY=${lab.registry.address} TAG=${tag} POSTGRES_PASSWORD=pw`;
  await host.sh(
    `cd /srv/deploy/shop && ${env} docker compose up -d --wait db redis && ${env} docker compose run --rm --no-deps api /app/shop migrate && ${env} docker compose up -d --no-deps ${services || 'api worker scheduler web'}`,
  );
}

async function down(): Promise<void> {
  await host.sh(
    `cd /srv/deploy/shop && REGISTRY=x TAG=x POSTGRES_PASSWORD=x docker compose down -v --remove-orphans -t 1`,
  );
}

const server = () => ({
  host: `deploy@127.0.0.1:${host.sshPort}`,
  'ssh-key': lab.key.privateKey,
  'known-hosts': host.knownHosts(),
});

async function wait(
  inputs: Record<string, string>,
  onLine: (line: string) => void = () => {},
): Promise<BundleResult & { report: Report }> {
  const result = await runBundle({
    action: 'health-wait',
    inputs: { timeout: '60s', ...inputs },
    onLine,
    ...(process.env['DEPLOY_ACTIONS_TREE'] ? { tree: process.env['DEPLOY_ACTIONS_TREE'] } : {}),
  });
  return { ...result, report: JSON.parse(result.outputs['report'] ?? '{}') as Report };
}

test('the deployed version is waited for, from outside and through SSH, by every kind of target', async () => {
  await up('v1');
  const outside = await wait({ targets: `${host.url(8080)}/version -> 200`, 'expect-version': 'v1' });
  expect(outside).toMatchObject({ exitCode: 0, outputs: { healthy: 'true' } });
  const inside = await wait({
    ...server(),
    via: 'ssh',
    project: 'shop',
    targets: [
      'site = http://localhost:8080/api/readiness/ -> 200',
      'tcp://127.0.0.1:8080',
      'compose://api',
      'compose://db',
      'exec://redis redis-cli ping -> PONG',
      'exec://db pg_isready -h 127.0.0.1 -U shop -> accepting',
    ].join('\n'),
  });
  expect(inside.report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(inside.exitCode).toBe(0);
  const old = await wait({ targets: `${host.url(8080)}/version`, 'expect-version': 'v2', timeout: '1s' });
  expect(old.log).toContain('version v1 answers, wanted v2');
}, 300_000);

test('through SSH a refused port, an unknown name and a server that forbids forwarding are told apart', async () => {
  const told = await wait({
    ...server(),
    via: 'ssh',
    timeout: '1s',
    targets: 'tcp://127.0.0.1:1\nhttp://no-such-name.invalid/',
  });
  expect(told.report.checks.map(({ phase }) => phase)).toEqual(['tcp', 'dns']);

  await host.sh('echo "AllowTcpForwarding no" >/etc/ssh/sshd_config.d/00-test.conf');
  try {
    await host.restartSshd();
    const forbidden = await wait({
      ...server(),
      via: 'ssh',
      timeout: '5s',
      'expect-version': 'v1',
      targets: 'version = http://127.0.0.1:8080/version',
    });
    expect(forbidden.exitCode).toBe(0);
    expect(forbidden.log).toContain('forbids TCP forwarding');
    const open = await wait({ ...server(), via: 'ssh', timeout: '5s', targets: 'tcp://127.0.0.1:8080' });
    expect(open.exitCode).toBe(0);
    const refused = await wait({
      ...server(),
      via: 'ssh',
      timeout: '1s',
      targets: 'http://127.0.0.1:1/\ntcp://127.0.0.1:1\nhttp://no-such-name.invalid/',
    });
    expect(refused.report.checks.map(({ phase }) => phase)).toEqual(['tcp', 'tcp', 'dns']);
  } finally {
    await host.sh('rm /etc/ssh/sshd_config.d/00-test.conf');
    await host.restartSshd();
  }
}, 120_000);

test.each([
  ['crash-at-start', /exited with code \d+/, 'container'],
  ['crash-late', /exited with code \d+/, 'container'],
])(
  '%s is reported with its true reason when it crashes and not at the timeout, with the container’s last words',
  async (tag, reason, phase) => {
    await up('v1');
    // As they come: the engine remembers the last 256 events only, and each healthcheck is three.
    const deaths = `/tmp/died-${tag}`;
    await host.sh(
      `: >${deaths}; setsid timeout 170 docker events --filter event=die --filter label=com.docker.compose.service=api --format '{{.TimeNano}} {{.Actor.Attributes.image}} {{.Actor.Attributes.exitCode}}' >>${deaths} 2>/dev/null </dev/null &`,
    );
    let seen = Infinity;
    const waiting = wait(
      {
        ...server(),
        via: 'ssh',
        project: 'shop',
        targets: 'http://127.0.0.1:8080/never-there -> 299',
        timeout: '160s',
      },
      (line) => {
        if (line.includes('NOT ready after')) seen = Math.min(seen, Date.now());
      },
    );
    await up(tag, 'api');
    const result = await waiting;
    expect(result.exitCode).toBe(1);
    expect(result.report.checks[0]).toMatchObject({ ok: false, phase });
    expect(result.report.checks[0]!.detail).toMatch(reason);
    expect(result.log).toContain('last log lines of shop-api-1');
    // The version before is stopped, and migrations end, meanwhile. A container that restarts goes on dying; its first
    // death is the one that is reported.
    const events = await host.sh(`cat ${deaths}`);
    const crash = events.split('\n').find((line) => line.endsWith(`/api:${tag} 1`));
    expect([events, crash]).toEqual([events, expect.any(String)]);
    // Measured: 50 ms. The machine may be busy with other labs, and without the engine's events it would be 160 s.
    expect(seen - Number(crash!.split(' ')[0]) / 1e6).toBeLessThan(15_000);
  },
  180_000,
);

test('a service that never becomes healthy is reported at the timeout, with its own health log', async () => {
  await up('v1');
  await up('never-healthy', 'api');
  const result = await wait({
    ...server(),
    via: 'ssh',
    project: 'shop',
    targets: 'compose://api\nhttp://127.0.0.1:8080/api/readiness/',
    timeout: '5s',
  });
  expect(result.exitCode).toBe(1);
  expect(result.report.checks[0]!.detail).toMatch(/shop-api-1 is (starting|unhealthy), wanted healthy/);
  expect(result.log).toContain('last healthchecks of shop-api-1');
}, 120_000);

test('a version whose migration failed is reported with what it says of itself', async () => {
  await up('v1');
  const env = `REGISTRY=${lab.registry.address} TAG=migration-fails POSTGRES_PASSWORD=pw`;
  await host.sh(
    `cd /srv/deploy/shop && if ${env} docker compose run --rm --no-deps api /app/shop migrate; then exit 1; fi; ${env} docker compose up -d --no-deps api`,
  );
  const result = await wait({
    ...server(),
    via: 'ssh',
    targets: 'http://127.0.0.1:8080/api/readiness/ -> 200',
    timeout: '10s',
  });
  expect(result.exitCode).toBe(1);
  expect(result.report.checks[0]!.detail).toMatch(
    /status 503, wanted 200; it begins .*schema is at \d, 3 is needed: run the migrations/,
  );
}, 120_000);

test('a version that ignores SIGTERM is healthy while it runs, which is all that is asked', async () => {
  await up('v1');
  await up('ignores-sigterm', 'api');
  const result = await wait({
    ...server(),
    via: 'ssh',
    project: 'shop',
    targets: 'compose://api\nversion = http://127.0.0.1:8080/version',
    'expect-version': 'ignores-sigterm',
  });
  expect([result.exitCode, result.exitCode === 0 ? '' : result.log]).toEqual([0, '']);
  expect(result.outputs['healthy']).toBe('true');
}, 120_000);

test('a slow start is waited out, and seen as soon as it is over', async () => {
  await up('v1');
  await up('slow-start', 'api');
  const result = await wait({
    ...server(),
    via: 'ssh',
    project: 'shop',
    targets: 'http://127.0.0.1:8080/version',
    'expect-version': 'slow-start',
  });
  expect(result.exitCode).toBe(0);
  await down();
}, 180_000);
