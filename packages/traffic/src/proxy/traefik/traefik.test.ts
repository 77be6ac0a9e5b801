import { expect, test } from '@jest/globals';
import { parseDocument } from '@deploy-actions/document';
import type { Site } from '../../site.ts';
import { siteOf } from '../../testing/site.ts';
import { withoutRegions } from '../region.ts';
import { installTraefik } from './edit.ts';
import { serviceName, traefikFile } from './share-file.ts';

const routes = [
  {
    name: 'web',
    service: 'web',
    port: 8080,
    blue: ['127.0.0.1:8080'],
    green: ['127.0.0.1:18102', '127.0.0.1:18103'],
    plain: ['127.0.0.1:8080'],
  },
];

const FILE = '/etc/traefik/dynamic/site.yml';

const CONFIG = `http:
  routers:
    other:
      rule: PathPrefix(\`/other\`)
      service: other
    web:
      rule: "Host(\`shop.example.org\`) && !PathPrefix(\`/\\u00e4\`)" # the shop
      entryPoints: [websecure]
      service: 'web@file' # today
      tls: { certResolver: le }
  services:
    other: { loadBalancer: { servers: [{ url: "http://10.0.0.1:80" }] } }
    web:
      loadBalancer:
        passHostHeader: false
        healthCheck: { path: /health }
        servers:
          - url: "http://localhost:8080/"
`;

const SITE = siteOf({ kind: 'traefik', routes });

interface File {
  http: {
    routers?: Record<
      string,
      { rule: string; service: string; middlewares: string[]; priority: number; tls?: unknown }
    >;
    middlewares: Record<string, { headers: { customResponseHeaders: Record<string, string> } }>;
    services: Record<
      string,
      { weighted?: { services: unknown[]; sticky?: unknown }; loadBalancer?: unknown }
    >;
  };
}

async function installed(config: string, more: Partial<Site> = {}) {
  const wanted: Site = { ...SITE, ...more };
  const { text, changes, copied, doors } = await installTraefik(config, wanted, {
    file: FILE,
    login: 'deploy',
  });
  const site: Site = { ...wanted, ...(copied && { copied }) };
  const file = (share: Parameters<typeof traefikFile>[1]) =>
    JSON.parse(traefikFile(site, share).replace(/#.*\n$/, '')) as File;
  return { text, changes, doors, file, site };
}

test('the router that leads to the route gets the choice and the header, and no other one', async () => {
  const { text, changes } = await installed(CONFIG);
  expect(text).toContain(`      # deploy-actions shop begin "service: 'web@file' # today"
      service: deploy-shop_web_`);
  expect(text).toMatch(
    /middlewares:\n {8}- deploy-shop_web_\w+-share\n {6}# deploy-actions shop end\n {6}tls:/,
  );
  expect(text).toContain('      service: other\n');
  expect(changes).toEqual(['line 9: router web becomes a choice between web blue and green']);
  expect(withoutRegions(text, 'shop', FILE)).toBe(CONFIG);
});

test.each([
  [
    'in brackets',
    'middlewares: [auth, "gzip@docker"] # both',
    /middlewares: \["deploy-shop_web_\w+-share","auth","gzip@docker"\]/,
  ],
  ['none in brackets', 'middlewares: []', /middlewares: \["deploy-shop_web_\w+-share"\]/],
  [
    'a line each',
    'middlewares:\n        # first\n        - auth\n        - gzip@docker',
    /- deploy-shop_web_\w+-share\n +# deploy-actions shop end\n +- auth\n/,
  ],
  [
    'a line each, not indented',
    'middlewares:\n      - auth',
    /\n {6}- deploy-shop_web_\w+-share\n {6}# deploy-actions shop end\n {6}- auth\n/,
  ],
])(
  'middlewares %s: ours is the outermost, and taking it out restores the file',
  async (_, written, expected) => {
    const config = CONFIG.replace('entryPoints: [websecure]', written);
    const { text, site } = await installed(config);
    expect(text).toMatch(expected);
    const { value } = await parseDocument(text);
    const own = /\[\]/.test(written) ? [] : ['auth', ...(written.includes('gzip') ? ['gzip@docker'] : [])];
    expect(value).toMatchObject({
      http: {
        routers: {
          web: {
            service: serviceName(site, routes[0]!),
            middlewares: [`${serviceName(site, routes[0]!)}-share`, ...own],
          },
        },
      },
    });
    expect(withoutRegions(text, 'shop', FILE)).toBe(config);
    const again = await installed(text);
    expect(again.text).toBe(text);
  },
);

test('a file with the line ends of Windows is changed, and is as it was without our parts', async () => {
  const config = CONFIG.replaceAll('\n', '\r\n');
  const { text, changes } = await installed(config);
  expect(changes).toEqual(['line 9: router web becomes a choice between web blue and green']);
  expect(withoutRegions(text, 'shop', FILE)).toBe(config);
});

test('the file of a share has the weights, and what the load balancer had', async () => {
  const { file, site } = await installed(CONFIG, { sticky: 'side' });
  const { services, middlewares } = file({ color: 'green', weight: 25 }).http;
  const [name] = Object.keys(services);
  expect(services[name!]!.weighted!.services).toEqual([
    { name: `${name}-blue`, weight: 75 },
    { name: `${name}-green`, weight: 25 },
  ]);
  expect(services[name!]!.weighted!.sticky).toMatchObject({ cookie: { name: 'side' } });
  expect(services[`${name}-green`]!.loadBalancer).toEqual({
    passHostHeader: false,
    healthCheck: { path: '/health' },
    servers: [{ url: 'http://127.0.0.1:18102' }, { url: 'http://127.0.0.1:18103' }],
  });
  expect(middlewares[`${name}-share`]!.headers.customResponseHeaders).toEqual({
    'X-Deploy-Color': 'green-25',
  });
  const whole = file({ color: 'green', weight: 100 }).http;
  expect(whole.services[name!]!.weighted!.sticky).toBeUndefined();
  expect(whole.middlewares[`${name}-share`]!.headers.customResponseHeaders).toEqual({
    'X-Deploy-Color': 'green',
  });
  expect(traefikFile(site, { color: 'green', weight: 25 })).toMatch(/\n# deploy-actions shop green-25\n$/);
});

test('the probe has a router for each colour beside the user’s, with all that is written there, just before it', async () => {
  const config = CONFIG.replace('entryPoints:', 'middlewares: [auth]\n      entryPoints:');
  const { routers } = (await installed(config)).file({ color: 'blue', weight: 100 }).http;
  const rule = 'Host(`shop.example.org`) && !PathPrefix(`/ä`)';
  expect(Object.values(routers!)).toMatchObject([
    { rule: `(${rule}) && Header(\`X-Deploy-Probe\`, \`0123456789abcdef01234567-blue\`)` },
    {
      rule: `(${rule}) && Header(\`X-Deploy-Probe\`, \`0123456789abcdef01234567-green\`)`,
      entryPoints: ['websecure'],
      tls: { certResolver: 'le' },
      middlewares: [expect.stringMatching(/-green$/), 'auth'],
      service: expect.stringMatching(/-green$/),
      priority: Buffer.byteLength(rule) + 1,
    },
  ]);
  const given = (await installed(config.replace('entryPoints:', 'priority: 7\n      entryPoints:'))).file({
    color: 'blue',
    weight: 100,
  });
  expect(Object.values(given.http.routers!).map((one) => one.priority)).toEqual([8, 8]);
});

test('without a header for visitors their router keeps its middlewares, and the probe has a router of its own', async () => {
  const { text, file } = await installed(CONFIG, { header: undefined });
  expect(text).not.toContain('middlewares');
  const { routers, middlewares } = file({ color: 'blue', weight: 100 }).http;
  const own = Object.values(routers!).find((one) => one.rule.endsWith('`0123456789abcdef01234567`)'))!;
  expect(middlewares[own.middlewares[0]!]!.headers.customResponseHeaders).toEqual({
    'X-Deploy-Color': 'blue',
  });
});

test.each([
  ['no YAML', CONFIG.replace('  routers:', ' routers:'), 'site.yml, line', 'Mend it'],
  ['a template', `{{ range $i, $e := until 2 }}\n${CONFIG}`, 'site.yml, line', 'a Go template'],
  [
    'a template in the router',
    CONFIG.replace('certResolver: le', 'certResolver: "{{ env `X` }}"'),
    'router web is a Go template',
    'Write what it stands for',
  ],
  [
    'a router on one line',
    CONFIG.replace(/ {4}web:\n {6}rule[\s\S]*?le \}/, '    web: { rule: "Host(`a`)", service: web }'),
    'line 6: router web stands on one line',
    'a line of its own',
  ],
  [
    'brackets over lines',
    CONFIG.replace('[websecure]', '[websecure]\n      middlewares: [\n        auth ]'),
    'the middlewares of router web stand on several lines',
    'Write each on a line',
  ],
  [
    'no router',
    CONFIG.replace("'web@file'", 'other'),
    'no router leads to route web (127.0.0.1:8080)',
    'traefik.enable=false',
  ],
])('%s is refused with the place and what would be right', async (_, config, message, remedy) => {
  const refused: unknown = await installed(config).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    message: expect.stringContaining(message),
    remedy: expect.stringContaining(remedy),
  });
});

test('a TOML file is refused by its name', async () => {
  const toml = { file: '/etc/traefik/site.toml', login: 'deploy' };
  await expect(installTraefik('[http]', SITE, toml)).rejects.toThrow('TOML is not changed');
});

test('settings that come by a merge key are settings of the router', async () => {
  const config = CONFIG.replace('http:\n', 'base: &base\n  entryPoints: [websecure]\nhttp:\n').replace(
    '      entryPoints: [websecure]\n',
    '      <<: *base\n',
  );
  const { routers } = (await installed(config)).file({ color: 'blue', weight: 100 }).http;
  expect(Object.values(routers!)[0]).toMatchObject({ entryPoints: ['websecure'] });
});

test('what the replaced service has is its own, and a server elsewhere is refused', async () => {
  const old = `    old:
      loadBalancer: { passHostHeader: true, servers: [{ url: "http://127.0.0.1:8080" }] }
    other: {`;
  const { file } = await installed(CONFIG.replace('    other: {', old));
  const legs = Object.values(file({ color: 'blue', weight: 100 }).http.services);
  expect(legs[1]!.loadBalancer).toMatchObject({ passHostHeader: false });
  const twice = CONFIG.replace('/"\n', '/"\n          - url: http://10.0.0.2:8080\n');
  await expect(installed(twice)).rejects.toThrow(
    'service web also sends to 10.0.0.2:8080, which is none of web’s addresses'.replace('’', "'"),
  );
});

test.each([
  [
    'a list that another router uses, too',
    CONFIG.replace('entryPoints:', 'middlewares: &mine\n        - auth\n      entryPoints:')
      .replace('service: other\n', 'service: other\n      middlewares: *mine\n')
      .replace(/( {4}other:\n[\s\S]*?)( {4}web:\n[\s\S]*?)( {2}services:)/, '$2$1$3'),
    routes,
  ],
  [
    'a value on the next line',
    CONFIG.replace("service: 'web@file' # today", "service:\n        'web@file'"),
    routes,
  ],
])('%s would be changed wrongly, and is refused', async (_, config, own) => {
  await expect(installed(config, { routes: own })).rejects.toThrow(
    'router web cannot be changed without changing something else',
  );
});

test('two routes in one router are refused, with its line', async () => {
  await expect(installed(CONFIG, { routes: [...routes, { ...routes[0]!, name: 'api' }] })).rejects.toThrow(
    '/etc/traefik/dynamic/site.yml, line 9: two routes are reached by the same line',
  );
});
