import { type GitHubApi, commitsBetween } from '@deploy-actions/github';
import type { PastDeployment } from './deployments.ts';

/** Deployments whose commits are asked for: each is a request, and a token has 1,000 an hour for the whole repository. */
const ASKED = 10;

const COMMITS = 100;

/**
 * How long each commit waited until the deployment that brought it, in milliseconds, over the last deployments that reached the
 * visitors; merges are no change of their own. Needs `contents: read`.
 */
export async function leadTimes(api: GitHubApi, past: readonly PastDeployment[]): Promise<number[]> {
  const reached = past.filter(({ reached: is, sha }) => is && /^[0-9a-f]{40,64}$/.test(sha));
  const times: number[] = [];
  for (const [index, one] of reached.entries()) {
    const before = reached[index - 1];
    if (before === undefined || before.sha === one.sha || index < reached.length - ASKED) continue;
    const { commits } = await commitsBetween(api, before.sha, one.sha, COMMITS);
    for (const { committedAt, merge } of commits) {
      const made = Date.parse(committedAt);
      if (!merge && !Number.isNaN(made) && made <= one.at) times.push(one.at - made);
    }
  }
  return times;
}
