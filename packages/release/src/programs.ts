import { ENGINE } from '@deploy-actions/engine';
import { type Part, defineInspection, defineProgram, part } from '@deploy-actions/host';
import { LEDGER_PARAMETERS, LEDGER_READING_SH, LEDGER_SH } from '@deploy-actions/ledger/sh';

const STACK = part(new URL('sh/stack.sh', import.meta.url), { needs: [ENGINE] });
const READING = part(LEDGER_READING_SH);
const LEDGER = part(LEDGER_SH, { needs: [READING], parameters: LEDGER_PARAMETERS });
const STORE = part(new URL('sh/store.sh', import.meta.url), { needs: [LEDGER] });

/** Brings a release up, proves it healthy, keeps what a rollback needs. */
const BRING_UP: readonly Part<(typeof LEDGER_PARAMETERS)[number]>[] = [
  STACK,
  STORE,
  part(new URL('sh/bring-up.sh', import.meta.url)),
  part(new URL('sh/hooks.sh', import.meta.url)),
  part(new URL('sh/pull.sh', import.meta.url)),
  part(new URL('sh/color.sh', import.meta.url)),
];

/** What every rollback to a recorded release needs. */
const RECORDED = part(new URL('sh/recorded.sh', import.meta.url));

/** Looks at the server and resolves the configuration. */
export const INSPECT = defineInspection({
  name: 'inspect',
  parts: [STACK, READING, part(new URL('sh/inspect.sh', import.meta.url))],
  parameters: [
    'want',
    'folder',
    'project_given',
    'compose_files',
    'profiles',
    'env_file',
    'adopt',
    'docker_host',
    'env_text',
  ],
  secrets: ['env_text'],
});

/** Deploys a release. */
export const DEPLOY = defineProgram({
  name: 'deploy',
  parts: [...BRING_UP, part(new URL('sh/deploy.sh', import.meta.url))],
  parameters: [
    'project',
    'base_project',
    'color',
    'shared_services',
    'release',
    'docker_host',
    'adopt',
    'pull',
    'pull_timeout',
    'registry',
    'min_free_disk',
    'wait_timeout',
    'stop_timeout',
    'on_failure',
    'keep_releases',
    'remove_orphans',
    'migration_reversible',
    'gates',
    'go_deadline',
    'actor',
    'run_url',
    'registry_config',
  ],
  secrets: ['registry_config'],
});

/** A rollback that recreates a recorded release. */
export const REDEPLOY = defineProgram({
  name: 'redeploy',
  parts: [...BRING_UP, RECORDED, part(new URL('sh/rollback.sh', import.meta.url))],
  parameters: [
    'project',
    'base_project',
    'color',
    'release',
    'failed_release',
    'docker_host',
    'wait_timeout',
    'stop_timeout',
    'remove_orphans',
    'migration_reversible',
    'keep_releases',
    'hosts',
    'go_seconds',
    'database_elsewhere',
    'database_seconds',
    'takes_back',
    'actor',
    'run_url',
    'reason',
  ],
});

/** Lets a recorded release stand by in the idle colour; no traffic moves. */
export const STAND_BY = defineProgram({
  name: 'stand-by',
  parts: [...BRING_UP, RECORDED, part(new URL('sh/stand-by.sh', import.meta.url))],
  parameters: [
    'project',
    'base_project',
    'color',
    'shared_services',
    'source',
    'release',
    'failed_release',
    'failed_project',
    'docker_host',
    'wait_timeout',
    'stop_timeout',
    'remove_orphans',
    'migration_reversible',
    'keep_releases',
    'actor',
    'run_url',
    'reason',
  ],
});

/** Reads a recorded release. It holds secrets: never log it. */
export const READ_RELEASE = defineInspection({
  name: 'read-release',
  parts: [part(new URL('sh/read-release.sh', import.meta.url))],
  parameters: ['release'],
});

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [INSPECT, DEPLOY, REDEPLOY, STAND_BY, READ_RELEASE];
