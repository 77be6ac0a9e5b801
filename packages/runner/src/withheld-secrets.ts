import type { Subject } from './subject.ts';

/** Events whose runs get no secrets where the commit comes from a fork. */
const WITHHOLDING = new Set(['pull_request', 'pull_request_review', 'pull_request_review_comment']);

/**
 * Why GitHub withholds secrets from this run, as a sentence; undefined when it does not.
 * Source: docs.github.com "Secrets" and "Dependabot on GitHub Actions".
 */
export function withheldSecrets(
  workflow: Pick<Subject, 'actor' | 'headRepository'> & { repository: string; eventName: string },
  event: Readonly<Record<string, unknown>>,
): string | undefined {
  const loginIn = (value: unknown) => (value as { login?: unknown } | null | undefined)?.login;
  const author = loginIn((event['pull_request'] as { user?: unknown } | null | undefined)?.user);
  if ([workflow.actor, loginIn(event['sender']), author].includes('dependabot[bot]'))
    return "GitHub gives Dependabot's runs no secrets of the repository";
  const fork = WITHHOLDING.has(workflow.eventName) && workflow.headRepository !== workflow.repository;
  return fork ? 'GitHub gives no secrets to a pull request from a fork' : undefined;
}
