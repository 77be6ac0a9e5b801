import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type TraefikFile, fileOfLabels } from './traefik-labels.ts';

/** What `install` is tested with. */
const FILE = readFileSync(join(__dirname, '../../traffic/src/proxy/traefik/fixtures/from-labels.yml'), 'utf8')
  .replace(/^(?:#.*\n)+/, '')
  .replace(/\n {2}# by hand\n[^]*$/, '');

/** As a starter of many projects has them. */
const STARTER = {
  'traefik.enable': 'true',
  'traefik.docker.network': 'traefik-public',
  'traefik.constraint-label': 'traefik-public',
  'traefik.http.services.shop.loadbalancer.server.port': '8080',
  'traefik.http.routers.shop-http.rule': 'Host(`shop.example.org`)',
  'traefik.http.routers.shop-http.entrypoints': 'http',
  'traefik.http.routers.shop-http.middlewares': 'https-redirect,own',
  'traefik.http.routers.shop-https.rule': 'Host(`shop.example.org`) && PathRegexp(`^/v[0-9]+$$`)',
  'traefik.http.routers.shop-https.EntryPoints': 'https, alt',
  'traefik.http.routers.shop-https.tls': 'true',
  'traefik.http.routers.shop-https.tls.certresolver': 'le',
  'traefik.http.routers.shop-https.priority': '7',
  'traefik.http.routers.shop-https.service': 'shop',
  'traefik.http.middlewares.own.stripprefix.prefixes': '/api',
  'com.example.mine': '1',
};

test('routers of labels are written as a file has them, and what is not in it is named', () => {
  expect(fileOfLabels('web', STARTER, [])).toEqual({
    text: FILE,
    left: ['traefik.http.middlewares.own.stripprefix.prefixes'],
  });
});

test('the port is that of the service where it has one, and tls alone is an empty setting', () => {
  const labels = {
    'traefik.http.routers.web.rule': 'Host(`a.example`)',
    'traefik.http.routers.web.tls': 'true',
  };
  const file = fileOfLabels('web', labels, [80]) as TraefikFile;
  expect(file.text).toContain('      tls: {}\n');
  expect(file.text).toContain('url: "http://web:80"');
  expect(file.left).toEqual([]);
});

const ROUTED = { 'traefik.http.routers.web.rule': 'Host(`a.example`)' };
const portLabel = (name: string) => `traefik.http.services.${name}.loadbalancer.server.port`;

test.each([
  ['no port is known', ROUTED, [], 'no port is known: .* has no `ports`'],
  ['two ports could be meant', ROUTED, [80, 81], 'no port is known: .* has several `ports`'],
  ['the port is none', { ...ROUTED, [portLabel('web')]: '808080' }, [80], 'no port from 1 to 65535'],
  [
    'two services of Traefik have two ports',
    { ...ROUTED, [portLabel('web')]: '80', [portLabel('admin')]: '81' },
    [],
    String.raw`several services of Traefik's .* web \(80\), admin \(81\), and a switch moves one`,
  ],
  [
    'one service names its port, and another one goes by the container',
    { ...ROUTED, [portLabel('web')]: '80', 'traefik.http.services.x.loadbalancer.sticky': 'true' },
    [8080],
    String.raw`web \(80\), x \(8080\)`,
  ],
])('where %s, no file is proposed, and it is said why', (_, labels, targets, why) => {
  expect(fileOfLabels('web', labels as Record<string, string>, targets)).toMatch(new RegExp(why));
});

test('two services of Traefik with one port are one, and a router to a service of elsewhere is left to be written', () => {
  const file = fileOfLabels(
    'web',
    {
      ...ROUTED,
      'traefik.http.routers.web.service': 'web@docker',
      [portLabel('web')]: '80',
      [portLabel('admin')]: '80',
      'traefik.http.routers.dashboard.rule': 'Host(`b.example`)',
      'traefik.http.routers.dashboard.service': 'api@internal',
    },
    [],
  ) as TraefikFile;
  expect(file.text).toContain('url: "http://web:80"');
  expect(file.text).not.toContain('b.example');
  expect(file.left).toEqual([
    'traefik.http.routers.dashboard.rule',
    'traefik.http.routers.dashboard.service',
  ]);
});

test.each([
  ['no router has a rule', { 'traefik.http.routers.web.tls': 'true' }, [80]],
  ['it is no HTTP', { 'traefik.tcp.routers.db.rule': 'HostSNI(`*`)' }, [5432]],
])('where %s, there is nothing to propose', (_, labels, targets) => {
  expect(fileOfLabels('web', labels as Record<string, string>, targets)).toBeUndefined();
});
