import { expect, test } from '@jest/globals';
import type { Service } from '../model.ts';
import type { StackOptions } from './stack.ts';
import { one, pinned, translated } from '../testing/stack.ts';

test.each<[string, unknown]>([
  ['always', { condition: 'any' }],
  ['unless-stopped', { condition: 'any' }],
  ['on-failure', { condition: 'on-failure' }],
  ['on-failure:3', { condition: 'on-failure', max_attempts: 3 }],
])('restart: %s becomes a restart policy', (restart, policy) => {
  expect(translated(one({ restart })).web['deploy']).toMatchObject({ restart_policy: policy });
});

test('restart: no is refused unless the service runs to its end; without restart it is told that Swarm replaces it', () => {
  expect(translated(one({ restart: 'no' })).keys).toEqual(['services.web.restart']);
  const listed = translated(one({}, { services: { job: { image: 'web:v1', restart: 'no' } } }), {
    oneShot: ['job'],
  });
  expect(listed.refusals).toEqual([]);
  expect(listed.release.once!.services).toEqual({ job: { image: 'web:v1', restart: 'no' } });
  const { web, release } = translated(one({ restart: undefined }));
  expect(web['deploy']).toMatchObject({ restart_policy: { condition: 'any' } });
  expect(release.notes).toContainEqual(expect.stringMatching(/^web: no restart is said, so Swarm replaces/));
});

test('deploy.restart_policy counts more than restart, and that is told', () => {
  const { web, release } = translated(
    one({ restart: 'always', deploy: { restart_policy: { condition: 'none' } } }),
  );
  expect(web['deploy']).toMatchObject({ restart_policy: { condition: 'none' } });
  expect(release.notes).toEqual(['web goes by deploy.restart_policy, not by restart: always']);
});

test('limits, replicas and a platform become what deploy says', () => {
  const { web, refusals } = translated(
    one({
      cpus: 0.5,
      mem_limit: '536870912',
      mem_reservation: '1048576',
      pids_limit: 100,
      scale: 3,
      platform: 'linux/amd64',
    }),
  );
  expect(refusals).toEqual([]);
  expect(web['deploy']).toMatchObject({
    replicas: 3,
    placement: { constraints: ['node.platform.arch == x86_64'] },
    resources: {
      limits: { cpus: '0.5', memory: '536870912', pids: 100 },
      reservations: { memory: '1048576' },
    },
  });
  const third = translated(one({ deploy: { resources: { limits: { cpus: 1 / 3 } } }, pids_limit: -1 }));
  expect(third.web['deploy']).toMatchObject({ resources: { limits: { cpus: '0.333333333' } } });
});

test('start-first where two may run at once: a health check, no port of the node, no data of one node, no database', () => {
  const healthcheck = { test: ['CMD', 'true'] };
  const orderOf = (keys: Partial<Service>, options: Partial<StackOptions> = {}) =>
    translated(one(keys, { volumes: { data: { name: 'shop_data' } } }), options).release.services[0]!.order;
  expect(orderOf({ healthcheck })).toBe('start-first');
  expect(orderOf({}, { healthchecked: new Set(['web']) })).toBe('start-first');
  expect(orderOf({})).toBe('stop-first');
  expect(orderOf({ healthcheck: { test: ['NONE'] } })).toBe('stop-first');
  expect(orderOf({ healthcheck: { disable: true } }, { healthchecked: new Set(['web']) })).toBe('stop-first');
  expect(orderOf({ healthcheck, image: 'postgres:17' })).toBe('stop-first');
  expect(orderOf({ healthcheck, ports: [{ mode: 'host', target: 80, published: '80' }] })).toBe('stop-first');
  const volumes = [{ type: 'volume', source: 'data', target: '/data' }];
  expect(orderOf({ healthcheck, volumes, deploy: pinned })).toBe('stop-first');
  expect(orderOf({ deploy: { update_config: { order: 'start-first' } } })).toBe('start-first');
  expect(orderOf({ healthcheck, deploy: { update_config: { order: 'stop-first' } } })).toBe('stop-first');
});

test('start-first with a port of the node is refused: Swarm would wait for ever', () => {
  const ports = [{ mode: 'host', target: 80, published: '80' }];
  const { refusals } = translated(one({ ports, deploy: { update_config: { order: 'start-first' } } }));
  expect(refusals).toMatchObject([
    {
      key: 'services.web.deploy.update_config.order',
      remedy: 'Say stop-first, or mode: ingress for the port',
    },
  ]);
  expect(translated(one({ ports, scale: 4 }), { nodes: 3 }).keys).toEqual(['services.web.deploy.replicas']);
  expect(translated(one({ ports, scale: 3 }), { nodes: 3 }).keys).toEqual([]);
});

test('Swarm rolls nothing back: the deployment does, whole', () => {
  const { web, release } = translated(
    one({ deploy: { update_config: { failure_action: 'rollback', parallelism: 2, delay: '10s' } } }),
  );
  expect(web['deploy']).toMatchObject({
    update_config: { failure_action: 'pause', parallelism: 2, delay: '10s' },
  });
  expect(release.notes).toEqual([expect.stringContaining('failure_action is pause, not rollback')]);
});

test('another number of tasks, or another way to replace them, makes no other task; labels of the service do', () => {
  const hashOf = (deploy: Service['deploy']) => translated(one({ deploy })).release.services[0]!.hash;
  const plain = hashOf({});
  expect(hashOf({ replicas: 3, update_config: { parallelism: 2 } })).toBe(plain);
  expect(hashOf({ labels: { a: 'b' } })).not.toBe(plain);
  expect(hashOf(pinned)).not.toBe(plain);
});

test('jobs of Swarm, a count of what is on each node and a name that Swarm does not take are refused', () => {
  expect(translated(one({ deploy: { mode: 'replicated-job' } })).keys).toEqual(['services.web.deploy.mode']);
  expect(translated(one({ deploy: { mode: 'global' }, scale: 2 })).keys).toEqual([
    'services.web.deploy.replicas',
  ]);
  expect(
    translated(one({ deploy: { endpoint_mode: 'dnsrr' }, ports: [{ target: 80, published: '80' }] })).keys,
  ).toEqual(['services.web.deploy.endpoint_mode']);
  expect(translated(one({}, { services: { 'a.b': { image: 'x' } } })).keys).toEqual(['services.a.b']);
  expect(translated(one({ image: undefined })).keys).toEqual(['services.web.image']);
});
