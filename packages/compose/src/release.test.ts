import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { LABELS } from '@deploy-actions/ledger';
import { applyImages } from './images.ts';
import { type ComposeModel, mapServices, parseModel } from './model.ts';
import { looksLikeFile, missingSources, relocate } from './mounts.ts';
import { classify, dependenciesOf, selectServices, steps } from './order.ts';
import { changedKeys, serviceHash, servicesTable, writeRelease } from './release.ts';
import { type SentFile, sentTree } from './sent-files.ts';

const STAGE = '/srv/shop/.deploy/incoming/x/files/project/shop';
const resolved = () => parseModel(readFileSync(join(__dirname, 'fixtures/resolved.json'), 'utf8'));
const file = (path: string, content: string, executable = false): SentFile => ({
  path,
  content: Buffer.from(content),
  executable,
});
const places = { stage: STAGE, path: '/srv/shop', shared: new Set<string>() };

test("what was sent is mounted by its content, what is the user's own from shared/", () => {
  const sent = [file('nginx.conf', 'v1'), file('conf.d/a.conf', 'a'), file('c1.txt', 'one')];
  const { model, trees, shared } = relocate(resolved(), places, sent);
  const sources = model.services['web']!.volumes!.map((mount) => mount.source);
  expect(sources).toEqual([
    `/srv/shop/files/${sentTree(sent, 'nginx.conf')!.sha256}/nginx.conf`,
    `/srv/shop/files/${sentTree(sent, 'conf.d')!.sha256}/conf.d`,
    'media',
  ]);
  expect(model.services['db']!.volumes![0]!.source).toBe('/srv/shop/shared/data');
  expect(model.configs!['c1']!.file).toBe(`/srv/shop/files/${sentTree(sent, 'c1.txt')!.sha256}/c1.txt`);
  expect(model.secrets!['s1']!.file).toBe('/srv/shop/shared/s1.txt');
  expect(trees.map((tree) => tree.name).sort()).toEqual(['c1.txt', 'conf.d', 'nginx.conf']);
  expect(shared.map((source) => source.path).sort()).toEqual(['data', 's1.txt']);
  expect(JSON.stringify(model)).not.toContain(STAGE);
});

test('a changed file that is mounted is a new path and a changed service; nothing else changes', () => {
  const release = (content: string) => {
    const { model } = relocate(resolved(), places, [file('nginx.conf', content)]);
    return new Map(writeRelease(model, []).services.map((service) => [service.name, service.hash]));
  };
  const [before, after, again] = [release('v1'), release('v2'), release('v1')];
  expect(after.get('web')).not.toBe(before.get('web'));
  expect(after.get('db')).toBe(before.get('db'));
  expect([...again]).toEqual([...before]);
});

test('a changed config file changes the services that are given it, and only those', () => {
  const release = (content: string) => {
    const { model } = relocate(resolved(), places, [file('c1.txt', content)]);
    return new Map(writeRelease(model, []).services.map((service) => [service.name, service.hash]));
  };
  const [before, after] = [release('1'), release('2')];
  expect(after.get('web')).not.toBe(before.get('web'));
  expect(after.get('init')).toBe(before.get('init'));
});

test('equal files under two names are two trees', () => {
  const sent = [file('a.conf', 'x'), file('b.conf', 'x')];
  expect(sentTree(sent, 'a.conf')!.sha256).not.toBe(sentTree(sent, 'b.conf')!.sha256);
});

test('what the server could not find again is refused: a mount above the folder', () => {
  const above = resolved();
  above.services['db']!.volumes![0]!.source = `${places.path}/.deploy/incoming/x/files/project/data`;
  const staged = { ...places, stage: `${places.path}/.deploy/incoming/x/files/project/shop` };
  expect(() => relocate(above, staged, [])).toThrow(
    "db mounts ../data, which is outside of the compose file's folder",
  );
});

test('files sent into a folder that holds data on the server are refused', () => {
  expect(() =>
    relocate(resolved(), { ...places, shared: new Set(['data']) }, [file('data/seed.sql', 'x')]),
  ).toThrow('is on the server in shared/data as well');
});

test('what is mounted or read and not there is missing, and what looks like a file is told from a folder for data', () => {
  const { shared } = relocate(resolved(), places, []);
  const missing = missingSources(shared, new Set(['c1.txt']));
  expect(missing.map(({ path, file }) => [path, file, looksLikeFile(path)]).sort()).toEqual([
    ['conf.d', false, false],
    ['data', false, false],
    ['nginx.conf', false, true],
    ['s1.txt', true, true],
  ]);
});

test('only what is waited for or listed is one-shot', () => {
  expect([...classify(resolved(), [])].filter(([, kind]) => kind === 'once').map(([name]) => name)).toEqual([
    'init',
  ]);
  expect(classify(resolved(), ['web']).get('web')).toBe('once');
  expect(() => classify(resolved(), ['nope'])).toThrow('nope is not a service');
});

test('services start after what they need', () => {
  expect(Object.fromEntries(steps(resolved()))).toEqual({ db: 0, init: 1, web: 2 });
  expect(dependenciesOf(resolved(), ['web'])).toEqual(['db', 'init']);
  expect(Object.keys(selectServices(resolved(), ['init']).services)).toEqual(['db', 'init']);
});

test('services that need each other in a circle are named', () => {
  const model: ComposeModel = {
    name: 'x',
    services: { a: { links: ['b'] }, b: { network_mode: 'service:a' } },
  };
  expect(() => steps(model)).toThrow('a -> b -> a');
});

test('the hash ignores what makes no difference to a container', () => {
  const model = resolved();
  const changed = mapServices(model, (service) => ({
    ...service,
    deploy: { ...service.deploy, replicas: 7 },
    build: { context: '.' },
    pull_policy: 'always',
    profiles: ['z'],
    depends_on: {},
    labels: { ...service.labels, [LABELS.hash]: 'old' },
  }));
  const plain = mapServices(model, (service) => ({ ...service, deploy: { ...service.deploy }, labels: {} }));
  for (const name of Object.keys(model.services))
    expect(serviceHash(changed, name)).toBe(serviceHash(plain, name));
  const environment = mapServices(model, (service) => ({
    ...service,
    environment: { ...service.environment, NEW: '1' },
  }));
  expect(serviceHash(environment, 'web')).not.toBe(serviceHash(model, 'web'));
});

test('the release keeps dollars as Compose wrote them, drops profiles, and its table has seven plain columns', () => {
  const { model } = applyImages(relocate(resolved(), places, []).model, new Map(), 'off');
  const { json, services } = writeRelease(model, []);
  const written = JSON.parse(json) as ComposeModel;
  expect(written.services['web']!.environment!['DB_PASSWORD']).toBe('a$$b"c\\d');
  expect(written.services['web']!.profiles).toBeUndefined();
  for (const service of services)
    expect(written.services[service.name]!.labels![LABELS.hash]).toBe(service.hash);
  expect(
    servicesTable(services)
      .trim()
      .split('\n')
      .map((line) => line.split(' ').length),
  ).toEqual([7, 7, 7]);
  expect(servicesTable(services)).toMatch(/^0 long gate 1 [0-9a-f]{64} postgres:16 db\n/);
});

test('changes are told by the names of keys, never by values', () => {
  const before = resolved().services['web']!;
  const after = {
    ...before,
    environment: { ...before.environment, DB_PASSWORD: 'topsecret', ADDED: 'x' },
    image: 'other',
  };
  expect(changedKeys(before, after)).toEqual(['environment.ADDED', 'environment.DB_PASSWORD', 'image']);
  expect(changedKeys(before, before)).toEqual([]);
});
