import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Color, ColorPort } from '@deploy-actions/ledger';
import { splitColors } from './color.ts';
import { portAllocator } from './color-ports.ts';
import { parseModel } from './model.ts';
import { recolor } from './recolor.ts';
import { writeRelease } from './release.ts';

const range = { first: 18000, last: 18009 };

function split(color: Color, recorded: readonly ColorPort[] = []) {
  const model = parseModel(readFileSync(join(__dirname, 'fixtures/resolved.json'), 'utf8'));
  const { web } = model.services;
  web!.ports = [{ target: 80, published: '8080', protocol: 'tcp' }];
  web!.deploy = { replicas: 2 };
  model.services['worker'] = { ...web!, ports: undefined, depends_on: {} };
  return splitColors(
    model,
    { color, services: ['web', 'worker'], liveOnly: [] },
    portAllocator({ recorded, taken: new Set(), range, plainRuns: false }),
  );
}

test('a release of one colour becomes what a deploy to the other one would have made of it, to the hash', () => {
  const blue = split('blue');
  const green = split('green', blue.ports);
  const recorded = [...blue.ports, ...green.ports];
  // As it lies on the server: with the hash of the colour that it was deployed to.
  const written = parseModel(writeRelease(blue.color, []).json);
  const moved = recolor(written, 'shop', 'green', recorded);
  expect(writeRelease(moved, []).services).toEqual(writeRelease(green.color, []).services);
  expect(JSON.parse(writeRelease(moved, []).json)).toEqual(JSON.parse(writeRelease(green.color, []).json));
  expect(recolor(moved, 'shop', 'blue', recorded)).toMatchObject({ name: 'shop-blue' });
});

test('without ports of the other colour the proxy could not reach it, so that is refused', () => {
  const { color, ports } = split('blue');
  expect(() => recolor(color, 'shop', 'green', ports)).toThrow(
    'green has 0 of the 2 ports that web:80 needs',
  );
});
