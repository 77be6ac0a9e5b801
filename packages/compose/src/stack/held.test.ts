import { expect, test } from '@jest/globals';
import { one, translated } from '../testing/stack.ts';
import { stackFiles } from './files.ts';
import { type ServiceSpec, differences } from './held.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = `registry.test/web@${digest}`;
const NETWORKS = new Map([['n1', 'shop_default']]);

/** A service as Docker 26 shows what `docker stack deploy` of a file that says no more than an image has made. */
const held = (container: object = {}, template: object = {}, more: object = {}): ServiceSpec => ({
  Name: 'shop_web',
  Labels: { 'com.docker.stack.image': 'registry.test/web:v1', 'com.docker.stack.namespace': 'shop' },
  TaskTemplate: {
    ContainerSpec: {
      Image: `registry.test/web:v1@${digest}`,
      Labels: { 'com.docker.stack.namespace': 'shop' },
      Privileges: { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false },
      StopGracePeriod: 10_000_000_000,
      DNSConfig: {},
      Isolation: 'default',
      ...container,
    },
    Resources: {},
    RestartPolicy: { Condition: 'any', Delay: 5_000_000_000, MaxAttempts: 0 },
    Placement: { Platforms: [{ Architecture: 'amd64', OS: 'linux' }] },
    Networks: [{ Target: 'n1', Aliases: ['web'] }],
    ForceUpdate: 0,
    Runtime: 'container',
    ...template,
  },
  Mode: { Replicated: { Replicas: 1 } },
  UpdateConfig: { Parallelism: 1, FailureAction: 'pause', Order: 'stop-first' },
  EndpointSpec: { Mode: 'dnsrr' },
  ...more,
});

/** What differs between that and a service of a compose file with these keys. */
function differ(keys: object, spec: ServiceSpec = held(), rest: object = {}): string[] {
  const { release, refusals } = translated(one({ image, ...keys }, rest));
  expect(refusals).toEqual([]);
  const [file] = stackFiles(release);
  return differences(file!.json, 'web', spec, NETWORKS);
}

test('a service that the file makes as it runs does not differ, whatever says how it is updated', () => {
  expect(differ({})).toEqual([]);
  expect(differ({ deploy: { update_config: { parallelism: 3, delay: '5s' } } })).toEqual([]);
});

test('what the file and the engine say in other words is the same', () => {
  const keys = {
    command: ['run', '$$HOME'],
    environment: { A: '1', B: 'x=y', C: null },
    labels: { own: 'yes' },
    healthcheck: { test: ['CMD', 'check'], interval: '1m30s', timeout: '500ms', retries: 3 },
    stop_grace_period: '20s',
    extra_hosts: ['db=10.0.0.5'],
    cap_add: ['NET_ADMIN'],
    sysctls: { 'net.core.somaxconn': '128' },
    ulimits: { nofile: { soft: 1024, hard: 2048 } },
    networks: { default: { aliases: ['site'] } },
    ports: [{ target: 80, published: '8080', mode: 'host', protocol: 'tcp' }],
    volumes: [{ type: 'bind', source: '/srv/shop/files/abc/site', target: '/etc/site', read_only: true }],
    deploy: {
      replicas: 3,
      labels: { route: 'web' },
      resources: { limits: { cpus: 0.5, memory: '67108864' } },
      placement: { constraints: ['node.role == worker'], preferences: [{ spread: 'node.labels.zone' }] },
    },
  };
  const spec = held(
    {
      Args: ['run', '$HOME'],
      Env: ['C', 'B=x=y', 'A=1'],
      Labels: { 'com.docker.stack.namespace': 'shop', own: 'yes' },
      Healthcheck: { Test: ['CMD', 'check'], Interval: 90_000_000_000, Timeout: 500_000_000, Retries: 3 },
      StopGracePeriod: 20_000_000_000,
      Hosts: ['10.0.0.5 db'],
      CapabilityAdd: ['CAP_NET_ADMIN'],
      Sysctls: { 'net.core.somaxconn': '128' },
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }],
      Mounts: [{ Type: 'bind', Source: '/srv/shop/files/abc/site', Target: '/etc/site', ReadOnly: true }],
    },
    {
      Networks: [{ Target: 'n1', Aliases: ['site', 'web'] }],
      Resources: { Limits: { NanoCPUs: 500_000_000, MemoryBytes: 67_108_864 } },
      Placement: {
        Constraints: ['node.role==worker'],
        Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }],
      },
    },
    {
      Labels: { 'com.docker.stack.namespace': 'shop', route: 'web' },
      Mode: { Replicated: { Replicas: 3 } },
      EndpointSpec: {
        Mode: 'dnsrr',
        Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'host' }],
      },
    },
  );
  expect(differ(keys, spec)).toEqual([]);
});

test.each<[what: string, container: object, template: object, more: object, keys: string[]]>([
  ['another image', { Image: `registry.test/web:v1@sha256:${'b'.repeat(64)}` }, {}, {}, ['image']],
  ['an image without a digest', { Image: 'registry.test/web:v1' }, {}, {}, ['image']],
  ['a variable', { Env: ['A=1'] }, {}, {}, ['environment']],
  ['a label that is empty', { Labels: { own: '' } }, {}, {}, ['labels']],
  [
    'a secret',
    { Secrets: [{ SecretID: 's1', SecretName: 'shop_token', File: { Name: 'token' } }] },
    {},
    {},
    ['secrets'],
  ],
  [
    'a config',
    { Configs: [{ ConfigID: 'c1', ConfigName: 'shop_site', File: { Name: '/site' } }] },
    {},
    {},
    ['configs'],
  ],
  ['a network', {}, { Networks: [{ Target: 'n2' }] }, {}, ['networks']],
  ['one more network', {}, { Networks: [{ Target: 'n1' }, { Target: 'n2' }] }, {}, ['networks']],
  ['a virtual address', {}, {}, { EndpointSpec: { Mode: 'vip' } }, ['deploy.endpoint_mode']],
  ['that nothing says', {}, {}, { EndpointSpec: undefined }, ['deploy.endpoint_mode']],
  ['another number', {}, {}, { Mode: { Replicated: { Replicas: 2 } } }, ['deploy.replicas']],
  ['none of them', {}, {}, { Mode: { Replicated: { Replicas: 0 } } }, ['deploy.replicas']],
  ['one on each node', {}, {}, { Mode: { Global: {} } }, ['deploy.mode', 'deploy.replicas']],
  ['a profile that is not the usual one', { Privileges: { NoNewPrivileges: true } }, {}, {}, ['privileges']],
  ['a key that nobody knows here', { OomScoreAdj: 5 }, {}, {}, ['OomScoreAdj']],
])('a service that has %s differs by that', (_, container, template, more, keys) => {
  expect(differ({}, held(container, template, more))).toEqual(keys);
});

test('an external secret with the same name is the same, and one of ours is not', () => {
  const grant = [
    { SecretID: 's1', SecretName: 'token', File: { Name: 'token', UID: '0', GID: '0', Mode: 0o444 } },
  ];
  const keys = { secrets: [{ source: 'token', target: 'token' }] };
  expect(
    differ(keys, held({ Secrets: grant }), { secrets: { token: { name: 'token', external: true } } }),
  ).toEqual([]);
  expect(
    differ(keys, held({ Secrets: grant }), { secrets: { token: { name: 'other', external: true } } }),
  ).toEqual(['secrets']);
});
