import { countIn, fieldsOf, innerFields, listIn, textIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { GitHubError } from './error.ts';

/** One check of a commit: a check run, or a commit status, which GitHub keeps apart. */
export interface Check {
  kind: 'run' | 'status';
  name: string;
  state: 'pending' | 'good' | 'bad';
  /** GitHub's word for it: `success`, `skipped`, `timed_out`, `in_progress` … */
  word: string;
  /** The check suite of a run; undefined for a status. */
  suite: number | undefined;
  /** The app that made a run; undefined for a status, which does not tell. */
  app: number | undefined;
  /** Where a person sees it; empty where there is nothing. */
  url: string;
}

/** Conclusions that GitHub lets pass for a required check. Source: docs.github.com "About status checks". */
const GOOD = new Set(['success', 'neutral', 'skipped']);

/** More check runs and statuses than this of one commit are refused: what is behind them cannot be known. */
const MOST = 2000;

/**
 * The latest check runs of a commit, one for each name and suite. Needs `checks: read`.
 * Source: docs.github.com/rest/checks/runs#list-check-runs-for-a-git-reference.
 */
export async function checkRunsOf(api: GitHubApi, sha: string): Promise<Check[]> {
  const { items, complete } = await api.list(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ref: sha, filter: 'latest', per_page: 100 },
    { items: 'check_runs', most: MOST },
  );
  if (!complete) throw tooMany('check runs');
  return items.map((item): Check => {
    const run = fieldsOf(item, 'a check run');
    const status = textIn(run, 'status');
    const conclusion = textOrNone(run, 'conclusion');
    const app = innerFields(run, 'app')['id'];
    const done = status === 'completed';
    return {
      kind: 'run',
      name: textIn(run, 'name'),
      state: !done ? 'pending' : GOOD.has(conclusion) ? 'good' : 'bad',
      word: done ? conclusion || 'no conclusion' : status,
      suite: countIn(innerFields(run, 'check_suite'), 'id'),
      app: typeof app === 'number' ? app : undefined,
      url: textOrNone(run, 'details_url') || textOrNone(run, 'html_url'),
    };
  });
}

/**
 * The latest commit status of each context. Needs `statuses: read`.
 * Source: docs.github.com/rest/commits/statuses#get-the-combined-status-for-a-specific-reference.
 */
export async function statusesOf(api: GitHubApi, sha: string): Promise<Check[]> {
  const { items, complete } = await api.list(
    'GET /repos/{owner}/{repo}/commits/{ref}/status',
    { ref: sha, per_page: 100 },
    { items: 'statuses', most: MOST },
  );
  if (!complete) throw tooMany('statuses');
  return items.map((item): Check => {
    const status = fieldsOf(item, 'a status');
    const word = textIn(status, 'state');
    return {
      kind: 'status',
      name: textIn(status, 'context'),
      state: word === 'success' ? 'good' : word === 'pending' ? 'pending' : 'bad',
      word,
      suite: undefined,
      app: undefined,
      url: textOrNone(status, 'target_url'),
    };
  });
}

function tooMany(what: string): GitHubError {
  return new GitHubError(`the commit has more than ${MOST} ${what}`, { trouble: 'malformed' });
}

/** A check that must be good before a branch takes a commit. */
export interface RequiredCheck {
  name: string;
  /** The only app whose check counts; undefined for any. */
  app: number | undefined;
}

/** What is required of a branch, as far as it can be known. */
export interface BranchRules {
  checks: readonly RequiredCheck[];
  /** Why the classic protection's part is not known, as a sentence's end; undefined when it is. */
  unknown: string | undefined;
}

/**
 * The checks that a branch requires, by its rulesets and by its classic protection together. `contents: read` is enough for
 * rulesets, and for what "Get a branch" tells of the protection. Where it does not tell, the protection itself is asked,
 * which needs `administration: read`: a token of a job never has it, and neither 403 nor 404 says that none is required.
 * Sources: docs.github.com/rest/repos/rules#get-rules-for-a-branch, docs.github.com/rest/branches.
 */
export async function requiredChecks(api: GitHubApi, branch: string): Promise<BranchRules> {
  const rules = await api.list('GET /repos/{owner}/{repo}/rules/branches/{branch}', {
    branch,
    per_page: 100,
  });
  if (!rules.complete) throw tooMany('rules');
  const checks = rules.items.flatMap((item) => {
    const rule = fieldsOf(item, 'a rule');
    if (textIn(rule, 'type') !== 'required_status_checks') return [];
    return listIn(innerFields(rule, 'parameters'), 'required_status_checks').map((one) =>
      required(one, 'integration_id'),
    );
  });
  const classic = await classicChecks(api, branch);
  const all = [...checks, ...classic.checks];
  return {
    checks: all.filter((one, index) => all.findIndex((other) => same(one, other)) === index),
    unknown: classic.unknown,
  };
}

async function classicChecks(api: GitHubApi, branch: string): Promise<BranchRules> {
  const found = fieldsOf(
    (await api.ask('GET /repos/{owner}/{repo}/branches/{branch}', { branch })).data,
    'the branch',
  );
  if (found['protected'] !== true) return { checks: [], unknown: undefined };
  const told = innerFields(found, 'protection')['required_status_checks'];
  if (told !== undefined && told !== null) return { checks: checksOf(told), unknown: undefined };
  try {
    const { data } = await api.ask(
      'GET /repos/{owner}/{repo}/branches/{branch}/protection/required_status_checks',
      { branch },
    );
    return { checks: checksOf(data), unknown: undefined };
  } catch (error) {
    if (!(error instanceof GitHubError) || (error.status !== 403 && error.status !== 404)) throw error;
    return {
      checks: [],
      unknown: `GitHub answers with status ${error.status}, which needs \`administration: read\``,
    };
  }
}

function checksOf(value: unknown): RequiredCheck[] {
  const told = fieldsOf(value, 'the protection');
  if (textOrNone(told, 'enforcement_level') === 'off') return [];
  const checks = Array.isArray(told['checks']) ? told['checks'].map((one) => required(one, 'app_id')) : [];
  // Contexts name the same checks without their apps.
  const contexts = Array.isArray(told['contexts']) ? told['contexts'] : [];
  const bare = contexts
    .filter((name): name is string => typeof name === 'string')
    .filter((name) => !checks.some((one) => one.name === name));
  return [...checks, ...bare.map((name) => ({ name, app: undefined }))];
}

/** Any app is null, left out, or -1. */
function required(value: unknown, key: 'integration_id' | 'app_id'): RequiredCheck {
  const one = fieldsOf(value, 'a required check');
  const app = one[key];
  return { name: textIn(one, 'context'), app: typeof app === 'number' && app > 0 ? app : undefined };
}

function same(a: RequiredCheck, b: RequiredCheck): boolean {
  return a.name === b.name && a.app === b.app;
}
