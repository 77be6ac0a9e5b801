import path from 'node:path';
import { ALONE, fleetFailure, runTogether } from '@deploy-actions/host';
import { systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import type { Color } from '@deploy-actions/ledger';
import { type DeployOptions, deployOperation } from '../deployment.ts';
import { inspectForDeploy } from '../inspection.ts';
import { type Wanted, prepareRelease } from '../preparation.ts';
import type { DockerServer } from './docker-servers.ts';

/** Milliseconds. */
const SOON = 20_000;

/** A release that a test wants on a server. */
export interface TestRelease {
  compose: string;
  /** The release's id and its version. */
  version: string;
  /** The colour that it is deployed to, the services that have colours, and their ports; in place without it. */
  color?: {
    color: Color | 'auto';
    services: readonly string[];
    liveOnly?: readonly string[];
    range?: { first: number; last: number };
  };
  /** The deployment's id; default `<version>-deploy`. */
  deploymentId?: string;
  /** Commands that change the schema. */
  migrate?: Wanted['hooks']['migrate'];
}

/** Deploys a release by the programs that the action deploys with. Throws the Failure where that does not succeed. */
export async function deployRelease(server: DockerServer, wanted: TestRelease): Promise<void> {
  const { host } = server;
  const { version, deploymentId = `${version}-deploy` } = wanted;
  const session = host.session();
  // Every server has claims of its own, as servers have: those of this machine belong to whatever else runs here.
  const portClaims = path.join(host.home, 'ports');
  const found = await inspectForDeploy(session, {
    path: host.path,
    project: '',
    composeFiles: [{ path: 'compose.yaml', content: Buffer.from(wanted.compose), executable: false }],
    profiles: [],
    env: new Map([['TAG', version]]),
    envFile: '',
    files: [],
    adopt: false,
    dockerHost: undefined,
    portClaims,
  });
  const request = testWanted(wanted);
  const operation = deployOperation(
    prepareRelease(found, host.path, request),
    request,
    testOptions(server, deploymentId, found.staging),
  );
  const member = { name: 'server', session, operation, reopen: () => Promise.resolve(host.session()) };
  const outcomes = await runTogether([member], ALONE, {
    clock: systemClock,
    log: memoryLog(),
    signal: new AbortController().signal,
  });
  const failure = fleetFailure(outcomes, {});
  if (failure) throw failure;
}

/** What a test wants of a release, as the action says it. */
export function testWanted({
  version,
  color,
  migrate = [],
  deploymentId = `${version}-deploy`,
}: Omit<TestRelease, 'compose'>): Wanted {
  return {
    release: version,
    version,
    images: new Map(),
    digestRule: 'named',
    services: [],
    oneShot: [],
    files: [],
    workspaceSources: new Map(),
    hooks: { 'before-up': [], migrate, 'migration-state': [], 'after-up': [] },
    removeOrphans: true,
    adopt: false,
    migrationReversible: false,
    color: color && {
      color: color.color,
      services: color.services,
      liveOnly: color.liveOnly ?? [],
      shared: 'keep',
      range: color.range ?? { first: 18_000, last: 18_999 },
    },
    about: {
      environment: '',
      repository: 'shop/shop',
      ref: 'refs/heads/main',
      sha: '',
      actor: 'octocat',
      run_url: `https://ci.test/${deploymentId}`,
      compose_files: ['compose.yaml'],
      profiles: [],
      env_file: '',
    },
  };
}

/** How a test deploys a release to a server by itself. */
export function testOptions({ host }: DockerServer, deploymentId: string, staging: string): DeployOptions {
  return {
    path: host.path,
    deploymentId,
    portClaims: path.join(host.home, 'ports'),
    staging,
    dockerHost: undefined,
    adopt: false,
    pull: 'missing',
    pullTimeout: SOON,
    registry: undefined,
    minFreeDisk: 1,
    minFreeInodes: 1,
    waitTimeout: SOON,
    stopTimeout: undefined,
    hookTimeout: SOON,
    migrateTimeout: SOON,
    migrateOnCancel: 'finish',
    onFailure: 'restore',
    keepReleases: 9,
    removeOrphans: true,
    migrationReversible: false,
    backup: undefined,
    goDeadline: undefined,
    place: 'server',
    migratesElsewhere: false,
    order: undefined,
    allowOlder: true,
    lockTimeout: SOON,
    holder: { actor: 'octocat', runUrl: `https://ci.test/${deploymentId}` },
    resumeOnBoot: undefined,
  };
}
