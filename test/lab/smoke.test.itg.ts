import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { type BundleResult, runBundle } from '@deploy-actions/tooling';

// smoke-run's bundle against a real application: from outside, and on a private port through SSH.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab({ hosts: 1 });
  ({ host } = lab);
  await host.sh('mkdir -p /srv/deploy/shop && chown deploy /srv/deploy/shop');
  for (const name of ['compose.yaml', 'nginx.conf']) {
    const text = readFileSync(join(SAMPLE_APP, name)).toString('base64');
    await host.sh(`echo ${text} | base64 -d >/srv/deploy/shop/${name}`);
  }
  // The site on a port that only the server itself can reach, as a colour without traffic has it.
  await compose('v2', 'up -d --wait db redis');
  await compose('v2', 'run --rm --no-deps api /app/shop migrate');
  await compose('v2', 'up -d --wait');
}, 900_000);
afterAll(async () => {
  await lab.close();
}, 120_000);

async function compose(tag: string, command: string): Promise<void> {
  const env = `WEB_PORT=127.0.0.1:18001 REGISTRY=${lab.registry.address} TAG=${tag} POSTGRES_PASSWORD=pw`;
  await host.sh(`cd /srv/deploy/shop && ${env} docker compose ${command}`);
}

const CHECKS = `
defaults: { timeout: 10s }
thresholds: { min-checks: 5 }
checks:
  - name: version
    request: GET /version
    expect: { jsonpath: { $.version: v2 }, header: { content-type: { contains: json } } }
  - name: 'answers {{path}}'
    matrix: { path: [/, /api/health/, /api/readiness/] }
    request: GET {{path}}
    expect: { status: { less-than: 500 }, duration: 5s }
  - name: metrics
    request: GET /metrics
    expect: { body: { matches: '^# (HELP|TYPE) ' } }
  - name: migrated
    exec: { service: api, command: [/app/shop, migration-state] }
    expect: { exit-code: 0 }
`;

async function smoke(
  inputs: Record<string, string>,
  files: Record<string, string> = {},
): Promise<BundleResult> {
  const workspace = mkdtempSync(join(tmpdir(), 'smoke-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(workspace, name), text);
  return await runBundle({
    action: 'smoke-run',
    workspace,
    inputs: {
      host: `deploy@127.0.0.1:${host.sshPort}`,
      'ssh-key': lab.key.privateKey,
      'known-hosts': host.knownHosts(),
      project: 'shop',
      'base-url': 'http://shop.example',
      address: '127.0.0.1:18001',
      via: 'ssh',
      ...inputs,
    },
    ...(process.env['DEPLOY_ACTIONS_TREE'] ? { tree: process.env['DEPLOY_ACTIONS_TREE'] } : {}),
  });
}

test('a private colour is tested through SSH before it has traffic, commands in its containers too', async () => {
  const result = await smoke({ file: 'smoke.yml', 'junit-file': 'junit.xml' }, { 'smoke.yml': CHECKS });
  expect(result.log).toContain('6 of 6 checks passed');
  expect(result).toMatchObject({ exitCode: 0, outputs: { passed: '6', failed: '0' } });
}, 120_000);

test('the same from outside finds nobody, and says so in other words than a failed check', async () => {
  const outside = await smoke(
    { via: 'runner', address: '', 'base-url': 'http://127.0.0.1:1', file: 'smoke.yml', skip: 'migrated' },
    { 'smoke.yml': CHECKS },
  );
  expect(outside.exitCode).toBe(1);
  expect(outside.log).toContain('the application cannot be reached');
  const failed = await smoke({
    checks: '- { name: version, request: GET /version, expect: { jsonpath: { $.version: v3 } } }',
  });
  expect(failed.log).toContain('jsonpath $.version is "v2", wanted "v3"');
}, 120_000);

test('where the server forbids forwarding, the same checks run by curl there', async () => {
  await host.sh('echo "AllowTcpForwarding no" >/etc/ssh/sshd_config.d/00-test.conf');
  try {
    await host.restartSshd();
    const result = await smoke({ file: 'smoke.yml' }, { 'smoke.yml': CHECKS });
    expect(result.log).toContain('forbids TCP forwarding');
    expect(result).toMatchObject({ exitCode: 0, outputs: { passed: '6' } });
  } finally {
    await host.sh('rm /etc/ssh/sshd_config.d/00-test.conf');
    await host.restartSshd();
  }
}, 120_000);

test('a Hurl file runs against it', async () => {
  const result = await smoke(
    { file: 'a.hurl', variables: 'base=http://shop.example' },
    {
      'a.hurl':
        'GET {{base}}/version\nHTTP 200\n[Captures]\nv: jsonpath "$.version"\n[Asserts]\njsonpath "$.version" == "v2"\n\nGET {{base}}/api/health/?v={{v}}\nHTTP 200\n',
    },
  );
  expect(result).toMatchObject({ exitCode: 0, outputs: { passed: '1' } });
}, 120_000);

test('a version that fails every tenth request is found out by a check that asks often enough', async () => {
  await compose('some-errors', 'up -d --wait --no-deps api');
  const asked = Array.from({ length: 30 }, (_, index) => `/api/items?${index}`);
  const result = await smoke({
    checks: `- { name: 'no error at {{path}}', matrix: { path: [${asked.map((path) => `'${path}'`).join(', ')}] }, request: 'GET {{path}}', expect: { status: 200 } }`,
  });
  expect(result.exitCode).toBe(1);
  expect(result.outputs).toMatchObject({ passed: '27', failed: '3' });
  expect(result.log).toMatch(/status is 500, wanted 200/);
}, 120_000);
