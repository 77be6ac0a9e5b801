import { expect, test } from '@jest/globals';
import { trafficRecord } from '@deploy-actions/ledger/testing';
import { chooseProxy, colorNetworksOf, deriveRoutes, movedAddresses } from './derive.ts';
import { parseLook } from './look.ts';
import type { Site } from './site.ts';
import { siteOf } from './testing/site.ts';

const WELL = { id: 'a'.repeat(64), status: 'running', health: 'none' };

/** Two replicas of each colour, with the ports as Docker happened to hand them out. */
function look(blue: readonly number[], recorded: string) {
  const container = (color: string, number: number, port: number) =>
    JSON.stringify({
      id: `${color === 'blue' ? 'b' : 'e'}${number}`.repeat(32),
      name: `/shop-${color}-web-${number}`,
      project: `shop-${color}`,
      service: 'web',
      number: String(number),
      status: 'running',
      health: 'healthy',
      ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
    });
  return parseLook({
    containers: [
      ...blue.map((port, index) => container('blue', index + 1, port)),
      container('green', 1, 18003),
      container('green', 2, 18002),
    ].join('\n'),
    traffic: recorded,
  });
}

const recorded = (blue: string[]) =>
  JSON.stringify(
    trafficRecord('blue', {
      routes: [
        { name: 'web', service: 'web', port: 80, blue, green: ['127.0.0.1:18002', '127.0.0.1:18003'] },
      ],
    }),
  );

test('replicas have the ports of their colour, in whichever order Docker hands them out', () => {
  const seen = look([18001, 18000], recorded(['127.0.0.1:18000', '127.0.0.1:18001']));
  const routes = deriveRoutes(seen, 'shop', [], false);
  expect(routes).toMatchObject([
    {
      name: 'web',
      blue: ['127.0.0.1:18000', '127.0.0.1:18001'],
      green: ['127.0.0.1:18002', '127.0.0.1:18003'],
    },
  ]);
  expect(movedAddresses({ routes } as unknown as Site, seen)).toBeUndefined();
  const reversed = look([18000, 18001], recorded(['127.0.0.1:18001', '127.0.0.1:18000']));
  expect(movedAddresses({ routes } as unknown as Site, reversed)).toBeUndefined();
});

test.each([
  ['taken out, and does not run', '', 'haproxy'],
  ['still prepared', JSON.stringify(siteOf()), 'no nginx runs on the server'],
  ['prepared by a record that cannot be read', '{}', 'no nginx runs on the server'],
])('without a name the proxy that was used before counts: %s', (_, proxy, expected) => {
  const seen = parseLook({
    proxies: `container haproxy ${'c'.repeat(64)} edge\n`,
    traffic: JSON.stringify(trafficRecord('blue', { proxy: 'nginx' })),
    proxy,
  });
  const chosen = () => chooseProxy(seen, 'auto');
  if (proxy === '') expect(chosen().kind).toBe(expected);
  else expect(chosen).toThrow(expected);
});

test('another port than the proxy was prepared for is named', () => {
  const seen = look([18000, 18009], recorded(['127.0.0.1:18000', '127.0.0.1:18001']));
  const routes = deriveRoutes(seen, 'shop', [], false);
  expect(movedAddresses({ routes } as unknown as Site, seen)).toContain(
    'web of blue is at 127.0.0.1:18000, 127.0.0.1:18009, but the proxy was prepared for 127.0.0.1:18000, 127.0.0.1:18001',
  );
});

test.each([
  ['nothing of either colour', [], [['zz_shop_blue'], ['zz_shop_green']]],
  [
    'one colour on a network of the file',
    [['green', 'zz_shop_green.front', 'zz_shop_live.999999.front']],
    [['zz_shop_blue.front'], ['zz_shop_green.front']],
  ],
  [
    'both colours, one recorded when there was one network',
    [
      ['blue', 'zz_shop_blue'],
      ['green', 'zz_shop_green.front', 'zz_shop_green'],
    ],
    [
      ['zz_shop_blue', 'zz_shop_blue.front'],
      ['zz_shop_green', 'zz_shop_green.front'],
    ],
  ],
])(
  'where a proxy in a container reaches the colours is seen by what is deployed: %s',
  (_, colors, expected) => {
    const seen = parseLook({
      containers: colors
        .map(([color, ...networks]) =>
          JSON.stringify({
            ...WELL,
            project: `shop-${color}`,
            service: 'web',
            networks: Object.fromEntries(networks.map((network) => [network, {}])),
          }),
        )
        .join('\n'),
    });
    expect(colorNetworksOf(seen, 'shop', [{ name: 'web', service: 'web', port: 80 }])).toEqual(expected);
  },
);

test('a colour that was not deployed yet is where its ports are set aside, in the order of its replicas', () => {
  const seen = parseLook({
    containers: JSON.stringify({
      ...WELL,
      project: 'shop-green',
      service: 'web',
      ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '18000' }] },
    }),
    ports:
      'blue web 80 2 18004\nblue web 80 1 18003\nblue api 80 1 18005\nblue web 81 1 18006\ngreen web 80 1 18000\n',
  });
  const [route] = deriveRoutes(seen, 'shop', [{ name: 'web', service: 'web', port: 80 }], false);
  expect(route).toMatchObject({ blue: ['127.0.0.1:18003', '127.0.0.1:18004'], green: ['127.0.0.1:18000'] });
});
