import { messageOf } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import type { Post } from './delivery.ts';
import type { Occasion } from './fields.ts';
import type { Status } from './record.ts';

export type RunOutcome = 'good' | 'bad';

/** How a status compares with another run's; undefined where there is nothing to compare. */
export function outcomeOf(status: Status): RunOutcome | undefined {
  if (status === 'success') return 'good';
  return status === 'failure' || status === 'rolled-back' ? 'bad' : undefined;
}

/**
 * Why a message is not wanted, as a sentence, or undefined when it is. `change` asks for the last run's
 * outcome; when that cannot be known the message is sent: one too many is better than one too few.
 */
export async function unwanted(
  status: Status,
  onlyOn: readonly Occasion[],
  lastOutcome: () => Promise<RunOutcome | undefined>,
): Promise<string | undefined> {
  if (onlyOn.length === 0 || onlyOn.includes(status)) return undefined;
  if (!onlyOn.includes('change'))
    return `the status is ${status}, and \`only-on\` asks for ${onlyOn.join(', ')}`;
  const outcome = outcomeOf(status);
  if (outcome === undefined) return `a message of status ${status} is no outcome that could have changed`;
  const last = await lastOutcome();
  if (last === undefined || last !== outcome) return undefined;
  return `the outcome is ${outcome}, as in the last run`;
}

/** The longest that a message waits for GitHub's answer, in milliseconds. */
const PATIENCE = 15_000;

/**
 * The outcome of the last run of this workflow on this branch. Where GitHub does not tell it is undefined, and not knowing is
 * worth a line in the log and nothing more.
 */
export async function askLastOutcome(
  ports: Pick<Ports, 'workflow' | 'log' | 'clock' | 'signal'>,
  token: string | undefined,
  post: Post,
): Promise<RunOutcome | undefined> {
  const { workflow, log, clock, signal } = ports;
  if (!token || workflow.runId === '') {
    log.info('The last outcome is not known (no `github-token`); the message is sent.');
    return undefined;
  }
  const { lastRunOutcome, openGitHub } = await import('@deploy-actions/github');
  const { apiUrl, repository } = workflow;
  const limits = { deadline: 10_000, patience: PATIENCE };
  try {
    return await lastRunOutcome(
      openGitHub({ apiUrl, repository, token, exchange: post, clock, log, signal, ...limits }),
      workflow,
    );
  } catch (error) {
    log.info(
      `The last outcome is not known (${messageOf(error)}; the job needs \`actions: read\`); the message is sent.`,
    );
    return undefined;
  }
}
