import { expect, test } from '@jest/globals';
import { underWay } from './under-way.ts';

const of = (deploymentId: string, runUrl = '') => ({ deploymentId, runUrl });
const run = (operation: string, deploymentId: string, runUrl = '') => ({
  operation,
  ...of(deploymentId, runUrl),
});

test('a rollback to something named ends a switch that is under way, whoever started it', () => {
  expect(underWay(run('switch', '9-deploy'), of('7-rollback'), true)).toBe('stop');
  expect(underWay(run('switch', 'release-4'), of('7-rollback'), true)).toBe('stop');
});

test('the step at the end of a job leaves what another run has under way', () => {
  for (const operation of ['switch', 'deploy', 'rollback', 'confirm']) {
    expect(underWay(run(operation, '9-deploy'), of('7-deploy'), false)).toBe('leave');
  }
});

test('a deploy or a rollback of another run is waited for by the lock, never stopped', () => {
  for (const operation of ['deploy', 'rollback', 'redeploy', 'confirm']) {
    expect(underWay(run(operation, '9-deploy'), of('7-deploy'), true)).toBe('leave');
  }
});

test('what the same workflow run has under way is stopped, but for a rollback', () => {
  for (const isNamed of [true, false]) {
    expect(underWay(run('switch', '7-deploy'), of('7-rollback'), isNamed)).toBe('stop');
    expect(underWay(run('deploy', '7-deploy'), of('7-rollback'), isNamed)).toBe('stop');
    expect(underWay(run('rollback', '7-deploy'), of('7-rollback'), isNamed)).toBe('await');
    expect(underWay(run('redeploy', '7-deploy'), of('7-rollback'), isNamed)).toBe('await');
  }
});

test('a step with another id that has the same workflow run’s address is of that run', () => {
  const deploy = run('deploy', 'release-4', 'https://ci.test/7');
  expect(underWay(deploy, of('7-deploy', 'https://ci.test/7'), false)).toBe('stop');
  expect(underWay(deploy, of('7-deploy', 'https://ci.test/70'), false)).toBe('leave');
});
