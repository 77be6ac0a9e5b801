import { expect, test } from '@jest/globals';
import { one } from '../testing/stack.ts';
import type { ComposeModel } from '../model.ts';
import { splitStackColors } from './colors.ts';
import { toStack } from './stack.ts';

/** A shop whose api needs a database that both colours share. */
const shop = (api: Partial<ComposeModel['services'][string]> = {}, rest: Partial<ComposeModel> = {}) =>
  one(
    {},
    {
      networks: { default: { name: 'shop_default' }, back: { name: 'shop_back', internal: true } },
      ...rest,
      services: {
        api: {
          image: 'api:v1',
          restart: 'always',
          networks: { back: { aliases: ['backend'] } },
          depends_on: { db: { condition: 'service_healthy' } },
          ...api,
        },
        db: { image: 'postgres:17', restart: 'always', networks: { back: null } },
        ...rest.services,
      },
    },
  );
const split = (model: ComposeModel, services = ['web', 'api']) =>
  splitStackColors(model, { color: 'green', services, liveOnly: [] });

test('no service of a colour has its own name on a network of both colours; among themselves they have it', () => {
  const { color } = split(shop());
  expect(color.name).toBe('shop-green');
  expect(Object.keys(color.services)).toEqual(['web-green', 'api-green']);
  const { release, refusals } = toStack(color, { path: '/srv/shop', oneShot: [], files: new Map() });
  expect(refusals).toEqual([]);
  const stack = JSON.parse(release.json) as Record<string, Record<string, Record<string, unknown>>>;
  expect(stack['services']!['api-green']!['networks']).toEqual({
    back: null,
    'shop-green_back': { aliases: ['api', 'backend'] },
  });
  expect(stack['networks']).toMatchObject({
    back: { name: 'shop_back', external: true },
    'shop-green_back': { name: 'shop-green_back', driver: 'overlay', internal: true, attachable: true },
  });
  // Networks of a container are asked in the order of their names.
  expect('shop-green_back' < 'shop_back').toBe(true);
});

test('what is shared is a stack of the base project, and the networks of both are made before', () => {
  const { shared, networks, color } = split(shop());
  expect(shared).toMatchObject({ name: 'shop', services: { db: {} } });
  expect(Object.keys(shared!.services)).toEqual(['db']);
  expect(networks).toEqual([
    { name: 'shop_back', words: ['--driver', 'overlay', '--internal'] },
    { name: 'shop_default', words: ['--driver', 'overlay'] },
  ]);
  expect(color.services['api-green']!.depends_on).toEqual({});
});

test('a colour has the data of the base project, and knows its colour', () => {
  const volumes = [{ type: 'volume', source: 'media', target: '/media' }];
  const { color } = split(shop({ volumes }, { volumes: { media: null } }));
  expect(color.volumes).toEqual({ media: { name: 'shop_media' } });
  expect(color.services['api-green']!.environment).toMatchObject({ DEPLOY_COLOR: 'green' });
});

test('a port is left to the proxies, with the address that they reach the colour by', () => {
  const { color, notes } = split(shop({ ports: [{ target: 80, published: '8080' }] }));
  expect(color.services['api-green']).not.toHaveProperty('ports');
  expect(notes.join('\n')).toContain('the proxies reach it as api-green:80');
});

test('the alias by which a plain stack is found as blue is none of a colour', () => {
  const { color } = split(shop({ networks: { back: { aliases: ['api-blue', 'backend'] } } }));
  expect(color.services['api-green']!.networks!['shop-green_back']).toEqual({ aliases: ['api', 'backend'] });
});

test.each([
  [
    'a shared service that needs one of a colour',
    shop(
      {},
      { services: { door: { image: 'door:v1', depends_on: { web: { condition: 'service_started' } } } } },
    ),
    'door needs web',
  ],
  ['a port that is not of TCP', shop({ ports: [{ target: 53, protocol: 'udp' }] }), 'api publishes 53 (udp)'],
  ['a link by another name', shop({ links: ['db:database'] }), 'api links db as database'],
  [
    'a name that a service of the colour would have',
    shop({}, { services: { 'web-green': { image: 'web:v1' } } }),
    'web-green is a service of the compose file',
  ],
])('%s is refused by its name', (_, model, said) => {
  expect(() => split(model)).toThrow(said);
});
