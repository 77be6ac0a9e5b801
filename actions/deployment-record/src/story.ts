import type { Report } from '@deploy-actions/kit';
import type { DeploymentRecord } from '@deploy-actions/ledger';
import { webAddress } from '@deploy-actions/notice';
import type { PastDeployment } from './metrics/deployments.ts';
import type { Metrics } from './metrics/dora.ts';
import type { RunStatus } from './verdict.ts';
import type { WatchedInterval } from './watched.ts';

export interface StoryLink {
  name: string;
  url: string;
}

/** All that page, summary and comment tell of a run. Every text is as others wrote it: whoever shows it escapes it. */
export interface Story {
  status: RunStatus;
  /** What happened, in one sentence. */
  sentence: string;
  /** Why, in the words of the step that failed first; empty where nothing did. */
  why: string;
  /** `owner/name` */
  repository: string;
  record: DeploymentRecord;
  reports: readonly Report[];
  /** What stability-watch saw, interval by interval; empty where nothing was watched. */
  watched: readonly WatchedInterval[];
  /** Phases within the deployment itself. */
  steps: DeploymentRecord['phases'];
  /** What is over a limit, and which parts are left out. */
  warnings: readonly string[];
  links: readonly StoryLink[];
  logs: readonly { name: string; tail: string }[];
  /** Oldest first; undefined where the history was not asked for, or not told. */
  past: readonly PastDeployment[] | undefined;
  metrics: Metrics | undefined;
}

const SENTENCES: Record<RunStatus, (what: string, where: string) => string> = {
  success: (what, where) => `${what} was deployed${where && ` to ${where}`}.`,
  unchanged: (what, where) => `Nothing changed${where && ` in ${where}`}: ${what} was not deployed anew.`,
  restored: (what, where) =>
    `${what} could not be deployed${where && ` to ${where}`}; what served before was brought back.`,
  'rolled-back': (what, where) =>
    `${what} was rolled back${where && ` in ${where}`}; what served before serves again.`,
  failure: (what, where) => `Deploying ${what}${where && ` to ${where}`} failed.`,
  cancelled: (what, where) => `Deploying ${what}${where && ` to ${where}`} was cancelled.`,
};

/** What happened, in one sentence. */
export function sentenceOf(
  status: RunStatus,
  { version, environment, git_sha: sha }: Pick<DeploymentRecord, 'version' | 'environment' | 'git_sha'>,
  repository: string,
): string {
  const name = repository.split('/').at(-1) ?? '';
  const what = [name, version || sha.slice(0, 7)].filter((one) => one !== '').join(' ') || 'The application';
  return SENTENCES[status](what, environment);
}

/** The sentence of the first step that failed, but for what a rollback says: it follows from another one. */
export function reasonOf(reports: readonly Report[]): string {
  const failed = reports.filter(({ ok }) => !ok);
  return (failed.find(({ kind }) => kind !== 'rollback') ?? failed[0])?.summary ?? '';
}

/** The links of a run: where the application answers, the run, the commit, and the user's own; each is an address of the web. */
export function linksOf(
  environmentUrl: string | undefined,
  runUrl: string,
  commitUrl: string,
  own: readonly StoryLink[],
): StoryLink[] {
  return [
    { name: 'Open the application', url: environmentUrl ?? '' },
    { name: 'Run', url: runUrl },
    { name: 'Commit', url: commitUrl },
    ...own,
  ].filter(({ url }) => webAddress(url));
}

export const ICONS: Record<RunStatus, string> = {
  success: '✅',
  unchanged: '☑️',
  restored: '↩️',
  'rolled-back': '⏪',
  failure: '❌',
  cancelled: '🚫',
};

/** What a reader calls a status. */
export const STATUS_WORDS: Record<RunStatus, string> = {
  success: 'Deployed',
  unchanged: 'Unchanged',
  restored: 'Restored',
  'rolled-back': 'Rolled back',
  failure: 'Failed',
  cancelled: 'Cancelled',
};

/** What a reader calls the kinds of reports. */
const KINDS: Record<string, string> = {
  prepare: 'Prepare',
  preflight: 'Preflight',
  verify: 'Verify images',
  backup: 'Backup',
  deploy: 'Deploy',
  health: 'Health',
  smoke: 'Smoke',
  switch: 'Switch',
  watch: 'Watch',
  rollback: 'Rollback',
};

export function kindName(kind: string): string {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind]! : kind;
}
