import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LADDER, parseShare, shareName, shares } from '@deploy-actions/ledger';
import { identifier } from '../site.ts';
import { siteOf as site } from '../testing/site.ts';
import { below } from './caddy/directives.ts';
import { installCaddy } from './caddy/edit.ts';
import { installHaproxy } from './haproxy/edit.ts';
import { installNginx } from './nginx/edit.ts';
import { parseNginx } from './nginx/syntax.ts';
import { withoutRegions } from './region.ts';
import { proxyOf } from './registry.ts';

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

const CASES = [
  ['nginx', NGINX],
  ['haproxy', HAPROXY],
  ['caddy', CADDY],
  ['traefik', TRAEFIK],
] as const;

const around = { file: 'site', login: 'deploy' };
const uninstalled = (text: string) => withoutRegions(text, 'shop', 'site');
const socket = { socket: '/run/x.sock', socketInside: '/run/x.sock' };

test.each(CASES)(
  '%s: what was installed can be taken out again, to the byte, and installing twice is installing once',
  async (kind, config) => {
    const preparation = await proxyOf(kind).prepare();
    for (const canary of [true, false]) {
      const wanted = site({ kind, canary, ...socket });
      const once = await preparation.install(config, wanted, around);
      expect(once.text).not.toBe(config);
      expect(once.changes.length).toBeGreaterThan(0);
      expect(preparation.uninstall(once.text, 'shop', 'site')).toBe(config);
      expect((await preparation.install(once.text, wanted, around)).text).toBe(once.text);
    }
  },
);

test.each(CASES)('%s: weights are only written where a canary is asked for', async (kind, config) => {
  const preparation = await proxyOf(kind).prepare();
  const bare = site({ kind, canary: false, canaryLog: '', canaryLogInside: '' });
  const { text } = await preparation.install(config, bare, around);
  expect(text).not.toMatch(/split_clients|green-25|_limit|watch/);
  expect(text.split('\n').length - config.split('\n').length).toBeLessThan(60);
  expect(proxyOf(kind).files(bare)).toHaveLength(kind === 'traefik' ? 2 : 0);
});

test.each(CASES)(
  '%s: a site that leads elsewhere is refused, and the message says what was found',
  async (kind, config) => {
    const elsewhere = config.replace(/8080/g, '9999');
    const preparation = await proxyOf(kind).prepare();
    await expect(
      (async () => await preparation.install(elsewhere, site({ kind }), around))(),
    ).rejects.toThrow(/leads to route web \(127\.0\.0\.1:8080 or web:8080\)/);
  },
);

test('nginx: a location that adds a header keeps those of the levels above', () => {
  const { text } = installNginx(NGINX, site(), { ...around, file: 'site' });
  const root = /location \/ \{([\s\S]*?)\n {2}\}/.exec(text)![1]!;
  expect(root).toContain('add_header X-Frame-Options DENY always;');
  expect(root).toContain('add_header X-Deploy-Color $deploy_shop_seen always;');
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
  const { text } = installNginx(config, site(), { ...around, file: 'site', whole });
  expect(text).toContain('add_header X-Http one;');
  expect(text).toContain('add_header X-More "two words";');
  expect(text).toContain('access_log /var/log/nginx/access.log;');
  expect(text).toContain('access_log /var/log/deploy-actions/shop.log deploy_shop if=$deploy_shop_logged;');
});

test('nginx: only a watched canary is logged; what turns logging off above is no reason not to, in place it is', () => {
  const config = (own: string) =>
    `server {\n  access_log off;\n  location / {\n    ${own}proxy_pass http://127.0.0.1:8080;\n  }\n}\n`;
  const above = installNginx(config(''), site(), { ...around, file: 'site' });
  expect(above.canaryWhy).toBe('');
  expect(above.text).toContain('if (-f /var/lib/deploy-actions/shop/watch) { set $deploy_shop_watched 1; }');
  expect(above.text.match(/access_log off;/g)).toHaveLength(1);
  const inPlace = installNginx(config('access_log off; '), site(), { ...around, file: '/etc/site' });
  expect(inPlace.canaryWhy).toBe(
    'the location in line 3 of /etc/site has no access_log, or turns it off itself',
  );
  expect(inPlace.text).not.toMatch(/access_log \S+ deploy_shop/);
  expect(
    installNginx(config(''), site({ canaryLogInside: '' }), { ...around, file: 'site' }).text,
  ).not.toContain('watch');
});

test('nginx: the requests of our own probe are not in the log that a canary is judged by', () => {
  const { text } = installNginx(NGINX, site(), { ...around, file: 'site' });
  expect(text).toContain(
    'map "$deploy_shop_watched:$deploy_shop_probe:$deploy_shop_share" $deploy_shop_logged { "~^1::.*-" 1; default ""; }',
  );
});

test('HAProxy: in a container the folder of the socket hands its group down', () => {
  const { text } = installHaproxy(HAPROXY, site({ container: 'edge', ...socket }), around);
  expect(text).toContain('stats socket /run/x.sock mode 660 level admin\n');
});

test('HAProxy: on the host the runtime socket is for the login user alone, whatever groups there are', () => {
  const { text } = installHaproxy(HAPROXY, site(socket), { ...around, login: 'deploy' });
  expect(text).toContain('stats socket /run/x.sock user deploy mode 600 level admin\n');
  expect(text).not.toMatch(/\bgroup\b/);
  const odd = installHaproxy(HAPROXY, site(socket), { ...around, login: "o'hara@EXAMPLE" }).text;
  expect(odd).toContain("user 'o'\\''hara@EXAMPLE' mode 600");
});

test('nginx: the application is told the host that it was told before, and redirects are still rewritten', () => {
  const { text } = installNginx(NGINX, site(), { ...around, file: 'site' });
  expect(text).toContain('proxy_set_header Host app;');
  expect(text).toContain('proxy_redirect http://app/ /;');
  expect(text).toContain('rewrite "^/api/(.*)$" "/v1/$1" break;');
  expect(text).toContain('proxy_redirect http://127.0.0.1:8080/v1/ /api/;');
});

test('nginx in a container resolves a colour anew, so that an absent one keeps nobody from starting', () => {
  const contained = site({
    container: 'edge',
    routes: [{ ...site().routes[0]!, blue: ['web-blue:8080'], green: ['web-green:8080'] }],
  });
  const bare = 'server {\n  location / {\n    proxy_pass http://web:8080;\n  }\n}\n';
  const { text } = installNginx(bare, contained, around);
  expect(text).toContain('resolver 127.0.0.11 valid=1s ipv6=off;');
  expect(text).toContain('green web-green:8080;');
  expect(text).not.toMatch(/^\s*upstream deploy_/m);
});

test('in a container, what is no longer asked keeps nobody from starting once its name is gone', () => {
  const contained = site({
    container: 'edge',
    routes: [{ ...site().routes[0]!, blue: ['web-blue:8080'], green: ['web-green:8080'] }],
  });
  const upstream =
    'upstream app {\n  server web:8080;\n}\nserver {\n  location / {\n    proxy_pass http://app;\n  }\n}\n';
  const edit = installNginx(upstream, contained, { ...around, file: 'site' });
  expect(edit.text).toContain('server 127.0.0.1:9 down;');
  expect(uninstalled(edit.text)).toBe(upstream);
  const whole = `# configuration file /etc/nginx/nginx.conf:\nhttp { upstream app { server web:8080; } include site; }\n`;
  expect(() =>
    installNginx(upstream.slice(upstream.indexOf('server {')), contained, { ...around, file: 'site', whole }),
  ).toThrow('the upstream app stands in another file');
  const named = HAPROXY.replace('127.0.0.1:8080', 'web:8080');
  const { text } = installHaproxy(named, contained, { ...around, file: 'site' });
  expect(text).toContain('server s1 web:8080 check cookie s1 init-addr last,libc,none');
  expect(uninstalled(text)).toBe(named);
});

test('nginx: a cached look at flags is turned off, or refused where it cannot be', () => {
  const whole =
    '# configuration file /etc/nginx/nginx.conf:\nhttp { open_file_cache max=1000; include sites-enabled/*; }\n';
  const config = 'server {\n  location / {\n    proxy_pass http://127.0.0.1:8080;\n  }\n}\n';
  const edit = installNginx(config, site(), { ...around, file: 'site', whole });
  expect(edit.text).toContain('open_file_cache off;');
  expect(edit.warnings).toHaveLength(1);
  const own = config.replace('server {', 'server {\n  open_file_cache max=10;');
  expect(() => installNginx(own, site(), { ...around, file: 'site' })).toThrow('a flag would be seen late');
});

test('nginx: without a header of its own, only the probe is shown the colour', () => {
  const { text } = installNginx(NGINX, site({ header: undefined }), { ...around, file: 'site' });
  expect(text).toContain('map $deploy_shop_probe $deploy_shop_header { "" ""; default $deploy_shop_seen; }');
});

test('HAProxy: TCP mode and a backend that nobody names are refused with their line', () => {
  expect(() =>
    installHaproxy(HAPROXY.replace('mode http', 'mode tcp'), site(), { ...around, file: 'h' }),
  ).toThrow(/h, line 3: frontend www is not in HTTP mode/);
  expect(() =>
    installHaproxy(HAPROXY.replace(/.*(default|use)_backend.*\n/g, ''), site(), { ...around, file: 'h' }),
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
  const { text } = installHaproxy(OTHER_APP, site(), { ...around, file: 'h' });
  expect(text).toMatch(/use_backend deploy_shop_web_\w+_%\[\S+\] if \{ hdr\(host\) shop \}/);
  expect(text).toContain('    default_backend wordpress\n');
  expect(unconditional(text)).toEqual([]);
  expect(uninstalled(text)).toBe(OTHER_APP);
  const listen = OTHER_APP.replace('frontend www', 'listen www').replace(
    'default_backend wordpress',
    'server w1 127.0.0.1:9000',
  );
  expect(unconditional(installHaproxy(listen, site(), { ...around, file: 'h' }).text)).toEqual([]);
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
    const { text } = installHaproxy(config, both, { ...around, file: 'h' });
    expect(unconditional(text)).toEqual([`deploy_${identifier('shop', 'web')}`]);
    expect(text).toContain(`use_backend deploy_${identifier('shop', 'api')}_%`);
    expect(text.match(/str\(shop\),map\(/g)).toHaveLength(1);
    expect(uninstalled(text)).toBe(config);
  }
});

test("HAProxy: conditions stay, and a server's own cookie does not come twice", () => {
  const { text } = installHaproxy(HAPROXY, site(), { ...around, file: 'h' });
  expect(text).toMatch(
    /use_backend deploy_shop_web_\w+_%\[var\(txn.deploy_shop_color\)\] if \{ path_beg \/api \}/,
  );
  expect(text).toContain('    server green1 127.0.0.1:18102 check\n');
});

test('Caddy: a directive keeps its matcher and its block', () => {
  const { text } = installCaddy(CADDY, site(), { ...around, file: 'c' });
  expect(text).toMatch(
    /reverse_proxy \/api\/\* \{deploy_shop_web_\w+_1\} \{\n\t\ttransport http \{\n\t\t\tkeepalive 2s\n\t\t\}\n\t# deploy-actions shop end\n\t\theader_up X-A b/,
  );
});

/** The share of identifiers that the pattern of a weight takes. */
function patternShare(weight: number): number {
  const pattern = new RegExp(`^${below({ color: 'blue', weight })}`);
  const values = Array.from({ length: 4096 }, (_, value) => value.toString(16).padStart(3, '0'));
  return values.filter((value) => pattern.test(value)).length / values.length;
}

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
