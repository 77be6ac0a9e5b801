import type { Report } from '@deploy-actions/kit';
import type { RecordStatus } from '@deploy-actions/ledger';

/** `outcome` of ssh-compose-deploy. */
export const DEPLOY_OUTCOMES = [
  'deployed',
  'unchanged',
  'restored',
  'nothing-changed',
  'left',
  'unknown',
] as const;
export type DeployOutcome = (typeof DEPLOY_OUTCOMES)[number];

/** `mode` of rollback. */
export const ROLLBACK_MODES = ['flip', 'redeploy', 'none', 'list'] as const;

/** `job.status`, and the result of a job that others need. */
export const JOB_STATUSES = ['success', 'failure', 'cancelled', 'skipped'] as const;

/** What became of a run. */
export type RunStatus = Exclude<RecordStatus, 'unknown'>;

/** All that the status is decided by. Undefined is what nobody told. */
export interface Evidence {
  outcome: DeployOutcome | undefined;
  rollbackMode: (typeof ROLLBACK_MODES)[number] | undefined;
  jobStatus: (typeof JOB_STATUSES)[number] | undefined;
  reports: readonly Pick<Report, 'kind' | 'ok' | 'checks'>[];
}

/** The same, as the questions that the table asks. */
interface Facts {
  outcome: DeployOutcome | 'none';
  job: (typeof JOB_STATUSES)[number] | 'none';
  /** A rollback changed something, and went well. */
  rolledBack: boolean;
  /** A rollback was tried, and did not go well. */
  rollbackFailed: boolean;
  /** The traffic was moved. */
  switched: boolean;
  /** A report says that something failed. */
  failed: boolean;
}

export interface Rule {
  name: string;
  status: RunStatus;
  holds(facts: Facts): boolean;
}

/**
 * The one table of what a run's status is: the first row that holds decides. What is worst for the visitors, or needs a person,
 * stands before what is well; a row that says it is well holds only where nothing says otherwise.
 */
export const RULES: readonly Rule[] = [
  { name: 'a rollback that failed', status: 'failure', holds: (run) => run.rollbackFailed },
  { name: 'a rollback later in the run', status: 'rolled-back', holds: (run) => run.rolledBack },
  {
    name: 'a server that was left, or lost out of sight',
    status: 'failure',
    holds: ({ outcome }) => outcome === 'left' || outcome === 'unknown',
  },
  {
    name: 'the release before was brought back',
    status: 'restored',
    holds: ({ outcome }) => outcome === 'restored',
  },
  { name: 'cancelled on the way', status: 'cancelled', holds: ({ job }) => job === 'cancelled' },
  {
    name: 'a deployment that failed',
    status: 'failure',
    holds: ({ outcome }) => outcome === 'nothing-changed',
  },
  { name: 'a job that failed', status: 'failure', holds: ({ job }) => job === 'failure' },
  { name: 'a step that failed, whatever the job says', status: 'failure', holds: (run) => run.failed },
  { name: 'deployed, and nothing failed', status: 'success', holds: ({ outcome }) => outcome === 'deployed' },
  { name: 'the traffic was moved, and nothing failed', status: 'success', holds: (run) => run.switched },
  {
    name: 'nothing was deployed, and nothing failed',
    status: 'unchanged',
    holds: ({ outcome }) => outcome === 'unchanged' || outcome === 'none',
  },
];

/** What became of the run, and by which row of the table. */
export function judge(evidence: Evidence): Rule {
  const { reports, rollbackMode } = evidence;
  const rollbacks = reports.filter(({ kind }) => kind === 'rollback');
  const moved = rollbackMode === 'flip' || rollbackMode === 'redeploy';
  const rollbackFailed = rollbacks.some(({ ok }) => !ok);
  const facts: Facts = {
    outcome: evidence.outcome ?? 'none',
    job: evidence.jobStatus ?? 'none',
    rollbackFailed,
    // A report without a server in it is a plan, or says that there was nothing to do.
    rolledBack:
      !rollbackFailed &&
      (rollbacks.some(({ checks }) => checks.length > 0) || (moved && rollbacks.length === 0)),
    switched: reports.some(({ kind, ok, checks }) => kind === 'switch' && ok && checks.length > 0),
    failed: reports.some(({ ok }) => !ok),
  };
  return RULES.find((rule) => rule.holds(facts))!;
}

/** What the record of a deployment's step says of its outcome, for a run that hands on the record alone. */
export function outcomeOfRecord(status: RecordStatus): DeployOutcome {
  const outcomes: Record<RecordStatus, DeployOutcome> = {
    success: 'deployed',
    unchanged: 'unchanged',
    restored: 'restored',
    // A run's record is no step's: what it says has to be looked at.
    'rolled-back': 'unknown',
    cancelled: 'unknown',
    failure: 'left',
    unknown: 'unknown',
  };
  return outcomes[status];
}
