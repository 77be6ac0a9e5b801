import { expect, test } from '@jest/globals';
import type { Service } from '../model.ts';
import { one, translated } from '../testing/stack.ts';

test('configs and secrets are objects whose names carry the hash of their content', () => {
  const { release, stack, web, refusals } = translated(
    one(
      {
        configs: [
          { source: 'conf', target: '/etc/app.conf', mode: '0440', uid: '1000' },
          { source: 'text' },
          { source: 'secret.token', target: '/run/secrets/token' },
        ],
        secrets: [{ source: 'key', mode: 288 }, { source: 'there' }],
      },
      {
        configs: {
          conf: { name: 'shop_conf', file: '/srv/shop/files/ab/app.conf' },
          text: { name: 'shop_text', content: 'price: 5$$\n' },
          'secret.token': { content: 'hush' },
          unused: { file: '/nowhere' },
        },
        secrets: {
          key: { name: 'shop_key', file: '/srv/shop/shared/key' },
          there: { name: 'there', external: true },
        },
      },
    ),
    {
      files: new Map([
        ['/srv/shop/files/ab/app.conf', { sha256: 'a'.repeat(64), bytes: 10 }],
        ['/srv/shop/shared/key', { sha256: 'b'.repeat(64), bytes: 10 }],
      ]),
    },
  );
  expect(refusals).toEqual([]);
  expect(release.objects).toMatchObject([
    {
      kind: 'config',
      key: 'conf',
      name: 'shop_conf_aaaaaaaaaaaa',
      source: { file: '/srv/shop/files/ab/app.conf' },
    },
    {
      kind: 'secret',
      key: 'secret.token',
      name: expect.stringMatching(/^shop_secret\.token_[0-9a-f]{12}$/),
      source: { content: 'hush' },
    },
    {
      kind: 'config',
      key: 'text',
      name: expect.stringMatching(/^shop_text_[0-9a-f]{12}$/),
      source: { content: 'price: 5$\n' },
    },
    { kind: 'secret', key: 'key', name: 'shop_key_bbbbbbbbbbbb', external: false },
    { kind: 'secret', key: 'there', name: 'there', external: true },
  ]);
  expect(web['configs']).toEqual([
    { source: 'conf', target: '/etc/app.conf', mode: 0o440, uid: '1000' },
    { source: 'text' },
  ]);
  expect(web['secrets']).toEqual([
    { source: 'secret.token', target: '/run/secrets/token' },
    { source: 'key', mode: 288 },
    { source: 'there' },
  ]);
  expect(stack.secrets['key']).toEqual({ name: 'shop_key_bbbbbbbbbbbb', external: true });
  expect(release.json).not.toContain('hush');
});

test('content that is not there, or too large for Swarm, is refused', () => {
  const model = one({ secrets: [{ source: 'key' }] }, { secrets: { key: { file: '/srv/key' } } });
  expect(translated(model).refusals).toMatchObject([
    { of: 'the secret key', key: 'secrets.key', why: 'is read from /srv/key, which is not there' },
  ]);
  const files = new Map([['/srv/key', { sha256: 'c'.repeat(64), bytes: 512_001 }]]);
  expect(translated(model, { files }).refusals).toMatchObject([
    { why: 'has 512001 bytes, and Swarm takes 512000' },
  ]);
});

test('a name that is too long for Swarm is cut, and still is another one for other content', () => {
  const named = (content: string) =>
    translated(
      one({ configs: [{ source: 'c' }] }, { configs: { c: { name: `shop_${'c'.repeat(80)}`, content } } }),
    ).release.objects[0]!.name;
  expect(named('1')).toHaveLength(64);
  expect(named('1')).not.toBe(named('2'));
});

test('new content of a config is another service to the no-op; another order of keys is the same', () => {
  const hashOf = (content: string, keys: Partial<Service> = {}) =>
    translated(one({ configs: [{ source: 'c' }], ...keys }, { configs: { c: { content } } })).release
      .services[0]!.hash;
  expect(hashOf('1')).not.toBe(hashOf('2'));
  expect(hashOf('1', { user: '1', tty: true })).toBe(hashOf('1', { tty: true, user: '1' }));
});
