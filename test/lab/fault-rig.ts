import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { Host, Lab } from '@deploy-actions/lab';
import type { RunningBundle } from '@deploy-actions/tooling';
import { type DeployInputs, deployInputs, startDeploy } from './deploy-rig.ts';

/** The application's folder on the server. */
export const PATH = '/srv/deploy/shop';

/**
 * A stack that comes up in a second, so that many faults can be tried: an API of the sample application that needs no
 * database, and a store that no version changes. Its "migration" and "after-up" leave a line each in `shared/data`.
 */
const COMPOSE = `name: shop
services:
  api:
    image: \${REGISTRY}/shop/api:\${TAG}
    restart: unless-stopped
    ports: ['8080:8000']
    environment: { DATABASE_URL: 'postgres://nobody@127.0.0.1/none', REDIS_URL: 'redis://store:6379' }
    volumes: ['./data:/data']
    healthcheck: &often
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8000/api/health/']
      interval: 5s
      retries: 3
      start_period: 30s
      start_interval: 200ms
  store:
    image: \${REGISTRY}/shop/redis:8
    restart: unless-stopped
    healthcheck:
      <<: *often
      test: [CMD, redis-cli, ping]
`;

/** What a deployment of this stack journals, in order; every one is a place where it can be interrupted. */
export const JOURNAL = [
  'locked',
  'phase:preflight',
  'phase:pull',
  'phase:migrate',
  'migration:before',
  'migration:begin',
  'migrate-01:begin',
  'migrate-01:done',
  'migrated:done',
  'phase:up',
  'up:begin',
  'phase:wait',
  'phase:after-up',
  'after-up-01:begin',
  'after-up-01:done',
  'phase:finish',
  'committed',
] as const;

/** Where a run can be made to stand still: each journal entry, and just before the result. */
export const BOUNDARIES: readonly string[] = [...JOURNAL.map((event) => `${event}:before`), 'result:before'];

/** With this set, every fault is tried at every place; without, each place has one of them. */
export const IS_FULL = process.env['DEPLOY_ACTIONS_FULL_MATRIX'] !== undefined;

/**
 * Deals out the places: with two hands (the client's faults and the server's) every second one each, with the faults
 * of a hand in turn.
 */
export function matrix<T extends string>(hand: 0 | 1, faults: readonly T[]): { place: string; fault: T }[] {
  if (IS_FULL) return BOUNDARIES.flatMap((place) => faults.map((fault) => ({ place, fault })));
  return BOUNDARIES.filter((_, index) => index % 2 === hand).map((place, index) => ({
    place,
    fault: faults[index % faults.length] as T,
  }));
}

let runs = 0;

/** A deployment of the small stack: the same `run` again is a rerun of the same workflow run. */
export interface SmallDeploy {
  readonly run: string;
  readonly tag: string;
  /** The number of the workflow run, where runs are to have an order. */
  readonly runNumber?: number;
  readonly actor?: string;
}

/** A deployment that no other has the id of. */
export function newDeploy(tag: string): SmallDeploy {
  runs += 1;
  return { run: `${process.pid}${String(runs).padStart(4, '0')}`, tag };
}

/** The one of two versions that does not serve now, so that each deployment changes something. */
export async function otherTag(host: Host): Promise<string> {
  return (await siteOf(host)).version === 'v1' ? 'v2' : 'v1';
}

/** Starts it on the host, or through `port` of a link to the host. */
export function startSmall(
  lab: Lab,
  { run, tag, runNumber, actor }: SmallDeploy,
  more: DeployInputs = {},
  given: {
    readonly host?: Host;
    readonly port?: number;
    readonly onLine?: (line: string) => void;
    readonly compose?: (text: string) => string;
  } = {},
): RunningBundle {
  const { host = lab.host, port = host.sshPort } = given;
  const workspace = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  writeFileSync(join(workspace, 'compose.yaml'), given.compose?.(COMPOSE) ?? COMPOSE);
  const inputs = deployInputs(
    lab,
    tag,
    {
      host: `deploy@127.0.0.1:${port}`,
      'known-hosts': host.knownHosts({ port }),
      files: '',
      migrate: `api: sh -c 'echo ${run} >>/data/migrations'`,
      'migration-state': '',
      'migration-reversible': true,
      'after-up': `api: sh -c 'echo ${run} >>/data/after-up'`,
      'wait-timeout': '60s',
      ...more,
    },
    [host],
  );
  return startDeploy(inputs, {
    workspace,
    runId: run,
    ...(runNumber === undefined ? {} : { runNumber }),
    ...(actor === undefined ? {} : { env: { GITHUB_ACTOR: actor, GITHUB_TRIGGERING_ACTOR: actor } }),
    ...(given.onLine === undefined ? {} : { onLine: given.onLine }),
    timeout: 580_000,
  });
}

/** Makes the next run on this host stand still at a place of the journal, such as `phase:pull:before`. */
async function pauseAt(host: Host, place: string): Promise<void> {
  await host.write(`${PATH}/.deploy/pause-at`, `${place}\n`, { mode: '0600' });
}

/** Lets it go on. */
export async function resume(host: Host): Promise<void> {
  await host.sh(`rm -f ${PATH}/.deploy/pause-at`);
}

/** Starts a deployment and waits until it stands still at a place; an error with its log if it ends before. */
export async function startPaused(
  host: Host,
  place: string,
  { run }: SmallDeploy,
  start: () => RunningBundle,
): Promise<RunningBundle> {
  await pauseAt(host, place);
  const action = start();
  const ended = action.done.then(({ shown }) => {
    throw new Error(`it ended before ${place}:\n${shown}`);
  });
  const paused = host.sh(
    `cd ${PATH}/.deploy/runs
     for i in $(seq 1200); do
       last=$(ls -d ${run}-deploy/deploy-* 2>/dev/null | tail -n 1)
       [ -z "$last" ] || [ "$(cat "$last/state" 2>/dev/null)" != paused ] || exit 0
       sleep 0.1
     done
     exit 1`,
  );
  // Of two that lose, one may fail later.
  paused.catch(() => {});
  ended.catch(() => {});
  await Promise.race([paused, ended]);
  return action;
}

/** Waits until the last run of the deployment has a result on the server; answers its outcome. */
export async function ended(host: Host, { run }: SmallDeploy): Promise<string> {
  const outcome = await host.sh(
    `cd ${PATH}/.deploy/runs
     for i in $(seq 900); do
       last=$(ls -d ${run}-deploy/deploy-* | tail -n 1)
       [ ! -e "$last/result" ] || { cat "$last/outcome"; exit 0; }
       sleep 0.1
     done
     cat "$last/state" "$last/log" >&2
     exit 1`,
  );
  return outcome.trim();
}

/** Kills the program of the deployment on the server, as its last run. */
export async function killProgram(host: Host, { run }: SmallDeploy): Promise<void> {
  await host.sh(
    `read -r pid _ <"$(ls -d ${PATH}/.deploy/runs/${run}-deploy/deploy-* | tail -n 1)/pid"; kill -KILL "$pid"`,
  );
}

/** What the journal of the last run of the deployment holds, the times left out. */
export async function journalOf(host: Host, { run }: SmallDeploy): Promise<string[]> {
  const text = await host.sh(
    `cat "$(ls -d ${PATH}/.deploy/runs/${run}-deploy/deploy-* | tail -n 1)/journal"`,
  );
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
}

/** How often the deployment's migration, or its after-up command, has run. */
export async function timesRun(
  host: Host,
  name: 'migrations' | 'after-up',
  { run }: SmallDeploy,
): Promise<number> {
  return Number(await host.sh(`grep -cx ${run} ${PATH}/shared/data/${name} || :`));
}

/** What a server looks like after a fault. */
export interface Site {
  /** The version that answers; undefined when none does. */
  readonly version: string | undefined;
  /** Every container of the project: `name image state health`. */
  readonly containers: readonly string[];
  /** The version of the release that `current` names. */
  readonly current: string;
  readonly lock: 'free' | 'held';
}

export async function siteOf(host: Host): Promise<Site> {
  const text = await host.sh(
    `cd ${PATH}
     flock -n .deploy/lock true && echo free || echo held
     sed -n 's/.*"version":"\\([^"]*\\)".*/\\1/p' current/release.json
     docker ps --all --filter label=com.docker.compose.project=shop --format '{{.ID}}' |
       xargs -r docker inspect --format '{{.Name}} {{.Config.Image}} {{.State.Status}} {{with .State.Health}}{{.Status}}{{end}}' |
       sed 's/^.//' | sort`,
  );
  const [lock, current = '', ...containers] = text.trim().split('\n');
  let version: string | undefined;
  try {
    const answer = await fetch(`${host.url(8080)}/version`, { signal: AbortSignal.timeout(5000) });
    version = ((await answer.json()) as { version: string }).version;
  } catch {
    version = undefined;
  }
  return { version, containers, current, lock: lock as 'free' | 'held' };
}

/**
 * Holds that exactly one healthy version serves and nobody holds the lock: at once, or, after the engine or the server
 * has restarted, as soon as Docker has started again what ran.
 */
export async function expectSite(lab: Lab, version: string, host = lab.host): Promise<void> {
  const wanted = healthySite(lab, version);
  const end = Date.now() + 60_000;
  let site = await siteOf(host);
  while (Date.now() < end && !isDeepStrictEqual(site, wanted)) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    site = await siteOf(host);
  }
  expect(site).toEqual(wanted);
}

/** What `siteOf` answers where exactly one healthy version serves and nobody holds the lock. */
export function healthySite(lab: Lab, version: string): Site {
  return {
    version,
    containers: [
      `shop-api-1 ${lab.registry.image(`shop/api:${version}`)} running healthy`,
      `shop-store-1 ${lab.registry.image('shop/redis:8')} running healthy`,
    ],
    current: version,
    lock: 'free',
  };
}
