import { expect, test } from '@jest/globals';
import { readCallers } from './callers.ts';
import { followsInNginx } from './proxy/nginx/follows.ts';

/** A configuration as `nginx -T` prints it, with this in its server. */
const nginx = (server: string, http = '') => `# configuration file /etc/nginx/nginx.conf:
user nobody;
http {
  ${http}
  include /etc/nginx/conf.d/*.conf;
}

# configuration file /etc/nginx/conf.d/shop.conf:
server {
  listen 80;
  ${server}
}
`;

const VARIABLE = 'set $api http://api:8000; location / { proxy_pass $api; }';

test.each([
  ['looked up by a resolver for each second', `resolver 127.0.0.11 valid=1s ipv6=off; ${VARIABLE}`, 3],
  ['the resolver stands above', VARIABLE, 7, 'resolver 127.0.0.11:53 valid=5s;'],
  ['another service is asked', 'location / { proxy_pass http://api-two:8000; }', 0],
  ['the name stands in a comment', '# http://api:8000\n return 204;', 0],
])('nginx follows a name: %s', (_title, server, keep, http = '') => {
  expect(followsInNginx(nginx(server, http), ['api'])).toEqual({ keep });
});

test.each([
  [
    'a plain name',
    'location / { proxy_pass http://api:8000; }',
    '`proxy_pass http://api:8000;` looks the name up when nginx starts',
  ],
  ['a path behind it', 'location /v1/ { proxy_pass http://API/v1/; }', 'looks the name up'],
  [
    'an upstream',
    'location / { proxy_pass http://shop; }',
    '`server api:8000 max_fails=0;`',
    'upstream shop { server api:8000 max_fails=0; keepalive 8; }',
  ],
  ['another protocol', 'location / { fastcgi_pass api:9000; }', '`fastcgi_pass api:9000;`'],
  ['no resolver', VARIABLE, 'having no resolver'],
  [
    'an answer is kept for as long as Docker says',
    `resolver 127.0.0.11; ${VARIABLE}`,
    '`resolver 127.0.0.11;`',
  ],
  ['a long time', `resolver 127.0.0.11 valid=30s; ${VARIABLE}`, 'longer than 10 s'],
  ['another resolver', `resolver 1.1.1.1 valid=1s; ${VARIABLE}`, 'resolver 1.1.1.1'],
])('nginx does not follow a name: %s', (_title, server, why, http = '') => {
  const follow = followsInNginx(nginx(server, http), ['api']);
  expect(follow).toMatchObject({
    why: expect.stringContaining(why),
    remedy: expect.stringContaining('resolver 127.0.0.11 valid=1s'),
  });
});

test('nginx whose configuration nobody can read does not pass', () => {
  expect(followsInNginx('', ['api'])).toMatchObject({ why: expect.stringContaining('cannot be read') });
});

const ID = 'a'.repeat(64);
const SERVICES = [{ service: 'api', names: new Map([['shop_default', ['api']]]) }];
const fields = (more: Record<string, string>) => ({
  kinds: 'shop_default open\n',
  there: `shop_default ${ID} shop web\nshop_default ${'b'.repeat(64)} shop api\n`,
  ...more,
});
const judged = async (more: Record<string, string>) =>
  (await readCallers(fields(more), 'shop', SERVICES)).get('api');

test('a service is followed where every proxy on its networks follows', async () => {
  expect(await judged({})).toEqual({ keep: 2 });
  const proxies = `container nginx ${ID} shop-web-1\n`;
  expect(
    await judged({ proxies, 'names_shop-web-1': nginx(`resolver 127.0.0.11 valid=4s; ${VARIABLE}`) }),
  ).toEqual({ keep: 6 });
  expect(
    await judged({ proxies, 'names_shop-web-1': nginx('location / { proxy_pass http://api:8000; }') }),
  ).toMatchObject({
    why: expect.stringContaining('nginx in the container shop-web-1: `proxy_pass http://api:8000;`'),
  });
  expect(await judged({ proxies })).toMatchObject({ why: expect.stringContaining('cannot be read') });
  expect(await judged({ proxies: `container caddy ${ID} edge\n` })).toMatchObject({
    why: expect.stringContaining('Caddy in the container edge'),
  });
  expect(await judged({ proxies: `container haproxy ${ID} edge\n` })).toMatchObject({
    why: expect.stringContaining('HAProxy in the container edge'),
  });
});

test('Traefik beside a service is refused by its name, with what to do', async () => {
  expect(await judged({ proxies: `container traefik ${ID} edge\n` })).toEqual({
    why: 'Traefik in the container edge shares its network shop_default, and how that one looks names up is not known here',
    remedy:
      'Put nginx or Caddy or HAProxy in its place, take that container off the network, or use colours (color: auto)',
  });
});

test('on a network that leads nowhere else nobody is led, but where nobody else is', async () => {
  expect(await judged({ kinds: 'shop_default internal\n' })).toMatchObject({
    why: expect.stringContaining('(internal)'),
  });
  expect(
    await judged({ kinds: 'shop_default internal\n', there: `shop_default ${'b'.repeat(64)} shop api\n` }),
  ).toEqual({ keep: 2 });
});
