import { expect, test } from '@jest/globals';
import { trafficRecord } from '@deploy-actions/ledger/testing';
import { deriveRoutes, movedAddresses } from './derive.ts';
import { parseLook } from './look.ts';
import type { Site } from './site.ts';

/** Two replicas of each colour, with the ports as Docker happened to hand them out. */
function look(blue: readonly number[], recorded: string) {
  const container = (color: string, number: number, port: number) =>
    JSON.stringify({
      id: `${color}${number}`,
      name: `/shop-${color}-web-${number}`,
      labels: {
        'com.docker.compose.project': `shop-${color}`,
        'com.docker.compose.service': 'web',
        'com.docker.compose.container-number': String(number),
      },
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

test('another port than the proxy was prepared for is named', () => {
  const seen = look([18000, 18009], recorded(['127.0.0.1:18000', '127.0.0.1:18001']));
  const routes = deriveRoutes(seen, 'shop', [], false);
  expect(movedAddresses({ routes } as unknown as Site, seen)).toContain(
    'web of blue is at 127.0.0.1:18000, 127.0.0.1:18009, but the proxy was prepared for 127.0.0.1:18000, 127.0.0.1:18001',
  );
});
