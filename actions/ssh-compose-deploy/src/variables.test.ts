import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { COMPOSE, deployRig } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const TOKEN = 'hunter2-hunter2';

const WITH_TOKEN = `${COMPOSE.replace(
  'depends_on:',
  `secrets: [{ source: token }]
    configs: [{ source: motd, target: /etc/motd }]
    depends_on:`,
)}
secrets: { token: { environment: API_TOKEN } }
configs: { motd: { environment: MOTD } }
`;

const env = (version: string, token = TOKEN) => ({
  env: `TAG=${version}\nAPI_TOKEN=${token}\nMOTD=hello`,
});

test('a secret whose value comes from the environment is in the container, and on the server only in private files', async () => {
  const { servers, compose, deploy } = deployRig(['web1'], hostWith);
  const { host, docker } = servers.web1;
  compose(WITH_TOKEN);
  const first = await deploy('v1', env('v1'));
  expect(first.failure).toBeUndefined();
  const files = () => docker.containers().find(({ Name }) => Name === '/shop-api-1')!.Files;
  expect(files()).toEqual({ '/run/secrets/token': TOKEN, '/etc/motd': 'hello' });
  expect(first.ports.redactor.forms()).toContain(TOKEN);
  expect(JSON.stringify([first.outputs, first.ports.log.lines])).not.toContain(TOKEN);
  const holding = readdirSync(host.path, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, 'utf8').includes(TOKEN));
  expect(new Set(holding.map((file) => path.basename(file)))).toEqual(new Set(['compose.json']));
  expect(new Set(holding.map((file) => statSync(file).mode & 0o777))).toEqual(new Set([0o600]));

  const same = await deploy('v1', env('v1'));
  expect(same.outputs.changed).toBe(false);
  const other = await deploy('v1', env('v1', 'another-token'));
  expect(other.outputs.changed).toBe(true);
  expect(files()).toMatchObject({ '/run/secrets/token': 'another-token' });
});

test('a failed release gives the old one its own value back, when nobody is there who has it', async () => {
  const { servers, compose, deploy } = deployRig(['web1'], hostWith);
  const { docker } = servers.web1;
  compose(WITH_TOKEN);
  await deploy('v1', env('v1'));
  docker.script({ images: { 'registry.test/shop/api:v2': { health: 'unhealthy' } } });
  const { failure } = await deploy('v2', { ...env('v2', 'new-token'), 'wait-timeout': '2s' });
  expect(failure!.message).toMatch(/was restored and is healthy/);
  const api = docker.containers().find(({ Name }) => Name === '/shop-api-1')!;
  expect(api.Files).toMatchObject({ '/run/secrets/token': TOKEN });
});

test('the value may stand in the env file on the server alone; without one nothing is changed', async () => {
  const { servers, compose, deploy } = deployRig(['web1'], hostWith);
  const { host, docker } = servers.web1;
  compose(WITH_TOKEN);
  const { failure } = await deploy('v1', { env: 'TAG=v1\nMOTD=hello' });
  expect(failure).toMatchObject({
    kind: 'input',
    message: expect.stringContaining('API_TOKEN, which has none'),
  });
  expect(docker.containers()).toEqual([]);
  await host.session().run({
    script: 'mkdir -p "$1"; printf "API_TOKEN=%s\\n" "$2" >"$1/.env"',
    args: [path.join(host.path, 'shared'), TOKEN],
  });
  const found = await deploy('v1', { env: 'TAG=v1\nMOTD=hello' });
  expect(found.failure).toBeUndefined();
  expect(found.ports.redactor.forms()).toContain(TOKEN);
});

test.each([
  ['is not there', { 'env-file': '.env.live' }, undefined, 'input', 'env-file-missing'],
  ['is not at its absolute path', { 'env-file': '/nowhere/.env' }, undefined, 'input', 'env-file-missing'],
  ['has a line that is none', {}, `API_TOKEN=x\n${TOKEN} y\n`, 'input', 'env-file-invalid'],
  ['may not be read', { 'env-file': '.env.live' }, `API_TOKEN=${TOKEN}\n`, 'refused', 'env-file-unreadable'],
])('an env file that %s is told as that before anything is changed', async (_, more, text, kind, code) => {
  const { servers, compose, deploy } = deployRig(['web1'], hostWith);
  const { host, docker } = servers.web1;
  compose(WITH_TOKEN);
  if (text !== undefined) {
    mkdirSync(path.join(host.path, 'shared'), { recursive: true });
    for (const name of ['.env', '.env.live']) writeFileSync(path.join(host.path, 'shared', name), text);
  }
  // Root may read any file, so its mode would not tell.
  host.tool(
    'cat',
    'case ${1-} in */.env.live) echo "Permission denied" >&2; exit 1 ;; esac; exec /bin/cat "$@"',
  );
  const { failure, log } = await deploy('v1', { env: 'TAG=v1\nMOTD=hello', ...more });
  expect(failure).toMatchObject({ kind, code });
  expect([failure!.message, failure!.details, log].join('\n')).not.toContain(TOKEN);
  expect(docker.containers()).toEqual([]);
});

test('the version is no secret where it is also a variable', async () => {
  const { compose, deploy } = deployRig(['web1'], hostWith);
  compose(WITH_TOKEN);
  const version = 'staging-20261127-0a1b2c3';
  const { failure, outputs, ports } = await deploy('v1', {
    env: `${env('v1').env}\nVERSION=${version}`,
    version,
  });
  expect([failure?.message, outputs.version]).toEqual([undefined, version]);
  expect(ports.redactor.forms()).toContain(TOKEN);
  expect(ports.redactor.forms()).not.toContain(version);
  expect(ports.redactor.redact(String(outputs.report))).toContain(`${version} is deployed`);
});
