import { describe, expect, test } from '@jest/globals';
import { type ComposeModel, parseModel } from '../model.ts';
import { STACK_KEYS, type Section, rowOf } from './keys.ts';
import type { Rows } from './row.ts';
import { toStack } from './stack.ts';

/** Keys that `docker stack deploy` of Docker 26.1 refuses, each tried alone. */
const REFUSED_BY_DOCKER: readonly [Section, string][] = [
  ['', 'name'],
  ['', 'include'],
  ['services.*', 'depends_on'],
  ['services.*.ports.*', 'published'],
  ['services.*.ports.*', 'host_ip'],
  ['services.*', 'cpus'],
  ['services.*', 'mem_limit'],
  ['services.*', 'scale'],
  ['services.*.deploy.resources.limits', 'cpus'],
  ['services.*.deploy.resources.reservations', 'devices'],
  ['services.*', 'profiles'],
  ['services.*', 'pull_policy'],
  ['services.*', 'platform'],
  ['services.*', 'entrypoint'],
  ['services.*.networks.*', 'priority'],
  ['secrets.*', 'environment'],
  ['configs.*', 'content'],
  ['services.*', 'develop'],
  ['services.*', 'group_add'],
  ['services.*', 'oom_score_adj'],
  ['services.*', 'extends'],
  ['services.*', 'env_file'],
  ['services.*', 'annotations'],
  ['services.*', 'cpu_shares'],
];

/** docker/cli, cli/compose/types/types.go, UnsupportedProperties: left out with a line on its standard error. */
const IGNORED_BY_DOCKER = [
  'build',
  'cgroupns_mode',
  'cgroup_parent',
  'devices',
  'domainname',
  'external_links',
  'ipc',
  'links',
  'mac_address',
  'network_mode',
  'pid',
  'privileged',
  'restart',
  'security_opt',
  'shm_size',
  'userns_mode',
];

test.each(REFUSED_BY_DOCKER)('what Docker refuses has a verdict: %s %s', (section, key) => {
  expect(rowOf(section, key)?.verdict).toMatch(/^(?:mapped|harmless|refused)$/);
});

test.each(IGNORED_BY_DOCKER)(
  'what Docker leaves out has a verdict, and none stands in a stack: %s',
  (key) => {
    expect(rowOf('services.*', key)?.verdict).toMatch(/^(?:mapped|harmless|refused)$/);
  },
);

/** A value of a key that is neither empty nor usual. */
function valueOf(section: string, key: string): unknown {
  const lists =
    /^(?:security_opt|devices|external_links|group_add|dns_opt|device_cgroup_rules|post_start|pre_stop|volumes_from|link_local_ips)$/;
  if (section === 'services.*.volumes.*.tmpfs') return 0o700;
  if (key === 'volumes_from') return ['api'];
  if (key === 'pid' || key === 'ipc' || key === 'uts') return 'host';
  if (key === 'enable_ipv4') return false;
  return lists.test(key)
    ? ['something']
    : key === 'privileged' || key === 'oom_kill_disable' || key === 'enable_ipv6' || key === 'restart'
      ? true
      : 'something';
}

/** Values of keys that are mapped: each must make a difference. */
const MAPPED: Partial<Record<Section, Record<string, unknown>>> = {
  '': {
    name: 'other',
    networks: { default: { name: 'other' } },
    volumes: { data: { name: 'other' } },
    configs: {},
    secrets: {},
    services: { one: { image: 'one:v1' } },
  },
  'services.*': {
    command: ['run'],
    configs: [],
    cpus: 0.5,
    depends_on: { api: { condition: 'service_healthy' } },
    deploy: { replicas: 3 },
    entrypoint: ['run'],
    environment: { A: 'b' },
    extra_hosts: ['db=10.0.0.5'],
    healthcheck: { test: ['CMD', 'true'] },
    links: ['api:other'],
    logging: { driver: 'local' },
    mem_limit: '1048576',
    mem_reservation: '1048576',
    networks: { other: null },
    pids_limit: 5,
    platform: 'linux/arm64',
    ports: [{ target: 80, published: '80' }],
    restart: 'on-failure',
    scale: 3,
    secrets: [],
    shm_size: '1048576',
    tmpfs: ['/run'],
    volumes: [],
  },
  'services.*.depends_on.*': { condition: 'service_completed_successfully', restart: true },
  'services.*.deploy': {
    endpoint_mode: 'vip',
    mode: 'global',
    placement: { max_replicas_per_node: 1 },
    replicas: 3,
    resources: { limits: { pids: 5 } },
    restart_policy: { condition: 'none' },
    update_config: { parallelism: 2 },
  },
  'services.*.deploy.placement': { constraints: ['node.role == worker'] },
  'services.*.deploy.resources': { limits: { pids: 5 }, reservations: { memory: '1048576' } },
  'services.*.deploy.resources.limits': { cpus: 0.5, memory: '1048576', pids: 5 },
  'services.*.deploy.resources.reservations': { cpus: '0.5', memory: '1048576' },
  'services.*.deploy.update_config': { failure_action: 'rollback', order: 'start-first' },
  'services.*.healthcheck': { disable: true },
  'services.*.ports.*': { host_ip: '127.0.0.1', mode: 'host', published: '8080' },
  'services.*.volumes.*': {
    bind: { selinux: 'z' },
    source: 'other',
    tmpfs: { mode: 0o700 },
    type: 'bind',
    volume: { nocopy: true },
  },
  'services.*.volumes.*.tmpfs': { size: 'half' },
  'services.*.configs.*': { mode: '0440', source: 'other' },
  'services.*.secrets.*': { mode: '0440', source: 'other' },
  'configs.*': { content: 'y', external: true, file: '/c', name: 'other' },
  'secrets.*': { content: 'y', external: true, file: '/s', name: 'other' },
  'networks.*': {
    driver: 'macvlan',
    driver_opts: { encrypted: '' },
    ipam: { config: [{ subnet: '10.9.0.0/24' }] },
  },
  'networks.*.ipam': { config: [{ subnet: '10.9.0.0/24' }] },
};

/** A file in which a map of that section holds these keys, and its path. */
function fileWith(section: Section, keys: Record<string, unknown>): { model: ComposeModel; path: string } {
  const file: Record<string, unknown> = {
    name: 'shop',
    networks: { default: { name: 'shop_default' } },
    services: {
      api: { image: 'api:v1' },
      web: {
        image: 'web:v1',
        networks: { default: null },
        configs: [{ source: 'c' }],
        secrets: [{ source: 's' }],
        volumes: section.startsWith('services.*.volumes.*')
          ? []
          : [{ type: 'volume', source: 'data', target: '/data' }],
      },
    },
    configs: { c: { content: 'x' } },
    secrets: { s: { content: 'x' } },
    volumes: { data: { name: 'shop_data' } },
  };
  const places: Partial<Record<Section, string>> = {
    'services.*.depends_on.*': 'services.web.depends_on.api',
    'services.*.networks.*': 'services.web.networks.default',
    'services.*.ports.*': 'services.web.ports.0',
    'services.*.volumes.*': 'services.web.volumes.0',
    'services.*.volumes.*.bind': 'services.web.volumes.0.bind',
    'services.*.volumes.*.tmpfs': 'services.web.volumes.0.tmpfs',
    'services.*.volumes.*.volume': 'services.web.volumes.0.volume',
    'services.*.configs.*': 'services.web.configs.0',
    'services.*.secrets.*': 'services.web.secrets.0',
    'networks.*': 'networks.default',
    'networks.*.ipam': 'networks.default.ipam',
    'networks.*.ipam.config.*': 'networks.default.ipam.config.0',
    'configs.*': 'configs.c',
    'secrets.*': 'secrets.s',
  };
  const path =
    places[section] ?? section.replace('services.*', 'services.web').replace('volumes.*', 'volumes.data');
  const kind = section.endsWith('.bind') ? 'bind' : section.endsWith('.tmpfs') ? 'tmpfs' : 'volume';
  const entry = { type: kind, source: 'data', target: '/x' };
  let at = file;
  const words = path === '' ? [] : path.split('.');
  words.forEach((word, index) => {
    const next = words[index + 1];
    at = (at[word] ??= next === '0' ? [] : word === '0' ? entry : {}) as Record<string, unknown>;
  });
  Object.assign(at, keys);
  return { model: parseModel(JSON.stringify(file)), path };
}

const options = { path: '/srv/shop', oneShot: [], files: new Map() };

describe.each(Object.entries(STACK_KEYS) as [Section, Rows][])('%s', (section, rows) => {
  const refusals = Object.entries(rows).filter(([, row]) => row.verdict === 'refused');
  if (refusals.length > 0) {
    test.each(refusals)('%s is refused with why and what to do', (key, row) => {
      const value = valueOf(section, key);
      const { model, path } = fileWith(section, { [key]: value });
      const found = toStack(model, options).refusals.filter(
        (one) => one.key === (path === '' ? key : `${path}.${key}`),
      );
      expect(found).toHaveLength(1);
      expect(found[0]!.why).toBe(row.why);
      expect(found[0]!.remedy).toMatch(/^[A-Z].*[^.]$/s);
    });
  }

  const told = (keys: Record<string, unknown>) => {
    const { release, refusals } = toStack(fileWith(section, keys).model, options);
    return JSON.stringify([release, refusals]);
  };
  const of = (verdict: string) => Object.keys(rows).filter((key) => rows[key]!.verdict === verdict);

  test('what is mapped or stands as it is makes a difference', () => {
    const silent = [...of('mapped'), ...of('same')].filter((key) => {
      const value = rows[key]!.verdict === 'same' ? 'something' : MAPPED[section]?.[key];
      // Compose takes one of both.
      const only = key === 'file' ? { content: undefined } : {};
      return value === undefined || told({ [key]: value, ...only }) === told({});
    });
    expect(silent).toEqual([]);
  });

  test('what is harmless makes none', () => {
    expect(of('harmless').filter((key) => told({ [key]: 'something' }) !== told({}))).toEqual([]);
  });

  test('a key that nobody knows is refused', () => {
    const { model, path } = fileWith(section, { 'brand-new': 'x' });
    expect(toStack(model, options).refusals.map(({ key }) => key)).toContain(
      [path, 'brand-new'].filter((one) => one !== '').join('.'),
    );
  });

  test('each key says why, where it does not stand as it is', () => {
    for (const row of Object.values(rows)) {
      if (row.verdict === 'same') expect(row.why).toBe('');
      else expect(row.why).toMatch(/^[^A-Z].*[^.]$/s);
    }
  });
});
