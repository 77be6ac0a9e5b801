import { expect, test } from '@jest/globals';
import type { ObservedContainer } from '@deploy-actions/compose';
import { refuseOtherFolder } from './ownership.ts';

const container = (change: Partial<ObservedContainer>): ObservedContainer => ({
  id: '1',
  name: 'app-web-1',
  project: 'app',
  service: 'web',
  oneOff: false,
  image: 'web:v1',
  imageId: 'sha256:0',
  hash: 'f00',
  composeHash: '',
  workingDir: '/srv/a/app',
  configFiles: [],
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
    refuseOtherFolder(found(container({ hash: '', workingDir: '/root/app' })), '/srv/b/app'),
  ).not.toThrow();
  expect(() => refuseOtherFolder(found(), '/srv/b/app')).not.toThrow();
});
