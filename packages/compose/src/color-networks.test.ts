import { expect, test } from '@jest/globals';
import { formatNetworks, networksToMake } from './color-networks.ts';
import { portAllocator } from './color-ports.ts';
import { splitColors } from './color.ts';
import type { ComposeModel, Resource, Service } from './model.ts';

/** As Compose resolves it: a web server before an api, which alone may reach the database. */
function model(change: Partial<Record<'web' | 'api' | 'db', Service>> = {}): ComposeModel {
  return {
    name: 'shop',
    services: {
      web: { image: 'web:1', networks: { default: null, middle: null }, ...change.web },
      api: { image: 'api:1', networks: { middle: null, back: null }, ...change.api },
      db: { image: 'db:1', networks: { back: null }, ...change.db },
    },
    networks: {
      default: { name: 'shop_default' },
      middle: { name: 'shop_middle' },
      back: { name: 'shop_back', internal: true },
    },
  };
}

const split = (from: ComposeModel, services = ['web', 'api']) =>
  splitColors(
    from,
    { color: 'green', services, liveOnly: [] },
    portAllocator({
      recorded: [],
      taken: new Set(),
      range: { first: 18000, last: 18009 },
      plainRuns: false,
    }),
  );

const networksOf = (service: Service) => Object.keys(service.networks ?? {});

test('who meets in a colour is who meets in the file: the web server reaches the api and not the database', () => {
  const { color, networks } = split(model());
  expect(networksOf(color.services['web']!)).toEqual(['zz_shop_green', 'zz_shop_green.middle']);
  expect(networksOf(color.services['api']!)).toEqual(['zz_shop_green.middle', 'zz_shop_green.back']);
  expect(formatNetworks(networks)).toBe(
    [
      'back internal own api api',
      'back internal shared db db',
      'default open own web web',
      'middle open own web web',
      'middle open own api api',
      '',
    ].join('\n'),
  );
});

test('a network that leads to nowhere else leads to nowhere else in a colour, and keeps the options of its driver', () => {
  const from = model();
  from.networks!['back'] = {
    internal: true,
    driver: 'bridge',
    enable_ipv6: true,
    driver_opts: { 'com.docker.network.driver.mtu': '1400', 'com.docker.network.bridge.name': 'br-shop' },
  };
  const made = networksToMake('shop', split(from).networks);
  expect(made.map(({ name }) => name)).toEqual(
    ['blue', 'green'].flatMap((color) => [
      `zz_shop_${color}.back`,
      `zz_shop_${color}`,
      `zz_shop_${color}.middle`,
    ]),
  );
  expect(made[0]!.options).toEqual(['--internal', '--ipv6', '--opt', 'com.docker.network.driver.mtu=1400']);
  expect(made[1]!.options).toEqual([]);
});

test.each<[string, Resource]>([
  ['back', { driver: 'macvlan', driver_opts: { parent: 'eth0' } }],
  ['middle', { driver: 'ipvlan' }],
  ['default', { driver: 'overlay' }],
])('a network %s that cannot be there once more for each colour is refused by its driver', (key, network) => {
  const from = model();
  from.networks![key] = network;
  expect(() => split(from)).toThrow(`the network ${key} has the driver ${String(network['driver'])}`);
});

test('what only shared services are on needs no network in a colour', () => {
  const from = model({ db: { image: 'db:1', networks: { back: null, backup: { aliases: ['store'] } } } });
  from.networks!['backup'] = { driver: 'macvlan' };
  expect(formatNetworks(split(from).networks)).not.toContain('backup');
});

test('a shared service keeps its aliases, network by network, and the names by which links lead to it', () => {
  const from = model({
    api: {
      image: 'api:1',
      networks: { middle: { aliases: ['service'] }, back: null },
      links: ['db:database', 'db'],
    },
    db: { image: 'db:1', networks: { middle: null, back: { aliases: ['postgres'] } } },
  });
  const { color, networks } = split(from);
  const lines = formatNetworks(networks).split('\n');
  expect(lines).toContain('back internal shared db db postgres database');
  expect(lines).toContain('middle open shared db db database');
  expect(color.services['api']!.links).toBeUndefined();
  // Only where the file has it.
  expect(color.services['api']!.networks).toEqual({
    'zz_shop_green.middle': { aliases: ['api-green', 'service'] },
    'zz_shop_green.back': { aliases: ['api-green'] },
  });
});

test('what a shared service calls a service of a colour is told to the server, and links of both sides are no part of either file', () => {
  const from = model({ db: { image: 'db:1', networks: { back: null }, links: ['api:backend'] } });
  const { shared, networks } = split(from);
  expect(formatNetworks(networks)).toContain('back internal own api api backend');
  expect(shared.services['db']!.links).toBeUndefined();
});

test('a link by a name that another service has would lead to either, so it is refused', () => {
  const from = model({
    api: { image: 'api:1', networks: { back: null, middle: null }, links: ['db:web'] },
    db: { image: 'db:1', networks: { middle: null } },
  });
  expect(() => split(from)).toThrow('api links db as web, which is a name of web too on the network middle');
});

test.each([
  ['a service of a colour', 'api', 'api has not the address 10.1.0.7 in a colour'],
  ['a shared one', 'db', 'db has the address 10.1.0.7 only on back, and another one on zz_shop_green.back'],
] as const)('a static address of %s is given up, and that is said', (_, name, note) => {
  const from = model();
  from.services[name]!.networks!['back'] = { ipv4_address: '10.1.0.7', aliases: ['x'] };
  const { color, shared, notes } = split(from);
  expect(notes).toEqual([expect.stringContaining(note)]);
  expect(JSON.stringify(color)).not.toContain('10.1.0.7');
  expect(JSON.stringify(shared).includes('10.1.0.7')).toBe(name === 'db');
});

test('a network of others has one of its own in its place, and the note says where a proxy finds the service', () => {
  const from = model();
  from.services['web']!.networks = { proxy: null };
  from.networks!['proxy'] = { name: 'traefik', external: true };
  const { color, notes } = split(from);
  expect(networksOf(color.services['web']!)).toEqual(['zz_shop_green.proxy']);
  expect(notes).toEqual([expect.stringContaining('reach it as web-green on zz_shop_green.proxy')]);
});

test.each(['bridge', 'none', 'service:web'])(
  'a service with network_mode %s is on no network of its colour',
  (mode) => {
    const from = model();
    from.services['api'] = { image: 'api:1', network_mode: mode };
    expect(split(from).color.services['api']!.networks).toBeUndefined();
  },
);

test('what is shared cannot be in the container of a service of which there are two', () => {
  const from = model();
  from.services['db'] = { image: 'db:1', network_mode: 'service:api' };
  expect(() => split(from)).toThrow('db is in the container of api');
  from.services['db'] = { image: 'db:1', volumes_from: ['web:ro'] };
  expect(() => split(from)).toThrow('db is in the container of web');
});
