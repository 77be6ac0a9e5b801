import type { Inputs, Report } from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';
import type { noticeFields } from './fields.ts';
import type { Handle, HandlePhase } from './handle.ts';
import { literalLine } from './literal.ts';
import { type Commit, type Notice, type Phase, type Status, settled } from './record.ts';
import type { RecordedRun } from './recorded-run.ts';

export type NoticeInputs = Inputs<typeof noticeFields>;

/** The part of the run's context that a notice is filled from. */
export type NoticeWorkflow = Pick<
  Workflow,
  | 'repository'
  | 'sha'
  | 'refName'
  | 'branch'
  | 'tag'
  | 'message'
  | 'author'
  | 'actor'
  | 'runNumber'
  | 'runUrl'
  | 'workflow'
  | 'job'
  | 'event'
>;

/** A notice of the inputs, everything that they leave open filled from the run's own context. */
export function noticeOf(
  inputs: NoticeInputs,
  workflow: NoticeWorkflow,
  live: {
    reports: readonly Report[];
    /** Fills what the inputs leave open. */
    recorded?: RecordedRun | undefined;
    earlier: Handle | undefined;
    phases: readonly HandlePhase[];
    now: number;
  },
): Notice {
  const { status } = inputs;
  const deployment = object(workflow.event()['deployment']);
  const { recorded } = live;
  const environment = inputs.environment ?? (recorded?.environment || string(deployment['environment']));
  const version = inputs.version ?? (recorded?.version || workflow.tag);
  const notice: Notice = {
    status,
    title: '',
    message: '',
    repository: workflow.repository,
    environment,
    version,
    deploymentId: inputs['deployment-id'] ?? recorded?.deployment_id ?? '',
    // A tag is the version already.
    ref: workflow.tag === '' ? workflow.refName : '',
    commit: commitOf(workflow),
    actor: workflow.actor,
    run: workflow.runUrl === '' ? undefined : { name: runName(workflow), url: workflow.runUrl },
    elapsedMs: live.earlier ? Math.max(0, live.now - live.earlier.startedAt) : undefined,
    fields: inputs.fields,
    phases: phasesOf(live.phases, status, live.now),
    reports: live.reports,
    links: inputs.links.filter((link) => link.url !== ''),
    details: inputs.details ?? '',
  };
  const titled = { ...notice, title: inputs.title ?? defaultTitle(notice) };
  return {
    ...titled,
    title: fillPlaceholders(titled.title, titled, workflow),
    message: fillPlaceholders(inputs.message ?? '', titled, workflow),
  };
}

function runName(workflow: NoticeWorkflow): string {
  const name = workflow.workflow || 'Run';
  return workflow.runNumber > 0 ? `${name} #${workflow.runNumber}` : name;
}

const TITLES: Record<Status, (what: string, where: string) => string> = {
  started: (what, where) => `Deploying ${what}${where && ` to ${where}`}`,
  progress: (what, where) => `Deploying ${what}${where && ` to ${where}`}`,
  success: (what, where) => `Deployed ${what}${where && ` to ${where}`}`,
  failure: (what, where) => `Deploying ${what}${where && ` to ${where}`} failed`,
  'rolled-back': (what, where) => `Rolled back ${what}${where && ` in ${where}`}`,
  cancelled: (what, where) => `Deploying ${what}${where && ` to ${where}`} was cancelled`,
};

function defaultTitle(notice: Notice): string {
  const name = notice.repository.split('/').at(-1) || 'the application';
  return TITLES[notice.status]([name, notice.version].filter(Boolean).join(' '), notice.environment);
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const string = (value: unknown): string => (typeof value === 'string' ? value : '');
const firstLine = (value: string): string => literalLine(value.trim().split(/\r?\n|\r/)[0] ?? '');

/** The commit that the run is about, with the first line of its message. */
function commitOf({
  sha,
  message,
  author,
}: Pick<NoticeWorkflow, 'sha' | 'message' | 'author'>): Commit | undefined {
  return sha === '' ? undefined : { sha, subject: firstLine(message), author };
}

/** The phases that a live message has after this call: a new one ends the one before it. */
export function nextPhases(
  earlier: readonly HandlePhase[],
  phase: string | undefined,
  status: Status,
  now: number,
): HandlePhase[] {
  const running = earlier.at(-1);
  const phases =
    phase === undefined || (running && running.endedAt === undefined && running.name === phase)
      ? [...earlier]
      : [...earlier.map((one) => ({ ...one, endedAt: one.endedAt ?? now })), { name: phase, startedAt: now }];
  return settled(status) ? phases.map((one) => ({ ...one, endedAt: one.endedAt ?? now })) : phases;
}

function phasesOf(phases: readonly HandlePhase[], status: Status, now: number): Phase[] {
  return phases.map((phase, index) => {
    const last = index === phases.length - 1;
    const elapsedMs = Math.max(0, (phase.endedAt ?? now) - phase.startedAt);
    if (!last || status === 'success') return { name: phase.name, state: 'done', elapsedMs };
    if (!settled(status)) return { name: phase.name, state: phase.endedAt ? 'done' : 'running', elapsedMs };
    return { name: phase.name, state: status === 'cancelled' ? 'cancelled' : 'failed', elapsedMs };
  });
}

/** What `{name}` may stand for in a title or message. None of it is secret. */
export const PLACEHOLDERS: Record<string, (notice: Notice, workflow: NoticeWorkflow) => string> = {
  status: (notice) => notice.status,
  title: (notice) => notice.title,
  environment: (notice) => notice.environment,
  version: (notice) => notice.version,
  'deployment-id': (notice) => notice.deploymentId,
  repository: (notice) => notice.repository,
  ref: (_, workflow) => workflow.refName,
  commit: (notice) => notice.commit?.sha.slice(0, 7) ?? '',
  'commit-message': (notice) => notice.commit?.subject ?? '',
  author: (notice) => notice.commit?.author ?? '',
  actor: (notice) => notice.actor,
  workflow: (_, workflow) => workflow.workflow,
  job: (_, workflow) => workflow.job,
  'run-number': (_, workflow) => String(workflow.runNumber),
  'run-url': (notice) => notice.run?.url ?? '',
};

/** Fills `{name}`s in one pass: what is filled in is not read again, and unknown names stay as they are. */
export function fillPlaceholders(text: string, notice: Notice, workflow: NoticeWorkflow): string {
  return text.replace(/\{([a-z-]+)\}/g, (whole, name: string) => {
    const fill = Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
    return fill ? fill(notice, workflow) : whole;
  });
}
