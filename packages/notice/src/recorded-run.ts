import type { FoundReports } from '@deploy-actions/kit';
import { type DeploymentRecord, parseDeploymentRecord } from '@deploy-actions/ledger';
import type { Status } from './record.ts';

/** What deployment-record says of the run. */
export type RecordedRun = Pick<DeploymentRecord, 'status' | 'version' | 'environment' | 'deployment_id'>;

/** The record of the run out of the `report-file` of deployment-record, the last one; undefined where none is whole. */
export function recordedRun({ wholes }: Pick<FoundReports, 'wholes'>): RecordedRun | undefined {
  for (const whole of wholes.toReversed()) {
    if (typeof whole !== 'object' || whole === null) continue;
    const { kind, record } = whole as Record<string, unknown>;
    const parsed = kind === 'record' ? parseDeploymentRecord(record) : undefined;
    if (typeof parsed === 'object') return parsed;
  }
  return undefined;
}

/**
 * The status that is told. A job fails, or is cancelled, also where visitors are with the version before again: only the record
 * tells, and people want to know that before anything else.
 */
export function statusOf(given: Status, recorded: RecordedRun | undefined): Status {
  const isBack = recorded?.status === 'restored' || recorded?.status === 'rolled-back';
  return isBack && (given === 'failure' || given === 'cancelled') ? 'rolled-back' : given;
}
