import { countIn, fieldsOf, innerFields, textIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { GitHubError } from './error.ts';

/** Longest body of a comment, in characters. */
export const COMMENT_LIMIT = 65_536;

/** More comments than this are not looked through: another one would be written where an old one is behind. */
const MOST = 2000;

export interface StickyComment {
  pullRequest: number;
  /** A comment of HTML that nobody sees; it begins the body, and names the comment for good. */
  marker: string;
  /** Markdown below the marker. */
  body: string;
  /** The login that writes with this token. */
  author: string;
}

/**
 * Writes the comment of that author with that marker on a pull request, or renews it: nobody else's is touched, whatever stands
 * in it. Answers its address, and who wrote it. Needs `pull-requests: write`.
 * Source: docs.github.com/rest/issues/comments.
 */
export async function writeComment(
  api: GitHubApi,
  wanted: StickyComment,
): Promise<{ url: string; author: string; isNew: boolean }> {
  const { items, complete } = await api.list(
    'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
    { issue_number: wanted.pullRequest, per_page: 100 },
    { most: MOST },
  );
  const known = items
    .map((item) => fieldsOf(item, 'a comment'))
    .find(
      (one) =>
        textOrNone(innerFields(one, 'user'), 'login') === wanted.author &&
        textOrNone(one, 'body').startsWith(wanted.marker),
    );
  if (known === undefined && !complete)
    throw new GitHubError(`the pull request has more than ${MOST} comments`, { trouble: 'malformed' });
  const body = `${wanted.marker}\n${wanted.body}`;
  const { data } =
    known === undefined
      ? await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
          issue_number: wanted.pullRequest,
          body,
        })
      : await api.ask('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
          comment_id: countIn(known, 'id'),
          body,
        });
  const written = fieldsOf(data, 'the comment');
  return {
    url: textIn(written, 'html_url'),
    author: textOrNone(innerFields(written, 'user'), 'login'),
    isNew: known === undefined,
  };
}
