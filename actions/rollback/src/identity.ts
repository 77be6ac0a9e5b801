import { randomBytes } from 'node:crypto';
import type { Workflow } from '@deploy-actions/runner';

/** The id of this deployment: the same for every step of the same run and job. */
export function deploymentIdOf(given: string | undefined, workflow: Pick<Workflow, 'runId' | 'job'>): string {
  if (given !== undefined) return given;
  if (workflow.runId === '') return `local-${randomBytes(6).toString('hex')}`;
  const plain = `${workflow.runId}-${workflow.job || 'job'}`.toLowerCase().replace(/[^a-z0-9._-]+/g, '-');
  return plain.length <= 63 ? plain : `${plain.slice(0, 58)}${plain.slice(-5)}`;
}
