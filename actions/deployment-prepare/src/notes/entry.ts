import type { CommitEntry, PullRequest } from '@deploy-actions/github';

/** One line of the notes. */
export interface Entry {
  group: Group;
  scope: string;
  text: string;
  author: string;
  /** Of a pull request. */
  number: number | undefined;
  /** Of a commit. */
  sha: string;
}

export const GROUPS = ['breaking', 'feat', 'fix', 'perf', 'revert', 'docs', 'other'] as const;
export type Group = (typeof GROUPS)[number];

export const GROUP_TITLES: Record<Group, string> = {
  breaking: 'Breaking changes',
  feat: 'Features',
  fix: 'Fixes',
  perf: 'Performance',
  revert: 'Reverts',
  docs: 'Documentation',
  other: 'Other changes',
};

/** A commit as a line: by its own message. */
export function entryOfCommit(commit: CommitEntry): Entry {
  const { subject, body } = parts(commit.message);
  return { ...typed(subject, body), author: oneLine(commit.author), number: undefined, sha: commit.sha };
}

/** A pull request as a line: by its title. */
export function entryOfPull(pull: PullRequest, sha: string): Entry {
  return { ...typed(parts(pull.title).subject, ''), author: oneLine(pull.author), number: pull.number, sha };
}

/** A text without what would start another line, or turn the rest of it round. */
function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
}

function parts(message: string): { subject: string; body: string } {
  const [first = '', ...rest] = message.trim().split(/\r?\n|\r/);
  return { subject: oneLine(first) || '(no message)', body: rest.join('\n') };
}

/**
 * The type, scope and text of a message. Source: conventionalcommits.org, 1.0.0: a `!` before the colon or a footer
 * `BREAKING CHANGE:` says that users must act.
 */
function typed(subject: string, body: string): Pick<Entry, 'group' | 'scope' | 'text'> {
  const [, type, scope, mark, text] =
    /^([A-Za-z]{1,20})(?:\(([^()]{1,60})\))?(!)?:\s+(\S.*)$/.exec(subject) ?? [];
  const breaking = mark !== undefined || /^BREAKING[ -]CHANGE:\s/m.test(body);
  const word = (type ?? '').toLowerCase();
  const known = GROUPS.find((group) => group === word);
  if (breaking) return { group: 'breaking', scope: scope ?? '', text: text ?? subject };
  if (known === undefined || known === 'breaking' || known === 'other')
    // A type that has no group of its own says something, so it stays.
    return { group: 'other', scope: '', text: subject };
  return { group: known, scope: scope ?? '', text: text! };
}
