import { FieldError, quote } from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';

/** What a placeholder may be called in every pattern. */
export const PLACEHOLDERS = [
  'sha',
  'short-sha',
  'branch',
  'tag',
  'repository',
  'environment',
  'date',
  'time',
  'datetime',
  'timestamp',
  'run-id',
  'run-number',
  'run-attempt',
  'job',
] as const;

/** What a placeholder stands for; empty where it stands for nothing in this run. */
export type Values = Readonly<Record<string, string>>;

/** The text of a pattern, whose placeholders are known to be among `known`. */
export function parsePattern(text: string, known: readonly string[]): string {
  for (const [whole, name] of text.matchAll(/\{([^{}]*)\}/g)) {
    if (!known.includes(name!))
      throw new FieldError(`${quote(whole)} is not a placeholder`, {
        remedy: `There are ${known.map((one) => `{${one}}`).join(' ')}.`,
      });
  }
  if (/[{}]/.test(text.replace(/\{[^{}]*\}/g, '')))
    throw new FieldError(`${quote(text)} has a brace of its own`, {
      remedy: 'Braces are for placeholders alone.',
    });
  return text;
}

/** A pattern, each placeholder replaced by its value in one pass. Throws FieldError where one stands for nothing. */
export function fillPattern(pattern: string, values: Values): string {
  return pattern.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name]! : '';
    if (value === '')
      throw new FieldError(`${whole} stands for nothing in this run`, {
        remedy: REMEDIES[name] ?? 'Leave it out for this event.',
      });
    return value;
  });
}

const REMEDIES: Readonly<Record<string, string>> = {
  branch: 'The run is about a tag: leave it out for this event.',
  tag: 'The run is about a branch: leave it out for this event.',
  environment: 'Give `environment`.',
};

/** What the placeholders stand for at this moment. Times are in UTC. */
export function valuesOf(
  workflow: Pick<
    Workflow,
    'sha' | 'branch' | 'tag' | 'repository' | 'runId' | 'runNumber' | 'runAttempt' | 'job'
  >,
  environment: string,
  now: Date,
): Values {
  const digits = now.toISOString().replace(/\D/g, '');
  const [date, time] = [digits.slice(0, 8), digits.slice(8, 14)];
  const count = (value: number) => (value > 0 ? String(value) : '');
  return {
    sha: workflow.sha,
    'short-sha': workflow.sha.slice(0, 7),
    branch: workflow.branch,
    tag: workflow.tag,
    repository: workflow.repository,
    environment,
    date,
    time,
    datetime: `${date}_${time}`,
    timestamp: String(Math.floor(now.getTime() / 1000)),
    'run-id': workflow.runId,
    'run-number': count(workflow.runNumber),
    'run-attempt': count(workflow.runAttempt),
    job: workflow.job,
  };
}
