import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { failureOf, partsText, startRun } from '@deploy-actions/host';
import { type TestHost, hostsForEach, watching } from '@deploy-actions/host/testing';
import { siteOf } from '../testing/site.ts';
import { MANAGED, installProgram, siteParameters, uninstallProgram } from './index.ts';

// What a proxy does not do as it is asked: what has been changed is taken back, and the code says which it was.

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

const OLD = 'server { proxy_pass http://127.0.0.1:8080; }\n';
const NEW = 'server { proxy_pass http://$deploy_shop; }\n';

const PROGRAMS = { install: installProgram, uninstall: uninstallProgram };

/** No root, no proxy on this machine, and no waiting: each test says what is otherwise. */
const WORLD = `df() { :; }
as_root() { return 77; }
wait_until() { shift 2; "$@"; }
ask() { echo '200 0 green'; }
traffic_valid() { :; }
traffic_whole() { :; }
traffic_reload() { :; }
traffic_generation() { :; }
`;

/** A host with Docker that has nothing, and a site that leads to green. */
function prepared(): { host: TestHost; config: string } {
  const host = hostWith('dash');
  host.tool(
    'docker',
    'case $1 in exec) exit 1 ;; logs) echo "Error: adapting config: no such directive" ;; esac',
  );
  const config = path.join(host.home, 'site.conf');
  writeFileSync(config, OLD);
  // A proxy's workers must come to the flags.
  chmodSync(host.home, 0o755);
  for (const folder of ['flags', 'watched']) mkdirSync(path.join(host.home, folder));
  writeFileSync(path.join(host.home, 'flags/green'), '');
  return { host, config };
}

/** The failure of a change of the proxy's configuration, in a world that is as the test says. */
async function refused(
  { host, config }: ReturnType<typeof prepared>,
  operation: keyof typeof PROGRAMS,
  otherwise: string,
  kind = 'nginx',
) {
  const folder = path.join(host.home, 'flags');
  const site = siteOf({ kind, folder, configFile: config, configInside: config, canaryLog: '' });
  const verification = { url: 'http://127.0.0.1:9/', connect: '127.0.0.1:9', version: '', seconds: 1 };
  const run = await startRun(
    host.session(),
    host.operation({
      body: `${partsText(PROGRAMS[operation](kind))}\n${WORLD}${otherwise}\n`,
      parameters: {
        ...siteParameters({ ...site, watched: path.join(host.home, 'watched') }, verification, undefined),
        live_only: '',
        old_sum: createHash('sha256').update(OLD).digest('hex'),
        actor: 'me',
        run_url: 'https://example.org/1',
        first_share: 'green',
        fresh: '0',
        login: 'deploy',
        login_group: 'deploy',
        socket_folder: '',
        reason: 'test',
      },
      files: [
        { name: 'site', content: NEW },
        { name: 'shares/green.yml', content: 'http: {}\n' },
      ],
    }),
    watching(),
  );
  return failureOf(await run.result);
}

test.each([
  [
    'proxy-config-invalid',
    'would not load the file',
    `traffic_valid() { echo 'unknown directive "sever"'; return 1; }`,
    /^nginx would not load the changed .*unknown directive "sever"$/,
  ],
  [
    'proxy-config-not-loaded',
    'does not include the file',
    "traffic_whole() { echo 'http { }'; }",
    /^nginx does not include .*site\.conf, which is as it was again$/,
  ],
  [
    'proxy-not-reloaded',
    'does not take a reload',
    "traffic_reload() { echo 'invalid PID number'; return 1; }",
    /^nginx could not be reloaded, so .*site\.conf is as it was again: .*invalid PID number/,
  ],
  [
    'root-needed',
    'is reloaded by root only',
    'traffic_reload() { return 77; }',
    /^nginx can be reloaded by root only, and deploy may not use sudo/,
  ],
])('%s: where the proxy %s, the file is as it was before', async (code, _, otherwise, message) => {
  const site = prepared();
  const failure = await refused(site, 'install', otherwise);
  expect(failure).toMatchObject({ kind: 'refused', code, message: expect.stringMatching(message) });
  expect(readFileSync(site.config, 'utf8')).toBe(OLD);
  expect(site.host.read('.deploy/proxy.json')).toBe('');
});

test.each([
  ['answers with an error before', "ask() { echo '502 0 -'; }", /answers 502 already, so nobody could tell/],
  [
    'does not answer as before without our parts',
    `ask() { if cmp -s "$config_file" "$files/site"; then echo '500 0 -'; else echo '200 0 green'; fi; }`,
    /does not answer as before \(status 500 instead of 200, colour -\): .* has them again$/,
  ],
])('site-unwell: a site that %s keeps its parts', async (_, otherwise, message) => {
  const site = prepared();
  const failure = await refused(site, 'uninstall', otherwise);
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'site-unwell',
    message: expect.stringMatching(message),
  });
  expect(readFileSync(site.config, 'utf8')).toBe(OLD);
});

test('a folder that Traefik does not read is told of before anything else is changed, and keeps no share', async () => {
  const site = prepared();
  const failure = await refused(site, 'install', "ask() { echo '404 0 -'; }", 'traefik');
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'watched-folder-unread',
    message: expect.stringMatching(/does not take up what is put into .*watched \(status 404 from/),
  });
  expect(readFileSync(site.config, 'utf8')).toBe(OLD);
  expect(existsSync(path.join(site.host.home, 'watched/deploy-actions-shop.yml'))).toBe(false);
});

test('a managed proxy that does not stay up is told with its last words', async () => {
  const { host } = prepared();
  const run = await startRun(
    host.session(),
    host.operation({
      body: `${partsText(MANAGED)}\n${WORLD}`,
      parameters: {
        project: 'shop',
        folder: path.join(host.home, 'flags'),
        docker_host: '',
        image: 'caddy:2',
        ports: '80',
        certificate: '',
        key: '',
        networks: 'zz_shop_blue zz_shop_green',
        login: 'deploy',
        login_group: 'deploy',
      },
      files: [{ name: 'Caddyfile', content: ':80 {\n}\n' }],
    }),
    watching(),
  );
  expect(failureOf(await run.result)).toMatchObject({
    kind: 'unhealthy',
    code: 'proxy-unhealthy',
    message: expect.stringMatching(/^shop-proxy does not stay up: .*no such directive/),
  });
});
