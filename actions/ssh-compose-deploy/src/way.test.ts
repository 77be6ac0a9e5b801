import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(240_000);

const hostWith = hostsForEach(afterEach);

interface Given {
  ports?: string;
  name?: string;
  address?: string;
  needs?: string;
}

const service = (name: string, { ports, name: own, address, needs }: Given = {}) => `
  ${name}:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    ${ports ? `ports: [{ target: 80, published: '${ports}' }]` : ''}
    ${own ? `container_name: ${own}` : ''}
    ${address ? `networks: { default: { ipv4_address: ${address} } }` : ''}
    ${needs ? `depends_on: { ${needs}: { condition: service_healthy, required: true } }` : ''}`;
const file = (...services: string[]) => `name: shop\nservices:${services.join('')}\n`;

/** What the file says first, and then; and the names of the containers that are up at the end. */
const CASES: [string, string, string, string[]][] = [
  [
    'a renamed service that keeps its port',
    file(service('web', { ports: '8080' })),
    file(service('site', { ports: '8080' })),
    ['/shop-site-1'],
  ],
  [
    'a renamed service that keeps its container_name',
    file(service('web', { name: 'shop-web' })),
    file(service('site', { name: 'shop-web' })),
    ['/shop-web'],
  ],
  [
    'a renamed service that keeps both',
    file(service('web', { ports: '8080', name: 'shop-web' })),
    file(service('site', { ports: '8080', name: 'shop-web' })),
    ['/shop-web'],
  ],
  [
    'a renamed service that keeps its address',
    file(service('web', { address: '10.1.0.7' })),
    file(service('site', { address: '10.1.0.7' })),
    ['/shop-site-1'],
  ],
  [
    'a port that moves from the proxy to the app that it needs',
    file(service('app'), service('proxy', { ports: '8080', needs: 'app' })),
    file(service('app', { ports: '8080' }), service('proxy', { needs: 'app' })),
    ['/shop-app-1', '/shop-proxy-1'],
  ],
  [
    'two services that change their ports with each other',
    file(service('one', { ports: '8080' }), service('two', { ports: '8081' })),
    file(service('one', { ports: '8081' }), service('two', { ports: '8080' })),
    ['/shop-one-1', '/shop-two-1'],
  ],
  [
    'a container_name that moves to the service that is needed',
    file(service('app'), service('proxy', { name: 'door', needs: 'app' })),
    file(service('app', { name: 'door' }), service('proxy', { needs: 'app' })),
    ['/door', '/shop-proxy-1'],
  ],
];

test.each(CASES)('%s is deployed', async (_, before, after, names) => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(before);
  well(await deploy('v1'));
  compose(after);
  well(await deploy('v2'));
  const up = servers.web1.docker.containers().filter(({ State }) => State.Running);
  expect(up.map(({ Name }) => Name).sort()).toEqual(names);
  expect(servers.web1.docker.containers()).toHaveLength(names.length);
});

test.each(CASES)(
  '%s comes back to where it was when it does not become healthy',
  async (_, before, after) => {
    const { servers, deploy, compose } = deployRig(['web1'], hostWith);
    const { docker } = servers.web1;
    const standing = () =>
      docker
        .containers()
        .map(({ Name, State, HostConfig, Config }) => [
          Name,
          State.Running,
          HostConfig.PortBindings,
          Config.Image,
        ])
        .sort();
    compose(before);
    well(await deploy('v1'));
    const stood = standing();
    docker.script({ images: { 'registry.test/shop/api:v2': { health: 'unhealthy' } } });
    compose(after);
    const { failure } = await deploy('v2');
    expect(failure?.message).toContain('was restored and is healthy');
    expect(standing()).toEqual(stood);
  },
);

test('what holds the port and is to stay is left alone: without remove-orphans the engine’s word is told', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(CASES[0]![1]);
  well(await deploy('v1'));
  compose(CASES[0]![2]);
  const { failure } = await deploy('v2', { 'remove-orphans': 'false' });
  expect(failure?.message).toContain('port is already allocated');
  expect(servers.web1.docker.running('shop')).toEqual(['web registry.test/shop/api:v1']);
});
