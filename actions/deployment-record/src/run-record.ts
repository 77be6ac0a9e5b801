import type { Report } from '@deploy-actions/kit';
import { type DeploymentRecord, deploymentIdOf } from '@deploy-actions/ledger';
import type { Workflow } from '@deploy-actions/runner';
import type { RecordInputs } from './fields.ts';
import type { RunStatus } from './verdict.ts';

/** Reports whose checks say how the application is. */
const HEALTH = new Set(['health', 'smoke', 'watch']);

/** Longest reason that is kept, in characters. */
const LONGEST_REASON = 500;

export interface RunFacts {
  status: RunStatus;
  inputs: RecordInputs;
  /** What was backed up before, in words. */
  backup: string;
  /** What the step that deployed wrote. */
  step: DeploymentRecord | undefined;
  reports: readonly Report[];
  approvals: DeploymentRecord['approvals'];
  workflow: Pick<Workflow, 'runId' | 'job' | 'sha' | 'ref' | 'tag' | 'actor' | 'runUrl'>;
  /** When the run is closed. */
  now: Date;
}

/**
 * The record of a whole run: what the step that deployed says, with the checks of every later report, and with what became of it
 * in the end. An input wins over the step's record.
 */
export function recordOfRun({
  status,
  inputs,
  backup,
  step,
  reports,
  approvals,
  workflow,
  now,
}: RunFacts): DeploymentRecord {
  const phases = reports.map(({ kind, ok, elapsedMs }) => ({
    name: kind,
    ok,
    duration_ms: Math.round(elapsedMs),
  }));
  const mode = inputs['rollback-mode'];
  const checks = reports
    .filter(({ kind }) => HEALTH.has(kind))
    .flatMap(({ kind, checks: list }) =>
      list
        .filter(({ skipped }) => !skipped)
        .map(({ name, ok }) => ({ service: name, healthy: ok, source: kind as string })),
    );
  return {
    timestamp: now.toISOString(),
    deployment_id: inputs['deployment-id'] ?? step?.deployment_id ?? deploymentIdOf(undefined, workflow),
    environment: inputs.environment ?? step?.environment ?? '',
    status,
    git_sha: step?.git_sha || workflow.sha,
    git_ref: step?.git_ref || workflow.ref,
    version: inputs.version ?? (step?.version || workflow.tag),
    release: step?.release ?? '',
    previous_release: step?.previous_release ?? '',
    color: step?.color ?? '',
    actor: step?.actor || workflow.actor,
    run_url: step?.run_url || workflow.runUrl,
    duration_ms:
      phases.length > 0
        ? phases.reduce((sum, { duration_ms }) => sum + duration_ms, 0)
        : (step?.duration_ms ?? 0),
    services_deployed: step?.services_deployed ?? [],
    health_checks: [...(step?.health_checks ?? []), ...checks],
    // What a rollback could bring back is what it has brought back.
    rollback_available: status !== 'rolled-back' && (step?.rollback_available ?? false),
    servers: step?.servers ?? [],
    reason: oneLine(inputs.reason ?? ''),
    approvals,
    phases: phases.length > 0 ? phases : (step?.phases ?? []),
    rollback: status === 'rolled-back' && (mode === 'flip' || mode === 'redeploy') ? mode : '',
    backup: oneLine(backup),
  };
}

function oneLine(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f\u0085\u2028\u2029]+/g, ' ').trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON - 1).toWellFormed()}…` : line;
}
