import { readFileSync } from 'node:fs';
import { type Subject, subjectOf } from './subject.ts';
import { withheldSecrets } from './withheld-secrets.ts';

/**
 * What the runner tells about the run, from its documented environment variables, and the commit that the run is about.
 * Missing ones are empty.
 */
export interface Workflow extends Subject {
  /** `owner/name` */
  repository: string;
  runId: string;
  runNumber: number;
  runAttempt: number;
  job: string;
  workflow: string;
  eventName: string;
  serverUrl: string;
  apiUrl: string;
  /** Where a person sees this run; empty outside a run. */
  runUrl: string;
  /** Folder of the checkout; the current folder outside a run. */
  workspace: string;
  /** Folder for temporary files of this job. */
  temp: string;
  /** The event's payload, read when first asked for; `{}` when there is none. */
  event(): Record<string, unknown>;
  /** Why GitHub withholds secrets from this run, as a sentence; undefined when it does not. */
  withheldSecrets(): string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the run's context.
 * Source: docs.github.com "Variables reference", default environment variables.
 */
export function readWorkflow(env: Environment): Workflow {
  const of = (name: string) => env[name] ?? '';
  const count = (name: string) => (/^\d+$/.test(of(name)) ? Number(of(name)) : 0);
  const serverUrl = of('GITHUB_SERVER_URL') || 'https://github.com';
  const repository = of('GITHUB_REPOSITORY');
  const runId = of('GITHUB_RUN_ID');
  const attempt = count('GITHUB_RUN_ATTEMPT');
  let payload: Record<string, unknown> | undefined;
  const event = () => (payload ??= readEvent(of('GITHUB_EVENT_PATH')));
  const subject = subjectOf(env, event);
  const eventName = of('GITHUB_EVENT_NAME');
  return {
    ...subject,
    repository,
    runId,
    runNumber: count('GITHUB_RUN_NUMBER'),
    runAttempt: attempt,
    job: of('GITHUB_JOB'),
    workflow: of('GITHUB_WORKFLOW'),
    eventName,
    serverUrl,
    apiUrl: of('GITHUB_API_URL') || 'https://api.github.com',
    runUrl:
      repository && runId
        ? `${serverUrl}/${repository}/actions/runs/${runId}${attempt > 1 ? `/attempts/${attempt}` : ''}`
        : '',
    workspace: of('GITHUB_WORKSPACE') || process.cwd(),
    temp: of('RUNNER_TEMP') || process.env['TMPDIR'] || '/tmp',
    event,
    withheldSecrets: () => withheldSecrets({ ...subject, repository, eventName }, event()),
  };
}

function readEvent(path: string): Record<string, unknown> {
  if (path === '') return {};
  try {
    const payload: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
