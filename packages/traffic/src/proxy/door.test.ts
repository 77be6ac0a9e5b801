import { expect, test } from '@jest/globals';
import { siteOf } from '../testing/site.ts';
import { type Door, doorFor, frontDoor } from './door.ts';
import { proxyOf } from './registry.ts';

const doors = async (kind: string, config: string) => {
  const preparation = await proxyOf(kind).prepare();
  const edit = await preparation.install(config, siteOf({ kind }), { file: '/etc/site', login: 'deploy' });
  return edit.doors;
};
const asked = async (kind: string, config: string, url?: string) =>
  frontDoor(await doors(kind, config), undefined, url);

const REDIRECT = `server {
  listen 80;
  listen [::]:80;
  server_name shop.example.org;
  return 301 https://$host$request_uri;
}
`;
const SECURE = `server {
  listen 443 ssl http2;
  server_name _ ~^www\\d+ *.example.org shop.example.org;
  location / {
    proxy_pass http://127.0.0.1:8080;
  }
}
`;

test.each([
  ['before', REDIRECT + SECURE],
  ['after', SECURE + REDIRECT],
])('nginx: a server that only redirects, %s the site, is not the one that is asked', async (_, config) => {
  expect(await asked('nginx', config)).toEqual({
    url: 'https://www.example.org/',
    connect: '127.0.0.1:443',
  });
});

test.each([
  ['one address only', 'listen 10.1.2.3:8080;', { url: 'http://10.1.2.3:8080/', connect: '10.1.2.3:8080' }],
  ['no listen at all', '', { url: 'http://127.0.0.1/', connect: '127.0.0.1:80' }],
  ['a name only', 'listen localhost:81;', { url: 'http://127.0.0.1:81/', connect: '127.0.0.1:81' }],
  ['TLS beside plain', 'listen 80; listen 443 ssl;', { url: 'https://127.0.0.1/', connect: '127.0.0.1:443' }],
  [
    'what no client speaks',
    'listen unix:/run/x.sock; listen 81 proxy_protocol; listen 443 quic; listen 82;',
    { url: 'http://127.0.0.1:82/', connect: '127.0.0.1:82' },
  ],
])('nginx listens at %s', async (_, listen, expected) => {
  const config = `server {\n  ${listen}\n  location / { proxy_pass http://127.0.0.1:8080; }\n}\n`;
  expect(await asked('nginx', config)).toEqual(expected);
});

test('nginx: where only a path leads to the application, that path is asked', async () => {
  const config = `server {
  location / { root /var/www; }
  location ^~ /api/ { proxy_pass http://127.0.0.1:8080; }
  location ~ \\.json$ { proxy_pass http://127.0.0.1:8080; }
}
`;
  expect(await asked('nginx', config)).toMatchObject({ url: 'http://127.0.0.1/api/' });
});

const HAPROXY = (binds: string, rule: string) => `defaults
  mode http
frontend other
  bind :81
  default_backend static
frontend www
  ${binds}
  acl is_shop hdr(host) -i shop.example.org www.shop.example.org
  http-request redirect scheme https unless { ssl_fc }
  ${rule}
backend static
  server s 127.0.0.1:9000
backend app
  server s 127.0.0.1:8080
`;

test.each([
  [
    'bind *:80\n  bind *:443 ssl crt /etc/ssl/site.pem',
    'use_backend app if is_shop',
    'https://shop.example.org/',
    '127.0.0.1:443',
  ],
  [
    'bind :80,:8443 ssl',
    'use_backend app if { req.hdr(host),lower -m str a.example.org }',
    'https://a.example.org:80/',
    '127.0.0.1:80',
  ],
  ['bind ipv4@10.0.0.7:80', 'default_backend app', 'http://10.0.0.7/', '10.0.0.7:80'],
  [
    'bind :::80 v4v6',
    'use_backend app if { path_beg /api/ } !{ hdr(host) -i no.example.org }',
    'http://127.0.0.1/api/',
    '127.0.0.1:80',
  ],
  [
    'bind /run/h.sock\n  bind :82 accept-proxy\n  bind "*:83"',
    'default_backend app',
    'http://127.0.0.1:83/',
    '127.0.0.1:83',
  ],
])('HAProxy with %j and %j is asked at %s', async (binds, rule, url, connect) => {
  expect(await asked('haproxy', HAPROXY(binds, rule))).toEqual({ url, connect });
});

test.each([
  ['shop.example.org, www.example.org {', 'https://shop.example.org/', '127.0.0.1:443'],
  ['http://shop.example.org {', 'http://shop.example.org/', '127.0.0.1:80'],
  [':8080 {', 'http://127.0.0.1:8080/', '127.0.0.1:8080'],
  ['shop.example.org:8443,\nwww.example.org {', 'https://shop.example.org:8443/', '127.0.0.1:8443'],
  ['*.example.org {\n\tbind 10.0.0.7', 'https://www.example.org/', '10.0.0.7:443'],
  ['http://a.example.org, https://a.example.org {', 'https://a.example.org/', '127.0.0.1:443'],
])('Caddy with the site %j is asked at %s', async (opener, url, connect) => {
  const config = `other.example.org {\n\trespond ok\n}\n${opener}\n\treverse_proxy 127.0.0.1:8080\n}\n`;
  expect(await asked('caddy', config)).toEqual({ url, connect });
});

test('Caddy: a path that alone leads to the application is asked, and ports of its own are known', async () => {
  const config =
    '{\n\thttp_port 8081\n}\nhttp://shop.example.org {\n\thandle /api/* {\n\t\treverse_proxy localhost:8080\n\t}\n}\n';
  expect(await asked('caddy', config)).toEqual({
    url: 'http://shop.example.org:8081/api/',
    connect: '127.0.0.1:8081',
  });
});

const DOORS: Door[] = [
  { port: 80, tls: false, path: '/' },
  { port: 8443, tls: true, host: 'shop.example.org', path: '/' },
];

test.each([
  ['with its port', 'https://shop.example.org:9443/health', '127.0.0.1:9443'],
  ['without one, where the proxy has another for TLS', 'https://shop.example.org/health', '127.0.0.1:8443'],
  ['without one, where the proxy has the usual', 'http://shop.example.org/health', '127.0.0.1:80'],
])("the user's address %s wins over what the configuration says", (_, url, connect) => {
  expect(frontDoor(DOORS, undefined, url)).toEqual({ url, connect });
});

test("the user's address is asked at its own port, where the configuration tells none of that kind", () => {
  const url = 'https://shop.example.org/';
  expect(frontDoor([DOORS[0]!], undefined, url)).toEqual({ url, connect: '127.0.0.1:443' });
  expect(frontDoor([], undefined, url)).toEqual({ url, connect: '127.0.0.1:443' });
  expect(frontDoor([], undefined, undefined)).toBeUndefined();
});

test('a container is asked at the port that is published, and not at one that is none', () => {
  expect(frontDoor(DOORS, new Map([[8443, 443]]), undefined)).toEqual({
    url: 'https://shop.example.org:8443/',
    connect: '127.0.0.1:443',
  });
  expect(frontDoor(DOORS, new Map([[80, 8080]]), undefined)).toMatchObject({ connect: '127.0.0.1:8080' });
  expect(frontDoor(DOORS, new Map(), undefined)).toBeUndefined();
});

test("a switch asks at the prepared port, unless the user's address is another one", () => {
  const prepared = { url: 'https://shop.example.org/', connect: '127.0.0.1:8443' };
  expect(doorFor(prepared, undefined)).toEqual(prepared);
  expect(doorFor(prepared, 'https://www.example.org/health').connect).toBe('127.0.0.1:8443');
  // A public port that a load balancer has in front of the server.
  expect(doorFor(prepared, 'https://www.example.org:444/health').connect).toBe('127.0.0.1:8443');
  expect(doorFor(prepared, 'http://www.example.org/health').connect).toBe('127.0.0.1:80');
});
