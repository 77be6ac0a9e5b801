import { expect, test } from '@jest/globals';
import { parseLook } from './look.ts';
import { preparedSite } from './prepared-site.ts';
import { siteOf } from './testing/site.ts';

const RECORD = { ...siteOf(), url: 'https://shop.example.org/', connect: '[::1]:8443' };

test('what install has written is read as it was, but for what only install needs', () => {
  const read = preparedSite(JSON.parse(JSON.stringify(RECORD)) as Record<string, unknown>);
  expect(read).toEqual({ ...RECORD, canaryLogInside: '' });
  expect(preparedSite(undefined)).toBeUndefined();
});

test('a record from before weights were noted knows all of them', () => {
  const { canary: _canary, ...old } = RECORD;
  expect(preparedSite(old as unknown as Record<string, unknown>)?.canary).toBe(true);
});

test.each([
  ['kind', 'x; reboot'],
  ['folder', '/var/lib/$(id)'],
  ['container', 'a b'],
  ['token', '0123'],
  ['url', 'file:///etc/passwd'],
  ['connect', '127.0.0.1'],
  ['configFile', '/etc/a\nb'],
  ['canaryLog', '/etc/passwd'],
  ['header', 'X\r\nSet-Cookie'],
  ['sticky', 'a=b'],
  ['routes', []],
  ['routes', [{ ...RECORD.routes[0], blue: ['127.0.0.1:80;'] }]],
  ['routes', [null]],
])(
  'a server that says %s is %j is not believed, and a new installation is not kept from anybody',
  (name, value) => {
    const record = { ...RECORD, [name]: value } as unknown as Record<string, unknown>;
    expect(() => preparedSite(record)).toThrow(
      `\`${name}\` in .deploy/proxy.json is not what install writes there`,
    );
    const { proxy, proxyFault } = parseLook({ proxy: JSON.stringify(record) });
    expect(proxy).toBeUndefined();
    expect(proxyFault?.remedy).toContain('install: true');
  },
);
