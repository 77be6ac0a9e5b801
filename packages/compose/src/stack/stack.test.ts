import { expect, test } from '@jest/globals';
import { one, pinned, translated } from '../testing/stack.ts';
import { stackFailure } from './finding.ts';

test('services come in the order of depends_on, and what others wait for to end runs as a plain container on the same networks', () => {
  const model = one(
    {
      depends_on: {
        db: { condition: 'service_healthy', required: true },
        init: { condition: 'service_completed_successfully', required: true },
      },
      networks: { default: null, back: null },
    },
    {
      networks: { default: { name: 'shop_default' }, back: { name: 'shop_back', internal: true } },
      services: {
        db: { image: 'postgres:17', networks: { back: null }, restart: 'always' },
        init: {
          image: 'web:v1',
          networks: { back: null },
          security_opt: ['no-new-privileges'],
          depends_on: { db: { condition: 'service_healthy' } },
        },
      },
    },
  );
  const { release, stack, keys } = translated(model);
  expect(keys).toEqual([]);
  expect(release.services.map(({ name, step, gate }) => [name, step, gate])).toEqual([
    ['db', 0, true],
    ['web', 2, false],
  ]);
  expect(Object.keys(stack.services)).toEqual(['db', 'web']);
  expect(release.once).toMatchObject({
    services: { init: { image: 'web:v1', security_opt: ['no-new-privileges'] } },
    networks: { back: { name: 'shop_back', external: true } },
  });
  expect(release.once!.services['init']).not.toHaveProperty('depends_on');
  expect(release.networks).toEqual([
    { key: 'back', name: 'shop_back', external: false, internal: true },
    { key: 'default', name: 'shop_default', external: false, internal: false },
  ]);
});

test('a one-shot cannot share a volume or a container with a service that is on another node', () => {
  const volumes = [{ type: 'volume', source: 'static', target: '/static' }];
  const { refusals } = translated(
    one(
      { volumes, deploy: pinned },
      {
        volumes: { static: { name: 'shop_static' } },
        services: { collect: { image: 'web:v1', volumes, network_mode: 'service:web' } },
      },
    ),
    { oneShot: ['collect'] },
  );
  expect(refusals).toMatchObject([
    {
      of: 'collect',
      key: 'services.collect',
      why: 'is in the container of web, which may be on another node',
    },
    { of: 'collect', key: 'services.collect.volumes' },
  ]);
});

test('what a proxy finds at the engine is told: labels of containers are of one node', () => {
  const { release } = translated(one({ labels: { 'traefik.enable': 'true' } }));
  expect(release.notes).toEqual([expect.stringContaining('Traefik looks at deploy.labels of the service')]);
});

test('a stack file is read as YAML: characters that end a line there are written as escapes', () => {
  const { release } = translated(one({ environment: { A: 'one\u2028two\u0085three\u007f😀' } }));
  expect(release.json).toContain('one\\u2028two\\u0085three\\u007f😀');
});

test('all that cannot be is told at once, with what to do, and nothing of a value that may be secret', () => {
  const { refusals } = translated(one({ privileged: true, container_name: 'web', restart: 'no' }));
  const failure = stackFailure(refusals)!;
  expect(failure).toMatchObject({ kind: 'input', code: 'not-for-swarm', input: 'compose-file' });
  expect(failure.message).toBe(
    'web: services.web.privileged is left out by `docker stack deploy`, with a line on its standard error alone, so it cannot be deployed to a swarm as it is. Nothing was changed',
  );
  expect(failure.remedy).toContain('cap_add');
  expect(failure.details).toContain('services.web.container_name');
  expect(failure.details).toContain('services.web.restart (no) would be `any`');
  expect(stackFailure([])).toBeUndefined();
});
