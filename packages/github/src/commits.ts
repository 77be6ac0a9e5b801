import { countIn, fieldsOf, innerFields, listIn, objectIn, textIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';

export interface CommitEntry {
  sha: string;
  message: string;
  /** The login of the author's account, else the name in the commit. */
  author: string;
  /** More than one parent: a merge. */
  merge: boolean;
  /** RFC 3339: when it was committed, which a rebase renews as it does not the author's date; empty where it is not told. */
  committedAt: string;
}

/**
 * The commits that `head` has and `base` has not, oldest first; at most `most` of them (default 1,000), the newest left
 * out. Both are commits or names of refs. Needs `contents: read`.
 * Source: docs.github.com/rest/commits/commits#compare-two-commits.
 */
export async function commitsBetween(
  api: GitHubApi,
  base: string,
  head: string,
  most = 1000,
): Promise<{ commits: CommitEntry[]; total: number }> {
  const commits: CommitEntry[] = [];
  for (let page = 1; ; page += 1) {
    const { data } = await api.ask('GET /repos/{owner}/{repo}/compare/{basehead}', {
      basehead: `${base}...${head}`,
      per_page: 100,
      page,
    });
    const answer = fieldsOf(data, 'the comparison');
    const total = countIn(answer, 'total_commits');
    const part = listIn(answer, 'commits').map(entryOf);
    commits.push(...part.slice(0, most - commits.length));
    if (part.length === 0 || commits.length >= Math.min(total, most)) return { commits, total };
  }
}

/** The last commits up to `head`, oldest first. Needs `contents: read`. */
export async function commitsUpTo(api: GitHubApi, head: string, most = 100): Promise<CommitEntry[]> {
  const { data } = await api.ask('GET /repos/{owner}/{repo}/commits', { sha: head, per_page: most });
  return listIn({ data }, 'data').map(entryOf).reverse();
}

function entryOf(value: unknown): CommitEntry {
  const entry = fieldsOf(value, 'a commit');
  const commit = innerFields(entry, 'commit');
  return {
    sha: objectIn(entry, 'sha'),
    message: textIn(commit, 'message'),
    author:
      textOrNone(innerFields(entry, 'author'), 'login') || textOrNone(innerFields(commit, 'author'), 'name'),
    merge: listIn(entry, 'parents').length > 1,
    committedAt: textOrNone(innerFields(commit, 'committer'), 'date'),
  };
}

export interface PullRequest {
  number: number;
  title: string;
  author: string;
  merged: boolean;
}

/**
 * The pull requests that a commit belongs to: the merged one that brought it, else those that hold it. Needs
 * `pull-requests: read`. Source: docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit.
 */
export async function pullRequestsOf(api: GitHubApi, sha: string): Promise<PullRequest[]> {
  const { items } = await api.list(
    'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls',
    { commit_sha: sha, per_page: 100 },
    { most: 100 },
  );
  return items.map((item) => {
    const pull = fieldsOf(item, 'a pull request');
    return {
      number: countIn(pull, 'number'),
      title: textIn(pull, 'title'),
      author: textOrNone(innerFields(pull, 'user'), 'login'),
      merged: textOrNone(pull, 'merged_at') !== '',
    };
  });
}
