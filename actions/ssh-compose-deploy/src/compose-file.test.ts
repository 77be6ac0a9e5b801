import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { deployRig } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

const withPolicy = (policy: string) => `
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    pull_policy: ${policy}
    healthcheck: { test: [CMD, check] }
  db:
    image: registry.test/db:1
    healthcheck: { test: [CMD, check] }
`;

test('an image that is never pulled is taken from the server, and asked for where it is not there', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  const { docker } = servers.web1;
  expect((await deploy('v1')).failure).toBeUndefined();
  compose(withPolicy('never'));
  const before = docker.calls().length;
  expect((await deploy('v1', { pull: 'always' })).failure).toBeUndefined();
  const pulls = docker
    .calls()
    .slice(before)
    .filter((call) => call.startsWith('pull'));
  expect(pulls).toEqual(['pull --quiet registry.test/db:1']);
  expect((await deploy('v2')).failure).toMatchObject({
    code: 'images-missing',
    message: expect.stringContaining('registry.test/shop/api:v2'),
    remedy: expect.stringContaining('pull_policy: never'),
  });
});

test("a registry login keeps the user's context, and images of other registries his own logins and helpers", async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  const { host } = servers.web1;
  mkdirSync(path.join(host.home, '.docker/contexts/meta'), { recursive: true });
  writeFileSync(
    path.join(host.home, '.docker/config.json'),
    JSON.stringify({ credHelpers: { 'registry.test': 'pass' }, currentContext: 'rootless' }, null, '\t'),
  );
  const original = path.join(host.home, 'bin/docker-real');
  renameSync(path.join(host.home, 'bin/docker'), original);
  host.tool(
    'docker',
    `if [ "$1" = pull ]; then echo "$3 $(tr -d '\n\t ' <"\${DOCKER_CONFIG:-$HOME/.docker}/config.json") $(ls "\${DOCKER_CONFIG:-$HOME/.docker}")" >>"$HOME/configs"; fi
    exec '${original}' "$@"`,
  );
  const login = { 'registry-username': 'u', 'registry-password': 'secret-word' };
  expect((await deploy('v1', { registry: 'registry.test', ...login })).failure).toBeUndefined();
  expect((await deploy('v2', { registry: 'ghcr.io', ...login })).failure).toBeUndefined();
  const configs = readFileSync(path.join(host.home, 'configs'), 'utf8');
  expect(configs).toMatch(
    /^registry\.test\/shop\/api:v1 \{"currentContext":"rootless","auths":\{"registry\.test":\{"auth":"[^"]+"\}\}\} config\.json\ncontexts$/m,
  );
  expect(configs).toMatch(
    /^registry\.test\/shop\/api:v2 \{"credHelpers":\{"registry\.test":"pass"\},"currentContext":"rootless"\}/m,
  );
});

test.each(['no', 'on-failure', 'unless-stopped'])(
  'a service with `restart: %s` that ends with 0 and for which nobody waits is refused, and the refusal names one-shot',
  async (restart) => {
    const { servers, deploy, compose } = deployRig(['web1'], hostWith);
    compose(`
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
  migrate:
    image: registry.test/db:1
    restart: '${restart}'
`);
    servers.web1.docker.script({ images: { 'registry.test/db:1': { exits: 0 } } });
    expect((await deploy('v1')).failure).toMatchObject({
      code: 'release-unhealthy',
      message: expect.stringContaining('migrate exited with 0'),
      remedy: expect.stringContaining('one-shot: migrate'),
    });
    expect((await deploy('v1', { 'one-shot': 'migrate' })).failure).toBeUndefined();
  },
);
