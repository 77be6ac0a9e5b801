import { Failure, type FailureDetails, messageOf } from '@deploy-actions/kit';

/** Why GitHub's API gave no answer that can be used. */
export type GitHubTrouble =
  /** It answered with a status of 400 or more. */
  | 'answered'
  /** A rate limit lasts longer than this run may wait. */
  | 'limited'
  /** No answer came, or only 5xx. */
  | 'unreachable'
  /** The answer is not what GitHub documents. */
  | 'malformed';

/** A call of GitHub's API that gave no answer that can be used. Its message is one sentence without a full stop. */
export class GitHubError extends Error {
  readonly trouble: GitHubTrouble;
  /** Status of the answer; undefined when there is none. */
  readonly status: number | undefined;
  /** The permissions that GitHub says the call needs, such as `checks=read`; empty when it does not say. */
  readonly needs: string;

  constructor(
    message: string,
    details: { trouble: GitHubTrouble; status?: number; needs?: string; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GitHubError';
    this.trouble = details.trouble;
    this.status = details.status;
    this.needs = details.needs ?? '';
  }
}

/**
 * Whether the token may not ask this. A private repository's part is answered with 404 as if it were not there, so where
 * 404 has no other meaning the caller takes it for the same.
 */
export function isDenied(error: unknown): boolean {
  return (
    error instanceof GitHubError &&
    error.trouble === 'answered' &&
    (error.status === 401 || error.status === 403)
  );
}

export function isAbsent(error: unknown): boolean {
  return error instanceof GitHubError && error.status === 404;
}

/** What to write to let a job's token do something, such as `checks: read`. */
export function permissionRemedy(permission: string): string {
  return `Give the job \`permissions: ${permission}\`; what is not listed there is taken away as soon as one is.`;
}

/**
 * A GitHubError as what stops an action: `refused` where a permission is missing, `lost` where nothing came. Other errors stay
 * as they are. `what` completes "GitHub did not tell …" in a reader's words.
 */
export function gitHubFailure(error: unknown, what: string, permission: string): unknown {
  if (!(error instanceof GitHubError)) return error;
  const details: FailureDetails = { cause: error.cause };
  if (isDenied(error))
    return new Failure('refused', `GitHub did not tell ${what}: ${messageOf(error)}`, {
      ...details,
      remedy: permissionRemedy(permission),
    });
  if (error.trouble === 'limited' || error.trouble === 'unreachable')
    return new Failure('lost', `GitHub did not tell ${what}: ${messageOf(error)}`, {
      ...details,
      remedy: 'Nothing was changed; run the job again.',
    });
  return new Failure('refused', `GitHub did not tell ${what}: ${messageOf(error)}`, details);
}
