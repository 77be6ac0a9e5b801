import { COUNT, FLAG, TEXT, formOf, kind, listOf, objectOf, wordOf } from './form.ts';
import { COLOR_KIND, ID_KIND, orNone } from './kinds.ts';

/**
 * What became of a deployment. A step says `unknown` where the connection was lost before the end was heard; a run is
 * `rolled-back` or `cancelled`, and never unknown.
 */
export const RECORD_STATUSES = [
  'success',
  'unchanged',
  'restored',
  'rolled-back',
  'failure',
  'cancelled',
  'unknown',
] as const;
export type RecordStatus = (typeof RECORD_STATUSES)[number];

export interface RecordedPhase {
  name: string;
  ok: boolean;
  duration_ms: number;
}

/**
 * The deployment record that other steps and tools read (schema/deployment-record.schema.json): of one step as
 * ssh-compose-deploy writes it, of the whole run as deployment-record does.
 */
export interface DeploymentRecord {
  /** RFC 3339, UTC. */
  timestamp: string;
  deployment_id: string;
  environment: string;
  status: RecordStatus;
  git_sha: string;
  git_ref: string;
  version: string;
  release: string;
  previous_release: string;
  color: '' | 'blue' | 'green';
  actor: string;
  run_url: string;
  duration_ms: number;
  services_deployed: readonly { service: string; image: string; action: string }[];
  health_checks: readonly { service: string; healthy: boolean; source?: string }[];
  /** Whether there is a release that a rollback could bring back. */
  rollback_available: boolean;
  servers: readonly { name: string; outcome: string }[];
  reason: string;
  approvals: readonly { user: string; state: string; comment: string }[];
  phases: readonly RecordedPhase[];
  rollback: '' | 'flip' | 'redeploy';
  backup: string;
}

/** What ssh-compose-deploy writes of its own step. */
export type StepRecord = Omit<DeploymentRecord, 'status' | 'reason' | 'approvals' | 'rollback' | 'backup'> & {
  status: Exclude<RecordStatus, 'rolled-back' | 'cancelled'>;
};

const TIMESTAMP = kind<string>(
  'a time such as 2026-01-31T12:00:00.000Z',
  (value) =>
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
);
const ACTIONS = [
  'keep',
  'recreate',
  'roll',
  'create',
  'scale',
  'restart',
  'run',
  'remove',
  'restored',
] as const;
const SERVICES = listOf(
  objectOf<DeploymentRecord['services_deployed'][number]>('a service with its image and action', {
    service: TEXT,
    image: TEXT,
    action: wordOf(ACTIONS),
  }),
);
const CHECKS = listOf(
  objectOf<DeploymentRecord['health_checks'][number]>('a service, and whether it is healthy', {
    service: TEXT,
    healthy: FLAG,
    source: kind<string | undefined>(
      'text',
      (value) => value === undefined || TEXT.fits(value),
    ) as typeof TEXT,
  }),
);
const SERVERS = listOf(
  objectOf<DeploymentRecord['servers'][number]>('a server with its outcome', {
    name: TEXT,
    outcome: wordOf(['deployed', 'restored', 'failed', 'not started', 'not known']),
  }),
);
const APPROVALS = listOf(
  objectOf<DeploymentRecord['approvals'][number]>('an approval with its user, state and comment', {
    user: TEXT,
    state: TEXT,
    comment: TEXT,
  }),
);
const PHASES = listOf(
  objectOf<RecordedPhase>('a phase with its name, outcome and duration', {
    name: TEXT,
    ok: FLAG,
    duration_ms: COUNT,
  }),
);

/** A deployment record; a text says what is wrong with it. */
export function parseDeploymentRecord(value: unknown): DeploymentRecord | string {
  const form = formOf(value);
  const record: DeploymentRecord = {
    timestamp: form.get('timestamp', TIMESTAMP),
    deployment_id: form.get('deployment_id', ID_KIND),
    environment: form.get('environment', TEXT),
    status: form.get('status', wordOf(RECORD_STATUSES)),
    git_sha: form.get('git_sha', TEXT),
    git_ref: form.get('git_ref', TEXT),
    version: form.get('version', TEXT, ''),
    release: form.get('release', TEXT, ''),
    previous_release: form.get('previous_release', TEXT, ''),
    color: form.get('color', orNone(COLOR_KIND), ''),
    actor: form.get('actor', TEXT, ''),
    run_url: form.get('run_url', TEXT, ''),
    duration_ms: form.get('duration_ms', COUNT, 0),
    services_deployed: form.get('services_deployed', SERVICES),
    health_checks: form.get('health_checks', CHECKS),
    rollback_available: form.get('rollback_available', FLAG),
    servers: form.get('servers', SERVERS, []),
    reason: form.get('reason', TEXT, ''),
    approvals: form.get('approvals', APPROVALS, []),
    phases: form.get('phases', PHASES, []),
    rollback: form.get('rollback', wordOf(['', 'flip', 'redeploy']), ''),
    backup: form.get('backup', TEXT, ''),
  };
  return form.problem() ?? record;
}
