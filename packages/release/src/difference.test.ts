import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  type ComposeModel,
  type ObservedContainer,
  type ReleaseService,
  planChanges,
  servicesTable,
} from '@deploy-actions/compose';
import { ENGINE_PARTS } from '@deploy-actions/engine';
import { joinsTable, restartsTable } from './tables.ts';

const HASH = 'a'.repeat(64);
const ID = (letter: string) => `sha256:${letter.repeat(64)}`;

/** A container that is as the release wants its service `web`, but for what is said. */
const container = (more: Partial<ObservedContainer> = {}): ObservedContainer => ({
  id: 'c1',
  name: 'shop-web-1',
  project: 'shop',
  service: 'web',
  oneOff: false,
  image: 'web:v1',
  imageId: ID('1'),
  hash: HASH,
  engineHash: '',
  folder: '',
  status: 'running',
  exitCode: 0,
  health: undefined,
  startedAt: '2026-01-01T00:00:00Z',
  restarts: 0,
  joined: [],
  ...more,
});

const service = (more: Partial<ReleaseService> = {}): ReleaseService => ({
  name: 'web',
  kind: 'long',
  step: 0,
  gate: false,
  replicas: 1,
  hash: HASH,
  image: 'web:v1',
  ...more,
});
const once = service({ kind: 'once' });
const ended = container({ status: 'exited' });

interface Case {
  what: string;
  services?: readonly ReleaseService[];
  containers?: readonly ObservedContainer[];
  /** Whose namespaces `web` is in. */
  joins?: string;
  /** What `web` is restarted with. */
  restartedWith?: string;
  /** Lines of id and hash. */
  adopted?: readonly string[];
  /** Services that differ, and why; and those whose containers are removed. */
  differs: Readonly<Record<string, string>>;
  /** Services whose containers stay and are restarted. */
  restarted?: readonly string[];
}

/** What a plan says will be changed and what the program then finds different: one table for both. */
const CASES: readonly Case[] = [
  { what: 'the same is kept', containers: [container()], differs: {} },
  { what: 'what is not there is made', differs: { web: '' } },
  { what: 'what is wanted nowhere and is not there', services: [service({ replicas: 0 })], differs: {} },
  {
    what: 'what is wanted nowhere and is there',
    services: [service({ replicas: 0 })],
    containers: [container()],
    differs: { web: 'replicas 1 -> 0' },
  },
  {
    what: 'another configuration',
    containers: [container({ hash: 'b'.repeat(64) })],
    differs: { web: 'configuration' },
  },
  {
    what: 'a container from elsewhere',
    containers: [container({ hash: '' })],
    differs: { web: 'configuration' },
  },
  {
    what: 'a container from elsewhere that counts as having the configuration',
    containers: [container({ hash: '' })],
    adopted: [`c1 ${HASH}`],
    differs: {},
  },
  {
    what: 'a container from elsewhere that counts as having another configuration',
    containers: [container({ hash: '' })],
    adopted: [`c1 ${'b'.repeat(64)}`],
    differs: { web: 'configuration' },
  },
  { what: 'another reference', containers: [container({ image: 'web:v0' })], differs: { web: 'image' } },
  {
    what: 'the same reference with another image behind it',
    containers: [container({ imageId: ID('2') })],
    differs: { web: 'image' },
  },
  ...['created', 'paused', 'restarting', 'exited', 'dead'].map((status) => ({
    what: `a service that is ${status}`,
    containers: [container({ status })],
    differs: { web: `not running (${status})` },
  })),
  {
    what: 'too many replicas',
    containers: [container(), container({ id: 'c2', name: 'shop-web-2' })],
    differs: { web: 'replicas 2 -> 1' },
  },
  {
    what: 'too few replicas',
    services: [service({ replicas: 2 })],
    containers: [container()],
    differs: { web: 'replicas 1 -> 2' },
  },
  {
    what: 'one replica of two that differs',
    services: [service({ replicas: 2 })],
    containers: [container(), container({ id: 'c2', image: 'web:v0' })],
    differs: { web: 'image' },
  },
  { what: 'a one-shot that has succeeded', services: [once], containers: [ended], differs: {} },
  { what: 'a one-shot that has not run', services: [once], differs: { web: '' } },
  {
    what: 'a one-shot that failed',
    services: [once],
    containers: [container({ status: 'exited', exitCode: 1 })],
    differs: { web: 'has not succeeded (exited)' },
  },
  {
    what: 'a one-shot that runs',
    services: [once],
    containers: [container()],
    differs: { web: 'has not succeeded (running)' },
  },
  {
    what: 'a one-shot with one container too many',
    services: [once],
    containers: [ended, { ...ended, id: 'c2' }],
    differs: { web: 'replicas 2 -> 1' },
  },
  {
    what: "a container in another one's network that is there",
    services: [service(), service({ name: 'db' })],
    joins: 'db',
    containers: [container({ joined: ['c2'] }), container({ id: 'c2', service: 'db' })],
    differs: {},
  },
  {
    what: "a container in another one's network that went",
    services: [service(), service({ name: 'db' })],
    joins: 'db',
    containers: [container({ joined: ['c0'] }), container({ id: 'c2', service: 'db' })],
    differs: { web: 'what it joined is gone' },
  },
  {
    what: 'a container that joined one by its id, of no service here',
    containers: [container({ joined: ['c0'] })],
    differs: {},
  },
  {
    what: 'a service that is restarted with another one, which is as it should be',
    services: [service(), service({ name: 'db' })],
    restartedWith: 'db',
    containers: [container(), container({ id: 'c2', service: 'db' })],
    differs: {},
  },
  {
    what: 'a service that is restarted with another one, which differs',
    services: [service(), service({ name: 'db' })],
    restartedWith: 'db',
    containers: [container(), container({ id: 'c2', service: 'db', image: 'web:v0' })],
    differs: { db: 'image' },
    restarted: ['web'],
  },
  {
    what: 'a service that differs itself, and would be restarted with another one',
    services: [service(), service({ name: 'db' })],
    restartedWith: 'db',
    containers: [container({ status: 'exited' }), container({ id: 'c2', service: 'db', image: 'web:v0' })],
    differs: { web: 'not running (exited)', db: 'image' },
  },
  {
    what: 'a service that is restarted with another one, whose number changes',
    services: [service(), service({ name: 'db', replicas: 2 })],
    restartedWith: 'db',
    containers: [container(), container({ id: 'c2', service: 'db' })],
    differs: { db: 'replicas 1 -> 2' },
    restarted: ['web'],
  },
  {
    what: 'one of `compose run` is no part of the stack',
    containers: [container(), container({ id: 'c2', oneOff: true })],
    differs: {},
  },
  {
    what: 'a service that the release does not have',
    containers: [container(), container({ id: 'c2', service: 'old' })],
    differs: { old: 'not in the compose file' },
  },
];

const model = ({ services = [service()], joins, restartedWith }: Case): ComposeModel => ({
  name: 'shop',
  services: Object.fromEntries(
    services.map((one) => [
      one.name,
      {
        image: one.image,
        ...(joins && one.name === 'web' && { network_mode: `service:${joins}` }),
        ...(restartedWith &&
          one.name === 'web' && {
            depends_on: { [restartedWith]: { condition: 'service_started' as const, restart: true } },
          }),
      },
    ]),
  ),
});

test.each(CASES)('a plan says of $what: $differs', (given) => {
  const { services = [service()], containers = [], adopted = [], differs, restarted = [] } = given;
  const changes = planChanges({
    model: model(given),
    services,
    previous: undefined,
    containers,
    images: [{ id: ID('1'), repository: 'web', tag: 'v1', digest: '' }],
    adopted: new Set(adopted),
    removeOrphans: true,
  }).filter(({ action }) => action !== 'keep');
  const restarts = changes.filter(({ action }) => action === 'restart');
  expect(restarts.map((one) => one.service)).toEqual(restarted);
  expect(
    Object.fromEntries(
      changes.filter((one) => !restarts.includes(one)).map((one) => [one.service, one.reasons.join()]),
    ),
  ).toEqual(differs);
});

const parts = [
  ENGINE_PARTS.map((one) => one.source()).join(''),
  ...['surveyed', 'stack', 'starting', 'bring-up'].map((name) =>
    readFileSync(join(import.meta.dirname, `sh/${name}.sh`), 'utf8'),
  ),
];

/** A line as `survey` writes it. */
const surveyed = (one: ObservedContainer) =>
  [
    one.service,
    one.id,
    one.hash || '-',
    one.imageId,
    one.status,
    one.exitCode,
    one.restarts,
    one.health ?? 'none',
    false,
    1,
    one.startedAt,
    `/${one.name}`,
    one.image,
    [...one.joined.map((id) => `container:${id}`), 'default', 'private'].slice(0, 2).join(','),
  ].join(' ') + '\n';

describe.each([[['dash']], [['busybox', 'sh']]])('%s', (shell) => {
  test.each(CASES)('the program finds the same of $what', (given) => {
    const { services = [service()], containers = [], adopted = [], differs, restarted = [] } = given;
    const folder = mkdtempSync(join(tmpdir(), 'difference-'));
    try {
      mkdirSync(join(folder, '.deploy'));
      const files = {
        '.deploy/adopted': adopted.map((line) => `${line}\n`).join(''),
        services: servicesTable(services),
        joins: joinsTable(model(given)),
        restarts: restartsTable(model(given)),
        log: '',
        images: services.map((one) => `${one.name} ${ID('1')} ${one.image}\n`).join(''),
        // What `survey` leaves out is told by a label.
        containers: containers
          .filter((one) => !one.oneOff)
          .map(surveyed)
          .join(''),
      };
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
      const [command, ...options] = shell as [string, ...string[]];
      const script = `set -u
path=$1 scratch=$1 run=$1 project=shop stop_timeout=
${parts.join('')}
say() { :; }
await_gates() { :; }
run_locked() { shift 5; printf 'restart %s\\n' "$@"; }
changed_services=$(not_current "$1" | tr '\\n' ' ')
[ -z "$changed_services" ] || printf '%s\\n' $changed_services
restart_dependents "$1"
orphans "$1" | while read -r id _; do awk -v id="$id" '$2 == id { print $1 }' "$1/containers"; done
`;
      const done = spawnSync(command, [...options, '-c', script, 'sh', folder], { encoding: 'utf8' });
      expect(done.error).toBeUndefined();
      expect(done.stderr).toBe('');
      expect(done.stdout.split('\n').filter(Boolean)).toEqual([
        ...services.map(({ name }) => name).filter((name) => name in differs),
        ...restarted.map((name) => `restart ${name}`),
        ...Object.keys(differs).filter((name) => !services.some((one) => one.name === name)),
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
