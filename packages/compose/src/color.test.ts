import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Color, type ColorPort, formatPorts, parsePorts } from '@deploy-actions/ledger';
import fc from 'fast-check';
import { changingServices, splitColors } from './color.ts';
import { colorUrls, portAllocator } from './color-ports.ts';
import { type ComposeModel, type Port, parseModel } from './model.ts';

const range = { first: 18000, last: 18009 };
const port: Port = { target: 80, published: '8080', protocol: 'tcp' };

function model(): ComposeModel {
  const resolved = parseModel(readFileSync(join(__dirname, 'fixtures/resolved.json'), 'utf8'));
  const { web } = resolved.services;
  web!.ports = [port];
  web!.deploy = { replicas: 2 };
  web!.container_name = 'web';
  web!.networks = { default: { aliases: ['site'] } };
  resolved.services['worker'] = {
    ...web!,
    ports: undefined,
    container_name: undefined,
    depends_on: { web: { condition: 'service_started' } },
  };
  return resolved;
}

/** The ports of one colour. */
const portsOf = (
  color: Color,
  recorded: readonly ColorPort[],
  taken: ReadonlySet<number>,
  within: { first: number; last: number },
  plainRuns: boolean,
) => {
  const allocate = portAllocator({ recorded, taken, range: within, plainRuns });
  return (service: string, one: Port, replicas: number) => allocate(color, service, one, replicas);
};

const split = (services: string[], liveOnly: string[] = [], from = model()) =>
  splitColors(
    from,
    { color: 'green', services, liveOnly },
    portAllocator({ recorded: [], taken: new Set(), range, plainRuns: false }),
  );

test('a colour holds what changes, the base project what is shared', () => {
  const { color, shared } = split(['web', 'worker']);
  expect(color.name).toBe('shop-green');
  expect(Object.keys(color.services)).toEqual(['web', 'worker']);
  expect(shared.name).toBe('shop');
  expect(Object.keys(shared.services)).toEqual(['db', 'init']);
});

test('a colour is on its own network alone, under a name that only it has', () => {
  const { color } = split(['web', 'worker']);
  expect(color.networks).toEqual({ zz_shop_green: { name: 'zz_shop_green', external: true } });
  expect(color.services['web']!.networks).toEqual({ zz_shop_green: { aliases: ['web-green', 'site'] } });
});

test('a colour has the volumes that the stack had', () => {
  const { color, volumes } = split(['web']);
  expect(color.volumes).toEqual({ media: { name: 'shop_media', external: true } });
  expect(volumes).toEqual([{ name: 'shop_media', key: 'media', driver: '', options: {} }]);
});

test('what is shared is waited for by the program, so dependencies on it are dropped; fixed names too', () => {
  const { web, worker } = split(['web', 'worker']).color.services;
  expect(web!.depends_on).toEqual({});
  expect(worker!.depends_on).toEqual({ web: { condition: 'service_started' } });
  expect(web!.links).toBeUndefined();
  expect(web!.container_name).toBeUndefined();
  expect(web!.environment).toMatchObject({ DEPLOY_COLOR: 'green' });
});

test('each replica has a loopback port of its own', () => {
  const { color, ports } = split(['web']);
  expect(color.services['web']!.ports).toEqual([
    { mode: 'ingress', host_ip: '127.0.0.1', target: 80, published: '18000-18001', protocol: 'tcp' },
  ]);
  expect(ports.map((one) => one.port)).toEqual([18000, 18001]);
  expect(colorUrls(ports)).toEqual({ web: 'http://127.0.0.1:18000' });
});

test('what cannot be there twice is refused by name', () => {
  const hostNetwork = model();
  hostNetwork.services['web']!.network_mode = 'host';
  expect(() => split(['web'], [], hostNetwork)).toThrow('web has network_mode: host');
  const udp = model();
  udp.services['web']!.ports = [{ ...port, protocol: 'udp' }];
  expect(() => split(['web'], [], udp)).toThrow('web publishes 8080 (udp)');
  expect(() => split(['web'], [], udp)).toThrow('no proxy here chooses between colours for udp');
  const sctp = model();
  sctp.services['web']!.ports = [{ ...port, protocol: 'sctp' }];
  expect(() => split(['web'], [], sctp)).toThrow('chooses between colours for sctp');
  expect(() => split(['web'], ['worker'])).toThrow('worker is not among the services that change');
  expect(() => split(['nope'])).toThrow('nope is not a service');
  expect(() => split([])).toThrow('nothing says which services change');
});

test('what is only ever up in one colour keeps the port that it publishes, also UDP', () => {
  const fixed: Port[] = [
    { target: 9000, published: '9000', protocol: 'tcp' },
    { target: 514, published: '514', protocol: 'udp' },
  ];
  const from = model();
  from.services['worker']!.ports = fixed;
  const { color, ports } = split(['web', 'worker'], ['worker'], from);
  expect(color.services['worker']!.ports).toEqual(fixed);
  expect(ports.map((one) => one.service)).toEqual(['web', 'web']);
});

test.each([
  ['to two ports', [port, { ...port, published: '8081' }]],
  [
    'on the loopback of both families',
    [
      { ...port, host_ip: '127.0.0.1' },
      { ...port, host_ip: '::1' },
    ],
  ],
])(
  'a port of a container that is published %s is one address to a proxy, at each deployment',
  (_, published) => {
    const from = model();
    from.services['web']!.ports = published;
    from.services['web']!.deploy = {};
    const first = split(['web'], [], from);
    expect(first.ports.map((one) => one.port)).toEqual([18000]);
    const again = splitColors(
      from,
      { color: 'green', services: ['web'], liveOnly: [] },
      portAllocator({ recorded: first.allocated, taken: new Set([18000]), range, plainRuns: false }),
      first.allocated,
    );
    expect(again.ports).toEqual(first.ports);
    expect(again.color).toEqual(first.color);
  },
);

test('what a proxy would find at Docker by itself is refused, since traffic would come before the switch', () => {
  const labelled = (labels: Record<string, string>) => {
    const one = model();
    one.services['web']!.labels = labels;
    return () => split(['web'], [], one);
  };
  const router = { 'traefik.http.routers.web.rule': 'Host(`shop.example.org`)' };
  expect(labelled({ 'traefik.enable': 'true', ...router })).toThrow(
    'web has the label traefik.http.routers.web.rule: Traefik would send traffic to a colour as soon as it runs',
  );
  expect(labelled({ 'traefik.enable': 'true' })).toThrow('web has the label traefik.enable');
  expect(labelled({ caddy_0: 'shop.example.org' })).toThrow('caddy-docker-proxy would send');
  expect(labelled({ 'traefik.enable': 'false', ...router, 'caddy-notes': 'x' })).not.toThrow();
  const enabled = { 'traefik.enable': 'true', ...router };
  expect(labelled(enabled)).toThrow(
    expect.objectContaining({
      remedy: expect.stringContaining('Or name web in `live-only-services`'),
      details: expect.stringContaining('      rule: "Host(`shop.example.org`)"\n      service: web\n'),
    }),
  );
  const nginx = model();
  nginx.services['web']!.environment = { VIRTUAL_HOST: 'shop.example.org' };
  expect(() => split(['web'], [], nginx)).toThrow(
    'web has VIRTUAL_HOST in its environment: nginx-proxy would',
  );
});

test('a service that runs only where the traffic is may be found there by a proxy', () => {
  const one = model();
  const labels = { 'traefik.enable': 'true', 'traefik.tcp.routers.mqtt.rule': 'HostSNI(`*`)' };
  one.services['worker']!.labels = labels;
  expect(split(['web', 'worker'], ['worker'], one).color.services['worker']!.labels).toMatchObject(labels);
  expect(() => split(['web', 'worker'], [], one)).toThrow(
    'worker has the label traefik.tcp.routers.mqtt.rule',
  );
});

test('what changes are the services that images name, and those of the same repository', () => {
  expect(changingServices(model(), new Map([['web', 'registry.test/shop/web:v2']]))).toEqual([
    'web',
    'worker',
  ]);
});

test('blue has the address that the plain stack had; the others come from the range', () => {
  const blue = portsOf('blue', [], new Set([8080]), range, true);
  expect(blue('web', port, 1)).toEqual([8080]);
  const taken = portsOf('blue', [], new Set([8080]), range, false);
  expect(taken('web', port, 1)).toEqual([18000]);
});

test('several replicas of blue cannot share the port of the plain stack, and fewer keep the first of theirs', () => {
  const blue = portsOf('blue', [], new Set([8080]), range, true);
  expect(blue('web', port, 2)).toEqual([18000, 18001]);
  const recorded = [18004, 18005].map((one, index): ColorPort => ({
    color: 'blue',
    service: 'web',
    target: 80,
    replica: index + 1,
    port: one,
  }));
  const fewer = portsOf('blue', recorded, new Set([8080]), range, true);
  expect(fewer('web', port, 1)).toEqual([18004]);
});

test('replicas by `scale` count like those by `deploy`', () => {
  const scaled = model();
  delete scaled.services['web']!.deploy;
  scaled.services['web']!.scale = 3;
  expect(split(['web'], [], scaled).color.services['web']!.ports).toMatchObject([
    { host_ip: '127.0.0.1', published: '18000-18002' },
  ]);
});

test('a recorded port never changes, and no two replicas ever share one', () => {
  const recorded: ColorPort[] = [{ color: 'green', service: 'web', target: 80, replica: 1, port: 18003 }];
  const allocate = portsOf('green', recorded, new Set([18000]), range, false);
  expect(allocate('web', port, 1)).toEqual([18003]);
  expect(allocate('api', port, 2)).toEqual([18001, 18002]);
  expect(allocate('x', port, 2)).toEqual([18004, 18005]);
  expect(() => allocate('web', port, 2)).toThrow('has 1 ports of green and now needs 2');
  expect(() => allocate('y', port, 5)).toThrow('no 5 free ports');
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
      fc.uniqueArray(fc.integer({ min: 20000, max: 20060 })),
      (replicas, busy) => {
        const one = portsOf('green', [], new Set(busy), { first: 20000, last: 20060 }, false);
        const all = replicas.flatMap((count, index) => {
          try {
            return one(`s${index}`, port, count);
          } catch {
            return [];
          }
        });
        expect(new Set(all).size).toBe(all.length);
        expect(all.some((each) => busy.includes(each))).toBe(false);
      },
    ),
  );
});

test.each([
  ['the plain stack holds its port, which is blue’s', true, 1, 'blue', [8080]],
  ['nothing runs and the port is free', false, 1, 'blue', [8080]],
  ['blue is first', false, 1, 'green', [18000]],
  ['there are several replicas', true, 2, 'blue', [18002, 18003]],
] as const)(
  'the first deployment to a colour sets the ports of the other one aside too: %s',
  (_, plainRuns, replicas, other, expected) => {
    const from = model();
    from.services['web']!.deploy = { replicas };
    const color = other === 'blue' ? 'green' : 'blue';
    const { ports, allocated } = splitColors(
      from,
      { color, services: ['web'], liveOnly: [] },
      portAllocator({ recorded: [], taken: new Set(), range, plainRuns }),
    );
    expect(ports.every((one) => one.color === color)).toBe(true);
    expect(allocated.filter((one) => one.color === other)).toEqual(
      expected.map((one, index) => ({
        color: other,
        service: 'web',
        target: 80,
        replica: index + 1,
        port: one,
      })),
    );
    expect(new Set(allocated.map((one) => one.port)).size).toBe(allocated.length);
    // The deployment to the other one finds its ports there, and those of this one stay as they are.
    const later = splitColors(
      from,
      { color: other, services: ['web'], liveOnly: [] },
      portAllocator({ recorded: allocated, taken: new Set(expected), range, plainRuns }),
      allocated,
    );
    expect(later.ports.map((one) => one.port)).toEqual(expected);
    expect(new Set(later.allocated)).toEqual(new Set(allocated));
  },
);

test('who tries again looks for ports elsewhere in the range, and goes round to its beginning', () => {
  const allocate = portAllocator({
    recorded: [],
    taken: new Set([18008]),
    range,
    start: 18007,
    plainRuns: false,
  });
  expect(allocate('green', 'web', port, 1)).toEqual([18007]);
  expect(allocate('green', 'api', port, 2)).toEqual([18000, 18001]);
  expect(allocate('green', 'more', port, 1)).toEqual([18009]);
});

test('ports are read back as they were written', () => {
  const { ports } = split(['web']);
  expect(parsePorts(formatPorts(ports))).toEqual(ports);
});
