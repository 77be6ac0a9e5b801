import { expect, test } from '@jest/globals';
import type { Container, ContainerEvent } from '@deploy-actions/probe';
import { type ContainerSignals, type Incident, containerSignals } from './container-signals.ts';

const api: Container = {
  id: 'c1',
  name: 'shop-api-1',
  service: 'api',
  task: undefined,
  status: 'running',
  exitCode: 0,
  oomKilled: false,
  error: '',
  health: undefined,
  restarts: 0,
  restartPolicy: 'unless-stopped',
  startedAt: '2026-01-01T00:00:00Z',
  stoppedFor: undefined,
};
const event = (action: string, more: Partial<ContainerEvent> = {}): ContainerEvent => ({
  action,
  id: 'c1',
  name: 'shop-api-1',
  service: 'api',
  at: 1000,
  exitCode: NaN,
  signal: '',
  health: '',
  ...more,
});
const die = (exitCode: number, more: Partial<ContainerEvent> = {}) => event('die', { exitCode, ...more });

/** What a watch that begins at 500 makes of a project. */
function watched(
  start: Container[],
  events: ContainerEvent[],
  end: Container[] = start,
  services: string[] = [],
  by: Parameters<ContainerSignals['stopped']>[1] = { others: 'somebody' },
) {
  const incidents: Incident[] = [];
  const signals: ContainerSignals = containerSignals(
    { project: 'shop', services },
    (one) => incidents.push(one),
    (stop) => signals.stopped(stop, by),
  );
  signals.listed(start, 500);
  events.forEach(signals.event);
  signals.finish(end);
  return {
    told: incidents.map(({ reason, counted }) => [reason, counted]),
    notes: signals.notes,
    missing: signals.missing(),
  };
}

test('a crash counts as one restart, also where it exits with 0 and the engine starts it again', () => {
  const again = { ...api, restarts: 1 };
  expect(watched([api], [die(1), event('start')], [again]).told).toEqual([['exited with code 1', true]]);
  expect(watched([api], [die(0), event('start')], [again]).told).toEqual([['exited with code 0', true]]);
});

test('an OOM kill and the death that it causes are one, in either order of the events; a second one is a second', () => {
  const again = { ...api, restarts: 1 };
  const oom = 'was killed for lack of memory (OOM)';
  expect(watched([api], [event('oom'), die(137)], [again]).told).toEqual([[oom, true]]);
  expect(watched([api], [die(137), event('oom', { at: 1200 })], [again]).told).toEqual([[oom, true]]);
  expect(watched([api], [event('oom'), die(137), event('start'), event('oom'), die(137)]).told).toEqual([
    [oom, true],
    [oom, true],
  ]);
  // Only a child of the container was killed: its service may go on half.
  expect(watched([api], [event('oom')]).told).toEqual([[oom, true]]);
});

const STOP = [event('kill', { signal: '15' }), die(143)];
const OURS = { ours: 'deploy-1' };

test('what a run of ours stops is noted and no alarm, also where it stays stopped; what anybody else stops is one', () => {
  const replaced = { ...api, id: 'c2', name: 'shop-api-2' };
  const gone = { ...api, status: 'exited', exitCode: 143 };
  for (const end of [[replaced], [gone], []]) {
    const { told, notes } = watched([api], STOP, end, [], OURS);
    expect([told, notes]).toEqual([[], ['shop-api-1 (service api) was stopped by deploy-1']]);
    const others = watched([api], STOP, end);
    expect([others.told, others.notes]).toEqual([[['was stopped by somebody', true]], []]);
  }
  // A reload by a signal is none.
  expect(watched([api], [event('kill', { signal: '1' }), die(1)], [api], [], OURS).told).toEqual([
    ['exited with code 1', true],
  ]);
});

test('a crash is one, also while a run of ours is at work', () => {
  expect(watched([api], [die(1)], [api], [], OURS).told).toEqual([['exited with code 1', true]]);
  const gone = { ...api, status: 'exited', exitCode: 0 };
  expect(watched([api], [...STOP, event('start')], [gone], [], OURS).told).toEqual([
    ['ran at the start and does not at the end', false],
  ]);
});

test('a one-shot service that ends with 0 is fine', () => {
  const job = { ...api, restartPolicy: 'no' };
  expect(watched([job], [die(0)], [{ ...job, status: 'exited' }]).told).toEqual([]);
  expect(watched([job], [die(0)], [{ ...job, status: 'exited' }], ['api']).told).toEqual([
    ['exited with code 0', true],
  ]);
});

test('unhealthy ends it at once; what rang before the watch began is told and not ignored', () => {
  const ill = { ...api, health: 'unhealthy' };
  expect(watched([api], [event('health_status', { health: 'unhealthy' })]).told).toEqual([
    ['became unhealthy', false],
  ]);
  expect(watched([api], [event('health_status', { health: 'healthy' })]).told).toEqual([]);
  expect(watched([ill], []).told).toEqual([['was unhealthy before the watch began', false]]);
  const looping = { ...api, status: 'restarting', exitCode: 1, restarts: 4 };
  expect(watched([looping], [], [looping]).told[0]![0]).toBe(
    'exited with code 1 and is restarting (4 restarts) before the watch began',
  );
});

test('events of before are history; restarts that no event told of are found by the count at the end', () => {
  expect(watched([api], [die(1, { at: 400 })]).told).toEqual([]);
  expect(watched([api], [], [{ ...api, restarts: 2 }]).told).toEqual([
    ['was restarted 2 times, as the engine counts', true],
  ]);
});

test('a project or a service without a container is no data', () => {
  expect(watched([], []).missing).toEqual(['project shop runs no container']);
  expect(watched([api], [], [api], ['api', 'worker']).missing).toEqual([
    'project shop runs no container of service worker',
  ]);
  expect(watched([api], []).missing).toEqual([]);
});
