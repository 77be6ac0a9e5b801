import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fileOfLabels } from './traefik-labels.ts';

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
  const file = fileOfLabels('web', labels, [80])!;
  expect(file.text).toContain('      tls: {}\n');
  expect(file.text).toContain('url: "http://web:80"');
  expect(file.left).toEqual([]);
});

test.each([
  ['no port is known', { 'traefik.http.routers.web.rule': 'Host(`a.example`)' }, []],
  ['two ports could be meant', { 'traefik.http.routers.web.rule': 'Host(`a.example`)' }, [80, 81]],
  ['no router has a rule', { 'traefik.http.routers.web.tls': 'true' }, [80]],
  ['it is no HTTP', { 'traefik.tcp.routers.db.rule': 'HostSNI(`*`)' }, [5432]],
])('where %s, no file is proposed', (_, labels, targets) => {
  expect(fileOfLabels('web', labels as Record<string, string>, targets)).toBeUndefined();
});
