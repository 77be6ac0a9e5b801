import fc from 'fast-check';

/** What people write under each key of a service, in Compose's own forms: short and long, of a list and of a map. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  annotations: [{ a: 'b' }],
  attach: [false],
  cap_add: [['NET_ADMIN'], ['ALL']],
  cap_drop: [['ALL']],
  cgroup: ['private', 'host'],
  command: ['run "a b" $$x', ['x', '{{y}}'], []],
  configs: [['c'], [{ source: 'c', target: '/x', gid: '2', mode: 292 }]],
  container_name: ['n'],
  cpu_shares: [10],
  cpus: [0.5, '1.25', 2],
  depends_on: [['other'], { other: { condition: 'service_healthy' } }],
  deploy: [
    { replicas: 2 },
    { mode: 'global' },
    {
      resources: {
        limits: { cpus: 0.3, memory: '64M', pids: 4 },
        reservations: { cpus: '0.1', memory: '1g' },
      },
    },
    { placement: { constraints: ['node.labels.a == b'], preferences: [{ spread: 'node.id' }] } },
    {
      update_config: {
        parallelism: 0,
        order: 'start-first',
        delay: '10s',
        monitor: '1m',
        max_failure_ratio: 0.5,
        failure_action: 'rollback',
      },
      rollback_config: { order: 'stop-first' },
    },
    { restart_policy: { condition: 'on-failure', delay: '5s', max_attempts: 3, window: '120s' } },
    { endpoint_mode: 'vip', labels: ['a=b'] },
    {
      resources: {
        reservations: { generic_resources: [{ discrete_resource_spec: { kind: 'gpu', value: 2 } }] },
      },
    },
  ],
  devices: [['/dev/x:/dev/x']],
  dns: ['9.9.9.9', ['1.1.1.1']],
  dns_search: ['x.org', ['a', 'b']],
  domainname: ['d.org'],
  entrypoint: [[], '/e -x', ['a']],
  environment: [{ A: 1, B: null, C: true, D: 'x$$y', E: '' }, ['A=b', 'C']],
  expose: [['80'], [90]],
  external_links: [['x']],
  extra_hosts: [['a:1.2.3.4', 'b=::1'], { c: '10.0.0.1' }],
  group_add: [['1']],
  healthcheck: [
    { test: 'curl x', interval: '1m30s', retries: 3 },
    { disable: true },
    { test: ['NONE'] },
    { test: ['CMD', 'a'], start_interval: '500ms', start_period: '1h' },
  ],
  hostname: ['h'],
  init: [true, false],
  ipc: ['private', 'host'],
  isolation: ['default'],
  labels: [{ a: 1, b: null, c: true }, ['x=y', 'z']],
  links: [['other'], ['other:alias']],
  logging: [
    { driver: 'none' },
    { options: { 'max-size': '1m' } },
    { driver: 'json-file', options: { a: 1 } },
  ],
  mac_address: ['02:42:ac:11:65:43'],
  mem_limit: ['512m', 1_000_000_000, '1g'],
  mem_reservation: ['64m'],
  memswap_limit: ['1g'],
  network_mode: ['host', 'bridge', 'none'],
  networks: [['default'], { default: { aliases: ['x', 'y'] }, back: {} }, { back: { priority: 5 } }],
  oom_kill_disable: [true],
  oom_score_adj: [5],
  pid: ['host'],
  pids_limit: [100, -1],
  platform: ['linux/amd64', 'linux/arm64/v8'],
  ports: [
    ['80'],
    ['8080:80/udp'],
    [{ target: 80, published: 8081, mode: 'host' }],
    ['127.0.0.1:1:1'],
    ['0.0.0.0:82:80', '82:80'],
    ['7000-7002:7000-7002'],
  ],
  privileged: [true, false],
  profiles: [[]],
  pull_policy: ['always'],
  read_only: [true],
  restart: ['always', 'no', 'on-failure:2', 'unless-stopped'],
  runtime: ['runc'],
  scale: [2, 0],
  secrets: [['s'], [{ source: 's', target: 't', uid: '1', mode: 0o400 }]],
  security_opt: [['no-new-privileges:true'], []],
  shm_size: ['64m', 1_000_000],
  stdin_open: [true],
  stop_grace_period: ['1m', '90s', '0s'],
  stop_signal: ['SIGINT'],
  storage_opt: [{ size: '1G' }],
  sysctls: [['a.b=1'], { 'net.x': 1 }],
  tmpfs: ['/run', ['/a', '/b:size=1m']],
  tty: [true],
  ulimits: [{ nofile: 5 }, { nproc: { soft: 1, hard: 2 }, core: -1 }],
  user: ['1:1', 'bob'],
  userns_mode: ['host'],
  volumes: [
    ['/a:/b:ro'],
    ['data:/d'],
    ['/var/run/docker.sock:/s'],
    [{ type: 'tmpfs', target: '/t', tmpfs: { size: 1000 } }],
    ['/anonymous'],
    [{ type: 'bind', source: '/q', target: '/q', read_only: true, bind: { propagation: 'rslave' } }],
    [{ type: 'volume', source: 'data', target: '/d', volume: { nocopy: true } }],
  ],
  working_dir: ['/w'],
  'x-own': [{ b: '$$c' }],
};

const NETWORKS = [
  {},
  { driver: 'bridge' },
  { internal: true, attachable: false },
  { ipam: { config: [{ subnet: '10.7.0.0/24' }] } },
  { labels: ['a=b'] },
];

const VOLUMES = [
  {},
  { driver_opts: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/y' } },
  { labels: { a: 'b' } },
];

/** Compose files with a service of about eight keys each, the same ones every time. */
export function filesOfKeys(count: number): object[] {
  const service = fc
    .subarray(Object.keys(VALUES), { minLength: 3, maxLength: 14 })
    .chain((keys) =>
      fc.record(Object.fromEntries(keys.map((key) => [key, fc.constantFrom(...VALUES[key]!)]))),
    );
  const file = fc
    .record({ service, back: fc.constantFrom(...NETWORKS), data: fc.constantFrom(...VOLUMES) })
    .map(({ service: keys, back, data }) => {
      const { networks, ...rest } = keys;
      return {
        name: 'keys',
        services: {
          web: { image: 'web:v1', ...rest, ...('network_mode' in keys ? {} : { networks }) },
          other: { image: 'other:v1' },
        },
        networks: { back },
        volumes: { data },
        configs: { c: { content: 'x$$y' } },
        secrets: { s: { file: '/etc/hostname' } },
      };
    });
  return fc.sample(file, { numRuns: count, seed: 26 });
}
