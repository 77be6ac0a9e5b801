import { canonical, sha256 } from '@deploy-actions/compose';
import type { Operation } from '@deploy-actions/host';
import { jsonText } from '@deploy-actions/ledger';
import { PORT_CLAIMS } from './inspection.ts';
import type { Prepared, Wanted } from './preparation.ts';
import { DEPLOY, DEPLOY_CLUSTER, DEPLOY_NODE, PATIENCE, PULL } from './programs.ts';

/** How a deploy goes about it. Times in milliseconds, sizes in bytes. */
export interface DeployOptions {
  path: string;
  deploymentId: string;
  staging: string;
  dockerHost: string | undefined;
  /** Default `PORT_CLAIMS`. */
  portClaims?: string | undefined;
  adopt: boolean;
  pull: 'always' | 'missing' | 'never';
  pullTimeout: number;
  registry: RegistryLogin | undefined;
  minFreeDisk: number;
  /** Percent of each file system's. */
  minFreeInodes: number;
  waitTimeout: number;
  /** Default `PATIENCE`. */
  patience?: number | undefined;
  stopTimeout: number | undefined;
  /** Longest time of one command of before-up, after-up and migration-state. */
  hookTimeout: number;
  /** Longest time of one migration. */
  migrateTimeout: number;
  /** What becomes of a migration that is under way when the run is cancelled. */
  migrateOnCancel: 'finish' | 'end';
  onFailure: 'restore' | 'keep';
  keepReleases: number;
  removeOrphans: boolean;
  migrationReversible: boolean;
  /** The id of the backup that was taken before, on this server; undefined: the newest of the same deployment or run. */
  backup: string | undefined;
  /** Set with several servers: milliseconds that each waits for the others before it reverts. */
  goDeadline: number | undefined;
  /** What the server is: by itself, the manager that changes its cluster, or another node of one. */
  place: 'server' | 'manager' | 'node';
  /** Migrations run on another server. */
  migratesElsewhere: boolean;
  order: Operation['order'];
  allowOlder: boolean;
  lockTimeout: number;
  holder: Operation['holder'];
  resumeOnBoot: boolean | undefined;
}

export interface RegistryLogin {
  /** Host of the registry, `docker.io` for Docker Hub. */
  host: string;
  username: string;
  password: string;
}

/** The deploy of a prepared release, as a program for the server. */
export function deployOperation(prepared: Prepared, wanted: Wanted, options: DeployOptions): Operation {
  const uploads = options.migratesElsewhere
    ? prepared.uploads.filter((file) => !/^release\/hooks\/migrat/.test(file.name))
    : prepared.uploads;
  return {
    name: 'deploy',
    path: options.path,
    deploymentId: options.deploymentId,
    program: programOf(options.place).take({
      project: prepared.project,
      base_project: prepared.baseProject,
      color: prepared.color ?? '',
      shared_services: wanted.color?.shared ?? 'keep',
      release: wanted.release,
      docker_host: options.dockerHost ?? '',
      port_claims: options.portClaims ?? PORT_CLAIMS,
      adopt: String(options.adopt),
      pull: options.pull,
      pull_timeout: seconds(options.pullTimeout),
      registry: options.registry?.host ?? '',
      min_free_disk: String(options.minFreeDisk),
      min_free_inodes: String(options.minFreeInodes),
      wait_timeout: seconds(options.waitTimeout),
      patience: String(options.patience ?? PATIENCE),
      stop_timeout: options.stopTimeout === undefined ? '' : seconds(options.stopTimeout),
      hook_timeout: seconds(options.hookTimeout),
      migrate_timeout: seconds(options.migrateTimeout),
      migrate_on_cancel: options.migrateOnCancel,
      on_failure: options.onFailure,
      keep_releases: String(options.keepReleases),
      remove_orphans: String(options.removeOrphans),
      migration_reversible: String(options.migrationReversible),
      backup: options.backup ?? '',
      // Only a manager changes the cluster, so it waits for nobody once all are ready.
      gates: options.goDeadline === undefined ? 'false' : options.place === 'server' ? 'true' : 'first',
      go_deadline: seconds(options.goDeadline ?? 0),
      actor: jsonText(wanted.about.actor),
      run_url: jsonText(wanted.about.run_url),
      registry_config: options.registry ? registryConfig(options.registry) : '',
    }),
    files: uploads,
    staging: options.staging,
    inputHash: inputHash(prepared, wanted, options),
    order: options.order,
    allowOlder: options.allowOlder,
    lockTimeout: options.lockTimeout,
    holder: options.holder,
    resumeOnBoot: options.resumeOnBoot,
  };
}

/** How images are pulled ahead of a deployment: as it pulls them. */
export type PullOptions = Pick<
  DeployOptions,
  | 'path'
  | 'deploymentId'
  | 'dockerHost'
  | 'pullTimeout'
  | 'registry'
  | 'minFreeDisk'
  | 'minFreeInodes'
  | 'order'
  | 'allowOlder'
  | 'lockTimeout'
  | 'holder'
> & { pull: 'always' | 'missing' };

/** What names the images of a release, and whose they are. */
const IMAGE_LISTS = /^release\/(?:shared\/)?(?:pulls|services|live-only)$/;

/**
 * Pulls the images of a prepared release and keeps them for the deployment of the same id. It is an operation of another
 * name, so that the deployment's own runs are counted without it, and each time it looks anew what is missing.
 */
export function pullOperation(prepared: Prepared, wanted: Wanted, options: PullOptions): Operation {
  const { path, deploymentId, allowOlder, lockTimeout, holder, order } = options;
  return {
    name: 'pull',
    path,
    deploymentId,
    program: PULL.with({
      base_project: prepared.baseProject,
      color: prepared.color ?? '',
      shared_services: wanted.color?.shared ?? 'keep',
      docker_host: options.dockerHost ?? '',
      pull: options.pull,
      pull_timeout: seconds(options.pullTimeout),
      registry: options.registry?.host ?? '',
      min_free_disk: String(options.minFreeDisk),
      min_free_inodes: String(options.minFreeInodes),
      registry_config: options.registry ? registryConfig(options.registry) : '',
    }),
    files: prepared.uploads.filter(({ name }) => IMAGE_LISTS.test(name)),
    // The release's id has the time of this step, so that what was pulled before is not only reported.
    inputHash: sha256(canonical({ table: prepared.table, release: wanted.release })),
    // A deployment that was begun earlier may still come: nothing has been deployed.
    ...(order ? { order: { ...order, passes: true } } : {}),
    allowOlder,
    lockTimeout,
    holder,
  };
}

function programOf(place: DeployOptions['place']) {
  switch (place) {
    case 'server':
      return DEPLOY;
    case 'manager':
      return DEPLOY_CLUSTER;
    case 'node':
      return DEPLOY_NODE;
  }
}

/** What the deployment means: the same id with the same hash is the same deployment. No times, no run's number. */
function inputHash(prepared: Prepared, wanted: Wanted, options: DeployOptions): string {
  return sha256(
    canonical({
      table: prepared.table,
      project: prepared.project,
      version: wanted.version,
      hooks: wanted.hooks,
      onFailure: options.onFailure,
      removeOrphans: options.removeOrphans,
      ...(wanted.rolling && { strategy: 'rolling' }),
      adopt: options.adopt,
    }),
  );
}

/** A Docker config.json with one login, so that no `docker login` and no credential store is needed. */
export function registryConfig(login: RegistryLogin): string {
  // Docker Hub's login is kept under this address (docker/cli, registry.IndexServer).
  const key = login.host === 'docker.io' ? 'https://index.docker.io/v1/' : login.host;
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return JSON.stringify({ auths: { [key]: { auth } } });
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}
