import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { COMPOSE, deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(180_000);

const hostWith = hostsForEach(afterEach);

function rig() {
  const { servers, ...more } = deployRig(['web1'], hostWith);
  return { ...servers.web1, ...more };
}

/** As the stack was started: the same compose file, and an env file beside it. */
const files = (env = '', compose = COMPOSE) => ({ 'compose.yaml': compose, '.env': `TAG=v1\n${env}` });
const ADOPT = { adopt: 'true', env: 'TAG=v1' };

/** The names of the containers of a stack, with their ids. */
const idsOf = ({ docker }: ReturnType<typeof rig>) =>
  Object.fromEntries(docker.containers().map(({ Name, ID }) => [Name, ID]));

test('a stack that is as the release wants it goes on running, and its env file comes along', async () => {
  const here = rig();
  const folder = await here.byHand('old/shop', files('EXTRA=1\n'));
  const before = idsOf(here);
  const done = await here.deploy('v1', ADOPT);
  well(done);
  expect(idsOf(here)).toEqual(before);
  expect(done.outputs).toMatchObject({ changed: false });
  expect(readFileSync(path.join(here.host.path, 'shared/.env'), 'utf8')).toContain('EXTRA=1');
  // What a person does there would bring the old version back.
  expect(done.log).toContain(
    `\`docker compose up\` in ${folder} would bring the old version back: rename its compose file, mv ${folder}/compose.yaml ${folder}/compose.yaml.adopted`,
  );
});

test('the name of the project comes from the resolved configuration: `name: ${PROJ:-shopx}`', async () => {
  const here = rig();
  const compose = COMPOSE.replace('name: shop', 'name: ${PROJ:-shopx}');
  here.compose(compose);
  await here.byHand('old/shop', files('', compose));
  const before = idsOf(here);
  expect(Object.keys(before)).toContain('/shopx-api-1');
  well(await here.deploy('v1', ADOPT));
  expect(idsOf(here)).toEqual(before);
  expect(existsSync(path.join(here.host.path, 'releases/adopted'))).toBe(true);
});

test('the name comes from COMPOSE_PROJECT_NAME in the `.env` of the stack that runs where it is deployed to', async () => {
  const here = rig();
  const env = 'COMPOSE_PROJECT_NAME=fromenv\n';
  await here.byHand(here.host.path, files(env));
  const before = idsOf(here);
  expect(Object.keys(before)).toContain('/fromenv-api-1');
  well(await here.deploy('v1', ADOPT));
  expect(idsOf(here)).toEqual(before);
  expect(existsSync(path.join(here.host.path, 'releases/adopted'))).toBe(true);
});

test('a stack whose name stands in an env file that is elsewhere is found by its services, and refused by name', async () => {
  const here = rig();
  const compose = COMPOSE.replace('name: shop', 'name: ${PROJ:-shopx}');
  here.compose(compose);
  const folder = await here.byHand('old/shop', files('PROJ=mine\n', compose));
  const { failure } = await here.deploy('v1', ADOPT);
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'stack-under-other-name',
    message: expect.stringMatching(
      new RegExp(
        `no container of the project shopx .* the stack mine, started in ${folder}, has (db|api), (db|api) of`,
      ),
    ),
    remedy: expect.stringContaining('`project: mine`'),
  });
  expect(existsSync(path.join(here.host.path, 'shared'))).toBe(false);
  well(await here.deploy('v1', { ...ADOPT, project: 'mine' }));
});

test('a folder that was renamed is refused before anything changes', async () => {
  const here = rig();
  const folder = await here.byHand('old/shop', files());
  renameSync(folder, `${folder}-moved`);
  expect((await here.deploy('v1', ADOPT)).failure).toMatchObject({
    kind: 'refused',
    code: 'stack-out-of-reach',
    message: expect.stringContaining(`was started in ${folder}, which is not there any more`),
    remedy: expect.stringContaining(`mkdir -p ${folder}`),
  });
  // An empty one is the user's word that nothing of it is needed.
  mkdirSync(folder);
  well(await here.deploy('v1', ADOPT));
});

test('a stack that somebody else started is not taken over unasked', async () => {
  const here = rig();
  await here.byHand('old/shop', files());
  expect((await here.deploy('v1')).failure).toMatchObject({
    kind: 'refused',
    code: 'foreign-containers',
    input: 'adopt',
  });
});

test('a stack out of two folders is refused with both', async () => {
  const here = rig();
  const first = await here.byHand('a/shop', files(), 'db');
  const second = await here.byHand('b/shop', files(), 'api');
  const { failure } = await here.deploy('v1', ADOPT);
  expect(failure!.message).toContain('was started from two folders');
  expect(failure!.message).toContain(first);
  expect(failure!.message).toContain(second);
});

test('where there is nothing to adopt, it is said', async () => {
  const here = rig();
  const done = await here.deploy('v1', ADOPT);
  well(done);
  expect(done.log).toContain(
    'adopt: there was nothing to adopt, no container of the project shop is on the server',
  );
});

test('a stack that was started with an override file is not halved', async () => {
  const here = rig();
  const folder = await here.byHand('old/shop', files());
  for (const container of here.docker.containers()) {
    container.Config.Labels['com.docker.compose.project.config_files'] =
      `${folder}/compose.yaml,${folder}/compose.override.yaml`;
    here.docker.put(container);
  }
  const { failure } = await here.deploy('v1', ADOPT);
  expect(failure).toMatchObject({
    code: 'stack-files-missing',
    message: expect.stringContaining(`what ${folder}/compose.override.yaml adds would be gone`),
  });
});

test('a config with content comes back as it was in the container, from the stack’s own configuration', async () => {
  const here = rig();
  const compose = `${COMPOSE.replace('image: registry.test/db:1', 'image: registry.test/db:1\n    ulimits: { nofile: 77 }\n    configs: [{ source: c, target: /c.conf }]')}configs: { c: { content: 'a $$5 day' } }\n`;
  await here.byHand('old/shop', files('', compose));
  // A version that changes the database and is not well.
  here.compose(COMPOSE);
  here.docker.script({ images: { 'registry.test/shop/api:v2': { health: 'unhealthy' } } });
  const { failure, outputs } = await here.deploy('v2', { ...ADOPT, env: 'TAG=v2' });
  expect(failure!.message).toContain('adopted was restored and is healthy');
  expect(outputs.outcome).toBe('restored');
  const database = here.docker.containers().find(({ Name }) => Name === '/shop-db-1')!;
  expect(database.Files).toEqual({ '/c.conf': 'a $5 day' });
  expect(here.host.read('releases/adopted/compose.json')).toContain('"nofile": 77');
});

test('what was unhealthy before and is not touched is not called a failed restore', async () => {
  const here = rig();
  await here.byHand('old/shop', files());
  const before = idsOf(here);
  const api = here.docker.containers().find(({ Name }) => Name === '/shop-api-1')!;
  here.docker.put({
    ...api,
    State: { ...api.State, Health: { Status: 'unhealthy', FailingStreak: 3, Log: [] } },
  });
  const { failure, outputs } = await here.deploy('v1', ADOPT);
  expect(failure!.message).toContain(
    'api is unhealthy, as it was before this deployment. No container was touched, and adopted goes on running as it did',
  );
  expect(outputs.outcome).toBe('nothing-changed');
  expect(idsOf(here)).toEqual(before);
});

test('what was unhealthy before and is so again after a restore is told as that', async () => {
  const here = rig();
  here.docker.script({
    images: {
      'registry.test/shop/api:v1': { health: 'unhealthy' },
      'registry.test/shop/api:v2': { health: 'unhealthy' },
    },
  });
  await here.byHand('old/shop', files());
  const { failure, outputs } = await here.deploy('v2', { ...ADOPT, env: 'TAG=v2' });
  expect(failure!.message).toContain(
    'adopted was restored; api is not well there, as it was before this deployment',
  );
  expect(failure!.remedy).not.toContain('may be down');
  expect(outputs.outcome).toBe('restored');
});

test('who works by hand in the old folder after the adoption is told of at the next deployment', async () => {
  const here = rig();
  const folder = await here.byHand('old/shop', files());
  well(await here.deploy('v2', { ...ADOPT, env: 'TAG=v2' }));
  await here.byHand('old/shop', files());
  expect(here.docker.running('shop')).toContain('api registry.test/shop/api:v1');
  const done = await here.deploy('v2', { env: 'TAG=v2' });
  well(done);
  expect(done.log).toContain(
    `shop-api-1 was started by other means since the last deployment (docker compose in ${folder}): it runs registry.test/shop/api:v1`,
  );
  expect(here.docker.running('shop')).toContain('api registry.test/shop/api:v2');
});
