import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { followsInCaddy } from './follows.ts';

const SECOND = 1e9;
const DYNAMIC = {
  handler: 'reverse_proxy',
  dynamic_upstreams: { source: 'a', name: 'api', port: '8000', refresh: SECOND },
  load_balancing: { try_duration: 5 * SECOND },
};
const PLAIN = { handler: 'reverse_proxy', upstreams: [{ dial: 'api:8000' }] };
const without = (key: keyof typeof DYNAMIC) =>
  Object.fromEntries(Object.entries(DYNAMIC).filter(([name]) => name !== key));
const source = (more: object) => ({
  ...DYNAMIC,
  dynamic_upstreams: { ...DYNAMIC.dynamic_upstreams, ...more },
});

/** What `names_caddy` prints of these handlers. */
const caddy = (handlers: readonly object[], { version = 'v2.7.5 h1:x=', file = '', more = {} } = {}) =>
  [
    `version ${version}`,
    `adapted ${JSON.stringify({ apps: { http: { servers: { srv0: { listen: [':80'], routes: [{ handle: handlers }] } } } }, ...more })}`,
    'file /etc/caddy/Caddyfile',
    file,
  ].join('\n');

test.each([
  ['where the name leads is asked for each second', [DYNAMIC], {}, 2],
  ['for each ten', [source({ refresh: '10s' })], {}, 11],
  ['at Docker itself', [source({ resolver: { addresses: ['127.0.0.11:53'] } })], {}, 2],
  ['another service is asked', [{ ...PLAIN, upstreams: [{ dial: 'api-two:8000' }] }], {}, 0],
  [
    'a site and a path of that name',
    [{ handler: 'static_response', body: 'api:8000' }],
    { more: { match: [{ host: ['api'], path: ['/api/*'] }] } },
    0,
  ],
  [
    'a placeholder that a map gives another address',
    [
      {
        handler: 'map',
        destinations: ['{there}'],
        mappings: [{ input: 'blue', outputs: ['web-blue:80'] }],
        defaults: ['web-green:80'],
      },
      { ...PLAIN, upstreams: [{ dial: '{there}' }] },
    ],
    {},
    0,
  ],
])('Caddy follows a name: %s', (_title, handlers, more, keep) => {
  expect(followsInCaddy(caddy(handlers, more), ['api'])).toEqual({ keep });
});

test.each([
  ['a plain name', [PLAIN], {}, '`reverse_proxy api:8000` keeps connections by the name'],
  [
    'with another protocol before it',
    [{ ...PLAIN, upstreams: [{ dial: 'tcp/API:8000' }] }],
    {},
    'keeps connections by the name',
  ],
  ['a plain name beside `dynamic a`', [{ ...DYNAMIC, ...PLAIN }], {}, 'keeps connections by the name'],
  [
    'below a route of its own',
    [{ handler: 'subroute', routes: [{ handle: [PLAIN] }] }],
    {},
    'keeps connections by the name',
  ],
  [
    'a placeholder of its environment',
    [{ ...PLAIN, upstreams: [{ dial: '{env.API}:80' }] }],
    {},
    'known only when it is asked',
  ],
  [
    'a placeholder that a map gives the name',
    [
      {
        handler: 'map',
        destinations: ['{there}'],
        mappings: [{ input: 'x', outputs: ['web:80'] }],
        defaults: ['api:8000'],
      },
      { ...PLAIN, upstreams: [{ dial: '{there}' }] },
    ],
    {},
    'keeps connections by the name',
  ],
  [
    'addresses are kept for a minute',
    [source({ refresh: undefined })],
    {},
    'keeps the addresses of api for 60 s',
  ],
  ['another resolver', [source({ resolver: { addresses: ['1.1.1.1'] } })], {}, 'asks 1.1.1.1 for the name'],
  ['nothing is tried again', [without('load_balancing')], {}, 'no lb_try_duration of 1s or more'],
  [
    'too few tries',
    [{ ...DYNAMIC, load_balancing: { try_duration: 5 * SECOND, retries: 2 } }],
    {},
    'no lb_try_duration',
  ],
  ['an older Caddy', [DYNAMIC], { version: '2.6.2' }, 'it is Caddy 2.6.2, which does not try a POST again'],
  ['the one before', [DYNAMIC], { version: 'v2.7.4 h1:x=' }, 'it is Caddy 2.7.4'],
  ['one that nobody numbered', [DYNAMIC], { version: '(devel)' }, 'of an unknown version'],
  ['a beginning of a release', [DYNAMIC], { version: 'v2.7.5-beta.1' }, 'of an unknown version'],
  [
    'another kind of upstreams',
    [source({ source: 'srv', name: 'api' })],
    {},
    '`dynamic srv` finds its addresses in a way',
  ],
  [
    'a name of another plugin',
    [],
    { more: { apps: { layer4: { dial: ['api:8000'] } } } },
    'it names api:8000 elsewhere',
  ],
])('Caddy does not follow a name: %s', (_title, handlers, more, why) => {
  const follow = followsInCaddy(caddy(handlers, more), ['api']);
  expect(follow).toMatchObject({ why: expect.stringContaining(why) });
});

test('what Caddy goes by counts, not what stands on disk since', () => {
  const told = caddy([DYNAMIC]).replace('\nfile', `\nrunning ${JSON.stringify({ apps: [PLAIN] })}\nfile`);
  expect(followsInCaddy(told, ['api'])).toMatchObject({ why: expect.stringContaining('keeps connections') });
});

test('the line is named, and what to write', () => {
  const file = 'shop.example.org {\n\tencode gzip\n\treverse_proxy api:8000\n}\n';
  expect(followsInCaddy(caddy([PLAIN], { file }), ['api'])).toMatchObject({
    why: expect.stringContaining('`reverse_proxy api:8000` (line 3 of /etc/caddy/Caddyfile)'),
    lines: expect.stringContaining(
      'dynamic a {\n        name api\n        port PORT\n        refresh 1s\n    }\n    lb_try_duration 5s',
    ),
  });
});

test('the line of `dynamic a` is named, in both of its spellings', () => {
  const slow = source({ refresh: undefined });
  const block =
    ':80 {\n\treverse_proxy {\n\t\tdynamic a {\n\t\t\tname web\n\t\t}\n\t}\n\treverse_proxy {\n\t\tdynamic a {\n\t\t\tname api\n\t\t}\n\t}\n}\n';
  expect(followsInCaddy(caddy([slow], { file: block }), ['api'])).toMatchObject({
    why: expect.stringContaining('`dynamic a` (line 8 of /etc/caddy/Caddyfile) keeps'),
  });
  const inline = ':80 {\n\treverse_proxy {\n\t\tdynamic a api 8000\n\t}\n}\n';
  expect(followsInCaddy(caddy([slow], { file: inline }), ['api'])).toMatchObject({
    why: expect.stringContaining('`dynamic a` (line 3 of /etc/caddy/Caddyfile) keeps'),
  });
});

test.each([
  ['it told nothing', ''],
  [
    'it was not started with a file',
    'version v2.8.4\nunknown it was not started with the absolute path of a file (--config)\n',
  ],
  ['what it told is cut off', 'version v2.8.4\nadapted {"apps":\n'],
])('a Caddy of which nothing can be known does not pass: %s', (_title, told) => {
  expect(followsInCaddy(told, ['api'])).toMatchObject({ why: expect.stringContaining('cannot be read') });
});

test('who writes the lines of a refusal is not refused', () => {
  const { lines } = followsInCaddy(caddy([PLAIN]), ['api']) as { lines: string };
  const file = join(mkdtempSync(join(tmpdir(), 'follows-')), 'Caddyfile');
  writeFileSync(file, `:80 {\n${lines.replace('PORT', '8000')}\n}\n`);
  const { stdout } = spawnSync('caddy', ['adapt', '--config', file], { encoding: 'utf8' });
  expect(followsInCaddy(`version v2.7.5\nadapted ${stdout}`, ['api'])).toEqual({ keep: 2 });
});
