import { expect, test } from '@jest/globals';
import type { Service } from '../model.ts';
import { one, translated } from '../testing/stack.ts';

test('a service stands in a stack with what Compose would have given it', () => {
  const { web, refusals, release, stack } = translated(
    one({
      command: ['serve', '--price', '5$$'],
      environment: { A: 'a$$b', EMPTY: '', UNSET: null },
      cap_drop: ['ALL'],
      init: true,
      stop_grace_period: '1m0s',
      labels: { 'org.example': 'x' },
      'x-note': 'kept',
    }),
  );
  expect(refusals).toEqual([]);
  expect(web).toEqual({
    image: 'web:v1',
    command: ['serve', '--price', '5$$'],
    environment: { A: 'a$$b', EMPTY: '', UNSET: null },
    cap_drop: ['ALL'],
    init: true,
    stop_grace_period: '1m0s',
    labels: { 'org.example': 'x' },
    networks: { default: null },
    'x-note': 'kept',
    deploy: {
      mode: 'replicated',
      replicas: 1,
      endpoint_mode: 'dnsrr',
      labels: { 'deploy-actions.hash': release.services[0]!.hash },
      restart_policy: { condition: 'any' },
      update_config: { failure_action: 'pause', order: 'stop-first' },
    },
  });
  expect(stack.networks).toEqual({ default: { name: 'shop_default', driver: 'overlay', attachable: true } });
});

test('what Swarm would read as a template in a variable stays what it is; its own placeholders are filled in, and told', () => {
  const { web, release } = translated(
    one({
      environment: {
        FORMAT: '{{json .}} {{{',
        NODE: 'on {{.Node.Hostname}}',
        BOTH: '{{range .}}{{.Task.Slot}}{{end}}',
      },
    }),
  );
  expect(web['environment']).toEqual({
    FORMAT: '{{"{{"}}json .}} {{"{{"}}{{"{"}}',
    NODE: 'on {{.Node.Hostname}}',
    BOTH: '{{"{{"}}range .}}{{.Task.Slot}}{{"{{"}}end}}',
  });
  expect(release.notes).toEqual(['web: Swarm fills in its placeholders in NODE, BOTH']);
});

test('an empty variable that the CLI has itself is refused: it would put its own value there', () => {
  expect(translated(one({ environment: { HOME: '', PATH: null, USER: '' } })).keys).toEqual([
    'services.web.environment.HOME',
    'services.web.environment.PATH',
  ]);
});

test('an entrypoint that is an empty list means none, with a command; without one it is refused', () => {
  expect(translated(one({ entrypoint: [], command: ['run'] })).web).toMatchObject({
    entrypoint: [''],
    command: ['run'],
  });
  expect(translated(one({ entrypoint: [] })).keys).toEqual(['services.web.entrypoint']);
  expect(translated(one({ command: [] })).web).not.toHaveProperty('command');
});

test('extra hosts are written as every version reads them', () => {
  const extra_hosts = ['db=10.0.0.5', 'host.docker.internal=host-gateway', 'six=[fd00::1]', 'old:10.0.0.6'];
  expect(translated(one({ extra_hosts })).web['extra_hosts']).toEqual([
    'db:10.0.0.5',
    'host.docker.internal:host-gateway',
    'six:fd00::1',
    'old:10.0.0.6',
  ]);
});

test('a link that only repeats a name is left out; one with another name is refused', () => {
  const db = { image: 'postgres:17' };
  expect(translated(one({ links: ['db', 'db:db'] }, { services: { db } })).keys).toEqual([]);
  expect(translated(one({ links: ['db:database'] }, { services: { db } })).refusals).toMatchObject([
    { key: 'services.web.links', remedy: expect.stringContaining('aliases: [database]') },
  ]);
});

test('a restart with another service is told, unless it is only what Compose adds to a link', () => {
  const db = { image: 'postgres:17' };
  const depends_on = { db: { condition: 'service_started' as const, restart: true } };
  const notes = (keys: Partial<Service>) =>
    translated(one(keys, { services: { db } })).release.notes.filter((note) => note.startsWith('web'));
  expect(notes({ depends_on })).toEqual([
    'web is not started anew with db (depends_on, restart: true): its clients must connect again',
  ]);
  expect(notes({ depends_on, links: ['db'] })).toEqual([]);
});
