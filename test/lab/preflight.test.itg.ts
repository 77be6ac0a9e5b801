import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { type BundleResult, startBundle } from '@deploy-actions/tooling';
import { type DeployInputs, PASSWORD, checkout, deployInputs, deployed } from './deploy-rig.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** Looks before a deployment of the version, with that deployment's inputs. */
async function look(tag: string, more: DeployInputs = {}): Promise<BundleResult> {
  const { host, 'ssh-key': key, 'known-hosts': knownHosts, path, env, files } = deployInputs(lab, tag);
  const shared = { host, 'ssh-key': key, 'known-hosts': knownHosts, path, files, 'min-free-disk': '50MB' };
  const inputs = { ...shared, env: `${String(env)}DEMO_PASSWORD=a-word-of-its-own\n` };
  return await startBundle({
    action: 'preflight',
    inputs: { ...inputs, ...more },
    workspace: checkout(),
    env: { GITHUB_REPOSITORY: 'shop/shop' },
  }).done;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds()); await sleep(200)) {
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
  }
}

interface Seen {
  name: string;
  ok: boolean;
  severity?: string;
  phase?: string;
  detail: string;
}

function rowsOf(result: BundleResult): Record<string, Seen> {
  const { checks } = JSON.parse(result.outputs['report']!) as { checks: Seen[] };
  return Object.fromEntries(checks.map((one) => [one.name, one]));
}

/** Names of those that ended the step because of what was seen, not because of what could not be. */
function red(result: BundleResult): string[] {
  return Object.values(rowsOf(result))
    .filter(({ ok, severity, phase }) => !ok && severity !== 'warn' && phase === undefined)
    .map(({ name }) => name)
    .sort();
}

interface Looked {
  connection: { execs: number; connect_ms: number; look_ms: number };
}

function connectionOf(result: BundleResult): Looked['connection'] {
  const facts = JSON.parse(result.outputs['facts']!) as Record<string, Looked>;
  return Object.values(facts)[0]!.connection;
}

test('a server that is ready is green: a new one, one with a release, and within a second beyond the connection', async () => {
  const { host } = lab;
  const tree = () => host.sh('find /srv/deploy /dev/shm /tmp -user deploy 2>/dev/null | sort');
  const before = await tree();
  const fresh = await look('v1');
  expect([red(fresh), fresh.exitCode]).toEqual([[], 0]);
  expect(await tree()).toBe(before);
  await deployed(deployInputs(lab, 'v1'));
  const times: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const result = await look('v1', { ports: '8080 8081', 'required-env': 'POSTGRES_PASSWORD>=20\nTAG=v1' });
    expect([red(result), result.exitCode]).toEqual([[], 0]);
    expect(result.outputs['ready']).toBe('true');
    const rows = rowsOf(result);
    for (const name of [
      'connection',
      'path',
      'docker',
      'configuration',
      'variables',
      'required-env',
      'images',
      'ports',
      'lock',
      'clock',
    ])
      expect([name, rows[name]?.ok]).toEqual([name, true]);
    expect(rows['ports']!.detail).toMatch(/8080: ours \(shop-web-1\); 8081: free/);
    expect(rows['connection']!.detail).toMatch(
      /with \S+ SHA256:\S+; the server proved itself by \S+ SHA256:/,
    );
    expect(
      `${result.log}${result.summary}${result.outputs['report']}`.replace(/^::add-mask::.*$/gm, ''),
    ).not.toContain(PASSWORD);
    const { execs, look_ms } = connectionOf(result);
    expect(execs).toBeLessThanOrEqual(2);
    times.push(look_ms);
  }
  console.log(`preflight, beyond the connection: ${times.map((ms) => `${ms} ms`).join(', ')}`);
  // A second on a quiet machine; a test machine is not always one.
  expect(Math.min(...times)).toBeLessThan(5000);
}, 900_000);

test('a proxy whose file changed after it was loaded is warned of, with the command that loads it, or that nothing does', async () => {
  const { host } = lab;
  const run = `docker run --detach --name edge --entrypoint nginx --tmpfs /run/nginx --volume /srv/edge.conf:/etc/nginx/conf.d/default.conf:ro --volume /srv/main.conf:/web/nginx.conf:ro ${lab.registry.image('shop/web:v1')} -c /web/nginx.conf -g 'daemon off;'`;
  const proxy = async () => rowsOf(await look('v1'))['proxy']!;
  /** Those that take requests: not the ones that shut down after a reload. */
  const workers = async () =>
    (await host.sh("docker top edge -eo pid,args | awk '/nginx: worker process *$/ { print $1 }'"))
      .split('\n')
      .filter(Boolean);
  // Without the image's own list of types: the lab's hosts have the layers of images by hard links, and another host that
  // starts meanwhile changes the time of each.
  const main = readFileSync(join(SAMPLE_APP, 'web/nginx.conf'), 'utf8');
  await host.write('/srv/main.conf', main.replace(/.*mime\.types.*\n/, ''), { owner: 'root' });
  await host.sh(`printf 'server { listen 80; }\\n' >/srv/edge.conf && ${run}`);
  await until('nginx serves', async () => (await workers()).length > 0);
  // Times are told to the second: a change has to be seconds after the start.
  await sleep(3000);
  try {
    const fresh = await proxy();
    expect(fresh.detail).toMatch(
      /nginx in the container edge: nothing of it changed on disk since it was loaded \d/,
    );
    expect(fresh.ok).toBe(true);
    const before = await workers();
    await host.sh("printf 'server { listen 81; }\\n' >>/srv/edge.conf");
    const changed = await proxy();
    expect(changed).toMatchObject({ ok: false, severity: 'warn' });
    expect(changed.detail).toContain('edge: changed since it was loaded: /etc/nginx/conf.d/default.conf');
    expect(changed.detail).toContain(
      'docker exec edge nginx -c /web/nginx.conf -t && docker exec edge nginx -c /web/nginx.conf -s reload',
    );
    await host.sh('docker exec edge nginx -c /web/nginx.conf -s reload');
    // A reload is over when the last worker of before no longer takes requests.
    await until('the reload', async () => {
      const now = await workers();
      return now.length > 0 && !now.some((pid) => before.includes(pid));
    });
    expect(await proxy()).toMatchObject({
      ok: true,
      detail: expect.stringContaining('nothing of it changed'),
    });
    // As most editors and rsync do it.
    await host.sh("printf 'server { listen 82; }\\n' >/srv/edge.new && mv /srv/edge.new /srv/edge.conf");
    expect((await proxy()).detail).toContain('it has an older /srv/edge.conf than the host');
  } finally {
    await host.sh('docker rm --force edge; rm -f /srv/edge.conf /srv/main.conf');
  }
}, 900_000);

test('much that is wrong at once stands in one table, with what mends it, and one look finds it', async () => {
  const { host } = lab;
  await deployed(deployInputs(lab, 'v1'));
  await host.sh(
    `docker run --detach --name blog --publish 8081:80 ${lab.registry.image('shop/web:v1')} && install -o deploy -d /srv/deploy/shop/shared`,
  );
  await host.sh(
    'printf "pid 1\\nactor octocat\\nurl https://ci.test/7\\nsince 2026-11-27T08:00:00Z\\n" >/srv/deploy/shop/.deploy/lock.holder; chown deploy /srv/deploy/shop/.deploy/lock.holder',
  );
  await host.sh('setsid flock /srv/deploy/shop/.deploy/lock sleep 300 >/dev/null 2>&1 </dev/null &');
  const result = await look('v2', {
    'min-free-disk': '900TB',
    ports: '8080 8081',
    domains: 'localhost',
    'required-env': 'SECRET_KEY>=50',
    'max-backup-age': '24h',
  });
  expect(result.exitCode).toBe(1);
  expect(red(result)).toEqual(['backup', 'certificates', 'disk', 'lock', 'ports', 'required-env']);
  const rows = rowsOf(result);
  expect(rows['ports']!.detail).toContain('8081: the container blog');
  expect(rows['lock']!.detail).toContain('held by octocat since 2026-11-27T08:00:00Z');
  expect(rows['required-env']!.detail).toContain('SECRET_KEY is not there');
  expect(rows['docker']!.ok).toBe(true);
  expect(connectionOf(result).execs).toBeLessThanOrEqual(2);
  await host.sh('pkill -x flock; docker rm -f blog');

  await host.sh('gpasswd -d deploy docker');
  try {
    const second = await look('v2', { path: '/srv/nowhere/shop' });
    expect(second.exitCode).toBe(1);
    expect(red(second)).toEqual(['docker', 'path']);
    expect(rowsOf(second)['docker']!.detail).toContain('usermod -aG docker deploy');
    expect(rowsOf(second)['path']!.detail).toContain('sudo install -d -o deploy /srv/nowhere/shop');
    expect(rowsOf(second)['configuration']).toMatchObject({ ok: false, phase: 'not measured' });
    expect(second.summary).toContain('usermod');
  } finally {
    await host.sh('usermod -aG docker deploy');
  }

  const unpinned = await look('v2', { 'known-hosts': '' });
  expect(unpinned.exitCode).toBe(1);
  expect(rowsOf(unpinned)['connection']!.detail).toMatch(/The line: \[127\.0\.0\.1\]:\d+ \S+ AAAA/);
}, 900_000);
