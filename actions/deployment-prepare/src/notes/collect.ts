import {
  type CommitEntry,
  type GitHubApi,
  type PullRequest,
  type Version,
  commitOfTag,
  commitsBetween,
  commitsUpTo,
  isDenied,
  previousVersion,
  pullRequestsOf,
  versionTags,
} from '@deploy-actions/github';
import { pool } from '@deploy-actions/kit';
import { type Entry, entryOfCommit, entryOfPull } from './entry.ts';

export interface NotesQuestion {
  by: 'commits' | 'pull-requests';
  /** A tag or commit; undefined for the version before. */
  since: string | undefined;
  /** The version that is deployed, where it is one by SemVer. */
  current: Version | undefined;
  sha: string;
}

export interface Collected {
  /** The tag or commit that the notes begin at; empty where there is no version before. */
  previous: string;
  entries: readonly Entry[];
  /** Commits since then, merges included. */
  total: number;
  /** The pull request that brought the commit itself. */
  pullRequest: number | undefined;
  /** What could not be had, and why. */
  told: string | undefined;
}

/** Commits of which their pull request is asked, one request each of the 1,000 that a job's token has in an hour. */
const MOST_ASKED = 100;
/** Commits that are read at most. */
const MOST = 1000;

/** What is new in a commit since the version before, by GitHub's API alone: no checkout is needed. Throws GitHubError. */
export async function collectNotes(api: GitHubApi, question: NotesQuestion): Promise<Collected> {
  const { since, sha, current, by } = question;
  const tag = since === undefined ? previousVersion(await versionTags(api), current) : undefined;
  const previous = since ?? tag?.name ?? '';
  const base = tag === undefined ? since : await commitOfTag(api, tag);
  const first = base === undefined ? await commitsUpTo(api, sha) : undefined;
  const { commits, total } =
    first === undefined
      ? await commitsBetween(api, base!, sha, MOST)
      : { commits: first, total: first.length };
  const changes = commits.filter((commit) => !commit.merge);
  const found = { previous, total };
  if (by === 'commits')
    return { ...found, entries: changes.map(entryOfCommit), pullRequest: undefined, told: undefined };
  return { ...found, ...(await byPullRequests(api, commits, changes, sha)) };
}

async function byPullRequests(
  api: GitHubApi,
  commits: readonly CommitEntry[],
  changes: readonly CommitEntry[],
  sha: string,
): Promise<Pick<Collected, 'entries' | 'pullRequest' | 'told'>> {
  const asked = commits.slice(-MOST_ASKED);
  const pulls = new Map<string, PullRequest>();
  try {
    await pool(asked, 6, async (commit) => {
      const all = await pullRequestsOf(api, commit.sha);
      const merged = all.find((pull) => pull.merged);
      if (merged) pulls.set(commit.sha, merged);
    });
  } catch (error) {
    if (!isDenied(error)) throw error;
    return {
      entries: changes.map(entryOfCommit),
      pullRequest: undefined,
      told: 'The notes are by commits: the token may not read pull requests (`pull-requests: read`)',
    };
  }
  const seen = new Set<number>();
  const entries = commits.flatMap((commit): Entry[] => {
    const pull = pulls.get(commit.sha);
    if (pull === undefined) return commit.merge ? [] : [entryOfCommit(commit)];
    if (seen.has(pull.number)) return [];
    seen.add(pull.number);
    return [entryOfPull(pull, commit.sha)];
  });
  const left = commits.length - asked.length;
  return {
    entries,
    pullRequest: pulls.get(sha)?.number,
    told: left > 0 ? `Of ${left} older commits the pull requests were not asked for` : undefined,
  };
}
