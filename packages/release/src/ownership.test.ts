import { expect, test } from '@jest/globals';
import type { ObservedContainer } from '@deploy-actions/compose';
import { type Leftover, leftovers } from './leftover.ts';
import { type Owned, refuseLeftovers, refuseOtherFolder } from './ownership.ts';

const container = (change: Partial<ObservedContainer>): ObservedContainer => ({
  id: '1',
  name: 'app-web-1',
  project: 'app',
  service: 'web',
  oneOff: false,
  image: 'web:v1',
  imageId: 'sha256:0',
  hash: 'f00',
  engineHash: '',
  folder: '/srv/a/app',
  status: 'running',
  exitCode: 0,
  health: undefined,
  startedAt: '2026-01-01T00:00:00Z',
  restarts: 0,
  joined: [],
  ...change,
});
const found = (...containers: ObservedContainer[]) => ({ project: 'app', containers });

test('two applications of one name in two folders: the second one is refused, with both folders', () => {
  expect(() => refuseOtherFolder(found(container({})), '/srv/b/app')).toThrow(
    'the project app belongs to the application in /srv/a/app, and this is /srv/b/app: app-web-1 would be',
  );
});

test('a colour of the other application counts, also one that is stopped', () => {
  const green = container({ project: 'app-green', name: 'app-green-web-1', status: 'exited' });
  expect(() => refuseOtherFolder(found(green), '/srv/b/app')).toThrow('app-green-web-1');
});

test('its own folder is fine, however it is written, and what others started is for adoption to decide', () => {
  expect(() => refuseOtherFolder(found(container({})), '/srv/a/app/')).not.toThrow();
  expect(() =>
    refuseOtherFolder(found(container({ hash: '', folder: '/root/app' })), '/srv/b/app'),
  ).not.toThrow();
  expect(() => refuseOtherFolder(found(), '/srv/b/app')).not.toThrow();
});

const volume = (name: string, project = 'app'): Leftover => ({ kind: 'volume', name, project, folder: '' });
const network = (name: string): Leftover => ({ ...volume(name), kind: 'network' });
const claim = (folder: string): Leftover => ({ ...volume('deploy-actions.app', ''), folder });
const left = (all: Leftover[], more: Partial<Owned> = {}): Owned => ({
  project: 'app',
  containers: [],
  leftovers: all,
  current: '',
  previousRelease: undefined,
  history: [],
  ...more,
});
const MODEL = { name: 'app', services: {}, volumes: { data: { name: 'app_data' } } };
const judge = (owned: Owned, adopt = false) => refuseLeftovers(owned, MODEL, '/srv/b/app', adopt);

test('volumes of an application without a container, noted for another folder, are refused with both folders', () => {
  expect(() => judge(left([volume('app_data'), claim('/srv/a/app')]))).toThrow(
    'the project app belongs to the application in /srv/a/app, and this is /srv/b/app: the volume app_data would be taken over',
  );
  // Also with `adopt`, and also what this release would not use.
  expect(() => judge(left([volume('app_old'), claim('/srv/a/app')]), true)).toThrow('the volume app_old');
});

test('a network alone of another folder is refused as well', () => {
  expect(() => judge(left([network('app_default'), claim('/srv/a/app')]))).toThrow('the network app_default');
});

test('volumes that nothing tells the folder of are refused, unless the user says that they are this one’s', () => {
  const refusal = expect.objectContaining({
    code: 'foreign-volumes',
    remedy: expect.stringMatching(/`project: app-2`.*`adopt: true` once/s),
  });
  expect(() => judge(left([volume('app_data')]))).toThrow(refusal);
  expect(() => judge(left([volume('app_data')]), true)).not.toThrow();
});

test('what nobody loses is no refusal', () => {
  // Its own, by the note or by an earlier version's records; other volumes; a network that holds nothing.
  expect(() => judge(left([volume('app_data'), claim('/srv/b/app')]))).not.toThrow();
  expect(() => judge(left([volume('app_data')], { current: '20260101-000000-v1-abcd' }))).not.toThrow();
  expect(() =>
    judge(left([volume('app_other'), volume('web_data', 'web'), network('app_default')])),
  ).not.toThrow();
  // Of a note nothing is left.
  expect(() => judge(left([claim('/srv/a/app')]))).not.toThrow();
});

test('what the engine says of volumes is believed by its form', () => {
  expect(
    leftovers('volume', '{"name":"a","project":"","folder":""}\nnull\n{"name":{}}\nWARNING: x\n'),
  ).toEqual([{ kind: 'volume', name: 'a', project: '', folder: '' }]);
});
