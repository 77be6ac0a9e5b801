import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { caddy, haproxy, nginx } from './install.ts';
import { LADDER, parseShare, shareName, shares } from './color.ts';
import { patternShare } from './caddy.ts';
import { parseNginx } from './nginx-config.ts';
import type { Edit, Proxy, Surroundings } from './proxy.ts';
import { type Site, identifier } from './site.ts';
import { readTraefik, traefik } from './traefik.ts';

const site = (more: Partial<Site> = {}): Site => ({
  project: 'shop',
  routes: [
    {
      name: 'web',
      service: 'web',
      port: 8080,
      blue: ['127.0.0.1:8080'],
      green: ['127.0.0.1:18102'],
      plain: ['127.0.0.1:8080', 'web:8080'],
    },
  ],
  folder: '/var/lib/deploy-actions/shop',
  fallback: 'blue',
  header: 'X-Deploy-Color',
  sticky: undefined,
  token: '0123456789abcdef01234567',
  contained: false,
  canaryLog: '/var/log/deploy-actions/shop.log',
  ...more,
});

const NGINX = `upstream app { server 127.0.0.1:8080; keepalive 8; }
server {
  listen 80;
  add_header X-Frame-Options DENY always;
  location / {
    proxy_pass http://app;
  }
  location /api/ { proxy_pass http://127.0.0.1:8080/v1/; add_header X-Own "a\\"b"; }
}
`;
const HAPROXY = `defaults
    mode http
frontend www
    bind :80
    default_backend app
    use_backend app if { path_beg /api }
backend app
    server s1 127.0.0.1:8080 check cookie s1
`;
const CADDY = `example.org {
	header X-Frame-Options DENY
	reverse_proxy /api/* localhost:8080 {
		header_up X-A b
	}
	reverse_proxy 127.0.0.1:8080 # the app
}
`;
const TRAEFIK = `http:
  routers:
    web:
      rule: Host(\`shop.example.org\`)
      service: web
  services:
    web:
      loadBalancer:
        servers:
          - url: "http://127.0.0.1:8080"
`;

const CASES: [string, Proxy, string][] = [
  ['nginx', nginx, NGINX],
  ['HAProxy', haproxy, HAPROXY],
  ['Caddy', caddy, CADDY],
  ['Traefik', traefik, TRAEFIK],
];

async function install(proxy: Proxy, config: string, surroundings: Surroundings): Promise<Edit> {
  const { project, routes } = site();
  const reading =
    proxy === traefik ? await readTraefik(config, project, routes, surroundings.file) : undefined;
  return proxy.install(config, site(), { ...surroundings, ...(reading && { traefik: reading }) });
}

test.each(CASES)(
  '%s: what was installed can be taken out again, to the byte, and installing twice is installing once',
  async (_, proxy, config) => {
    const once = await install(proxy, config, {
      file: 'site',
      socket: { path: '/run/x.sock', group: 'deploy' },
    });
    expect(once.text).not.toBe(config);
    expect(once.changes.length).toBeGreaterThan(0);
    expect(proxy.uninstall(once.text, site())).toBe(config);
    const twice = await install(proxy, once.text, {
      file: 'site',
      socket: { path: '/run/x.sock', group: 'deploy' },
    });
    expect(twice.text).toBe(once.text);
  },
);

test.each(CASES)(
  '%s: a site that leads elsewhere is refused, and the message says what was found',
  async (_, proxy, config) => {
    const elsewhere = config.replace(/8080/g, '9999');
    await expect(install(proxy, elsewhere, { file: '/etc/site' })).rejects.toThrow(
      /leads to route web \(127\.0\.0\.1:8080 or web:8080\)/,
    );
  },
);

test('nginx: a location that adds a header keeps those of the levels above', () => {
  const { text } = nginx.install(NGINX, site(), { file: 'site' });
  const root = /location \/ \{([\s\S]*?)\n {2}\}/.exec(text)![1]!;
  expect(root).toContain('add_header X-Frame-Options DENY always;');
  expect(root).toContain('add_header X-Deploy-Color $deploy_shop_header always;');
  const api = text.slice(text.indexOf('location /api/'));
  expect(api).not.toContain('X-Frame-Options');
});

test('nginx: headers of the whole configuration, in included files too, are kept', () => {
  const whole = `# configuration file /etc/nginx/nginx.conf:
http { add_header X-Http one; access_log /var/log/nginx/access.log; include conf.d/*.conf; include sites-enabled/*; }
# configuration file /etc/nginx/conf.d/more.conf:
add_header X-More "two words";
`;
  const config = 'server {\n  location / {\n    proxy_pass http://127.0.0.1:8080;\n  }\n}\n';
  const { text } = nginx.install(config, site(), { file: 'site', whole });
  expect(text).toContain('add_header X-Http one;');
  expect(text).toContain('add_header X-More "two words";');
  expect(text).toContain('access_log /var/log/nginx/access.log;');
  expect(text).toContain('access_log /var/log/deploy-actions/shop.log deploy_shop if=$deploy_shop_logged;');
});

test('nginx: only a watched canary is logged; what turns logging off above is no reason not to, in place it is', () => {
  const config = (own: string) =>
    `server {\n  access_log off;\n  location / {\n    ${own}proxy_pass http://127.0.0.1:8080;\n  }\n}\n`;
  const above = nginx.install(config(''), site(), { file: 'site' });
  expect(above.canaryLog).toBe('on');
  expect(above.text).toContain('if (-f /var/lib/deploy-actions/shop/watch) { set $deploy_shop_watched 1; }');
  expect(above.text.match(/access_log off;/g)).toHaveLength(1);
  const inPlace = nginx.install(config('access_log off; '), site(), { file: '/etc/site' });
  expect(inPlace.canaryLog).toBe(
    'the location in line 3 of /etc/site has no access_log, or turns it off itself',
  );
  expect(inPlace.text).not.toMatch(/access_log \S+ deploy_shop/);
  expect(nginx.install(config(''), site({ canaryLog: undefined }), { file: 'site' }).text).not.toContain(
    'watch',
  );
});

test('nginx: the requests of our own probe are not in the log that a canary is judged by', () => {
  const { text } = nginx.install(NGINX, site(), { file: 'site' });
  expect(text).toContain(
    'map "$deploy_shop_watched:$deploy_shop_probe:$deploy_shop_share" $deploy_shop_logged { "~^1::.*-" 1; default ""; }',
  );
});

test('HAProxy: in a container the folder of the socket hands its group down', () => {
  const socket = { path: '/run/haproxy/deploy-shop.sock', group: undefined };
  expect(haproxy.install(HAPROXY, site({ contained: true }), { file: 'site', socket }).text).toContain(
    'stats socket /run/haproxy/deploy-shop.sock mode 660 level admin\n',
  );
});

test('nginx: the application is told the host that it was told before, and redirects are still rewritten', () => {
  const { text } = nginx.install(NGINX, site(), { file: 'site' });
  expect(text).toContain('proxy_set_header Host app;');
  expect(text).toContain('proxy_redirect http://app/ /;');
  expect(text).toContain('rewrite "^/api/(.*)$" "/v1/$1" break;');
  expect(text).toContain('proxy_redirect http://127.0.0.1:8080/v1/ /api/;');
});

test('nginx in a container resolves a colour anew, so that an absent one keeps nobody from starting', () => {
  const contained = site({
    contained: true,
    routes: [{ ...site().routes[0]!, blue: ['web-blue:8080'], green: ['web-green:8080'] }],
  });
  const { text } = nginx.install(
    'server {\n  location / {\n    proxy_pass http://web:8080;\n  }\n}\n',
    contained,
    { file: 'site' },
  );
  expect(text).toContain('resolver 127.0.0.11 valid=1s ipv6=off;');
  expect(text).toContain('green web-green:8080;');
  expect(text).not.toMatch(/^\s*upstream deploy_/m);
});

test('in a container, what is no longer asked keeps nobody from starting once its name is gone', () => {
  const contained = site({
    contained: true,
    routes: [{ ...site().routes[0]!, blue: ['web-blue:8080'], green: ['web-green:8080'] }],
  });
  const upstream =
    'upstream app {\n  server web:8080;\n}\nserver {\n  location / {\n    proxy_pass http://app;\n  }\n}\n';
  const edit = nginx.install(upstream, contained, { file: 'site' });
  expect(edit.text).toContain('server 127.0.0.1:9 down;');
  expect(nginx.uninstall(edit.text, contained)).toBe(upstream);
  const whole = `# configuration file /etc/nginx/nginx.conf:\nhttp { upstream app { server web:8080; } include site; }\n`;
  expect(() =>
    nginx.install(upstream.slice(upstream.indexOf('server {')), contained, { file: 'site', whole }),
  ).toThrow('the upstream app stands in another file');
  const named = HAPROXY.replace('127.0.0.1:8080', 'web:8080');
  const { text } = haproxy.install(named, contained, { file: 'site' });
  expect(text).toContain('server s1 web:8080 check cookie s1 init-addr last,libc,none');
  expect(haproxy.uninstall(text, contained)).toBe(named);
});

test('nginx: a cached look at flags is turned off, or refused where it cannot be', () => {
  const whole =
    '# configuration file /etc/nginx/nginx.conf:\nhttp { open_file_cache max=1000; include sites-enabled/*; }\n';
  const config = 'server {\n  location / {\n    proxy_pass http://127.0.0.1:8080;\n  }\n}\n';
  const edit = nginx.install(config, site(), { file: 'site', whole });
  expect(edit.text).toContain('open_file_cache off;');
  expect(edit.warnings).toHaveLength(1);
  const own = config.replace('server {', 'server {\n  open_file_cache max=10;');
  expect(() => nginx.install(own, site(), { file: 'site' })).toThrow('a flag would be seen late');
});

test('nginx: without a header of its own, only the probe is shown the colour', () => {
  const { text } = nginx.install(NGINX, site({ header: undefined }), { file: 'site' });
  expect(text).toContain('map $deploy_shop_probe $deploy_shop_header { "" ""; default $deploy_shop_seen; }');
});

test('HAProxy: TCP mode and a backend that nobody names are refused with their line', () => {
  expect(() => haproxy.install(HAPROXY.replace('mode http', 'mode tcp'), site(), { file: 'h' })).toThrow(
    /h, line 3: frontend www is not in HTTP mode/,
  );
  expect(() =>
    haproxy.install(HAPROXY.replace(/.*(default|use)_backend.*\n/g, ''), site(), { file: 'h' }),
  ).toThrow('named by no frontend');
});

const OTHER_APP = `defaults
    mode http
frontend www
    bind :80
    use_backend shop if { hdr(host) shop }
    default_backend wordpress
backend shop
    server s1 127.0.0.1:8080
backend wordpress
    server w1 127.0.0.1:9000
`;
const unconditional = (text: string) =>
  [...text.matchAll(/^ *use_backend (deploy_\S+)_%\[\S+\] *$/gm)].map(([, name]) => name);

test('HAProxy: a frontend whose default leads to another application keeps it', () => {
  const { text } = haproxy.install(OTHER_APP, site(), { file: 'h' });
  expect(text).toMatch(/use_backend deploy_shop_web_\w+_%\[\S+\] if \{ hdr\(host\) shop \}/);
  expect(text).toContain('    default_backend wordpress\n');
  expect(unconditional(text)).toEqual([]);
  expect(haproxy.uninstall(text, site())).toBe(OTHER_APP);
  const listen = OTHER_APP.replace('frontend www', 'listen www').replace(
    'default_backend wordpress',
    'server w1 127.0.0.1:9000',
  );
  expect(unconditional(haproxy.install(listen, site(), { file: 'h' }).text)).toEqual([]);
});

test('HAProxy: with two routes in a frontend, what has no condition goes on to the default one', () => {
  const [web] = site().routes;
  const api = {
    ...web!,
    name: 'api',
    blue: ['127.0.0.1:9000'],
    green: ['127.0.0.1:18103'],
    plain: ['127.0.0.1:9000'],
  };
  const config = OTHER_APP.replace('use_backend shop', 'use_backend wordpress').replace(
    'default_backend wordpress',
    'default_backend shop',
  );
  for (const routes of [
    [web!, api],
    [api, web!],
  ]) {
    const both = site({ routes });
    const { text } = haproxy.install(config, both, { file: 'h' });
    expect(unconditional(text)).toEqual([`deploy_${identifier('shop', 'web')}`]);
    expect(text).toContain(`use_backend deploy_${identifier('shop', 'api')}_%`);
    expect(text.match(/str\(shop\),map\(/g)).toHaveLength(1);
    expect(haproxy.uninstall(text, both)).toBe(config);
  }
});

test("HAProxy: conditions stay, and a server's own cookie does not come twice", () => {
  const { text } = haproxy.install(HAPROXY, site(), { file: 'h' });
  expect(text).toMatch(
    /use_backend deploy_shop_web_\w+_%\[var\(txn.deploy_shop_color\)\] if \{ path_beg \/api \}/,
  );
  expect(text).toContain('    server green1 127.0.0.1:18102 check\n');
});

test('Caddy: a directive keeps its matcher and its block', () => {
  const { text } = caddy.install(CADDY, site(), { file: 'c' });
  expect(text).toMatch(
    /reverse_proxy \/api\/\* \{deploy_shop_web_\w+_1\} \{\n\t# deploy-actions shop end\n\t\theader_up X-A b/,
  );
});

test('Caddy: each weight takes its share of random identifiers, to a half of a thousandth', () => {
  for (const weight of LADDER) expect(Math.abs(patternShare(weight) - weight / 100)).toBeLessThan(0.0005);
});

test('a name means one share, and back', () => {
  for (const share of shares()) expect(parseShare(shareName(share))).toEqual(share);
  for (const wrong of ['red', 'green-', 'green-0', 'green-100', 'green-1x', '-5', 'greenblue'])
    expect(parseShare(wrong)).toBeUndefined();
});

test('identifiers of different projects differ, and are short enough for a hash bucket of nginx', () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(identifier(a)).toMatch(/^[a-z0-9_]{1,23}$/);
      if (a !== b) expect(identifier(a)).not.toBe(identifier(b));
    }),
  );
});

test('the nginx parser ends on any text, and knows quotes, comments and braces of variables', () => {
  const [server] = parseNginx('server { # }\n  set $a "x;{"; return 200 ${b}c; }');
  expect(server!.block!.map((one) => [one.name, ...one.args])).toEqual([
    ['set', '$a', 'x;{'],
    ['return', '200', '${b}c'],
  ]);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', ';', '{', '}', '"', "'", '#', '\n', '\\', '$') }),
      (text) => {
        try {
          parseNginx(text);
        } catch (error) {
          expect((error as Error).constructor.name).toBe('NginxSyntaxError');
        }
      },
    ),
  );
});
