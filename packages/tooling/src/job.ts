import { parseYaml } from './action-file.ts';
import { type Contexts, type JobStatus, fillIn, holds } from './expression.ts';

export type { Contexts };

/** One step of a workflow file, its texts as they stand there. */
export interface WorkflowStep {
  /** Its `id:`; undefined where it has none. */
  id: string | undefined;
  /** `owner/repository/path` or `owner/repository`, without what follows the @. */
  uses: string;
  if: string | undefined;
  with: Readonly<Record<string, string>>;
}

/** The job of a workflow file. */
export interface WorkflowJob {
  if: string | undefined;
  env: Readonly<Record<string, string>>;
  steps: readonly WorkflowStep[];
}

/** A step as its action gets it, every expression evaluated. */
export interface ReadyStep {
  step: WorkflowStep;
  inputs: Readonly<Record<string, string>>;
  /** Of the job, with what steps before have exported. */
  env: Readonly<Record<string, string>>;
  /** What `job.status` is now. */
  status: JobStatus;
}

/** What became of a step. */
export interface StepEnd {
  ok: boolean;
  outputs: Readonly<Record<string, string>>;
  /** What it has exported for the steps after it. */
  exported?: Readonly<Record<string, string>>;
}

/** How a job ended. */
export interface JobEnd {
  status: JobStatus;
  /** Every step that ran, in this order. */
  ran: readonly { step: WorkflowStep; end: StepEnd }[];
}

const JOB_KEYS = ['name', 'if', 'runs-on', 'timeout-minutes', 'environment', 'permissions', 'env', 'steps'];
const STEP_KEYS = ['id', 'name', 'if', 'uses', 'with'];

/**
 * Reads the one job of a workflow, for `playJob`.
 * @throws for what is not played here: several jobs, `run:` steps, and every other key that would change what runs.
 */
export function readJob(workflow: string): WorkflowJob {
  const jobs = Object.entries(record(record(parseYaml(workflow))['jobs']));
  const [id, raw] = jobs[0] ?? [];
  if (id === undefined || jobs.length > 1)
    throw new Error(`a workflow with one job is played here, and this has ${jobs.length}`);
  const job = record(raw);
  refuseOthers(`job ${id}`, job, JOB_KEYS);
  return {
    if: optional(job['if']),
    env: texts(job['env']),
    steps: (job['steps'] as unknown[]).map((entry, index) => {
      const step = record(entry);
      refuseOthers(`step ${index + 1} of job ${id}`, step, STEP_KEYS);
      const uses = optional(step['uses']);
      if (uses === undefined) throw new Error(`step ${index + 1} of job ${id} uses no action`);
      return {
        id: optional(step['id']),
        uses: uses.replace(/@.*$/, ''),
        if: optional(step['if']),
        with: texts(step['with']),
      };
    }),
  };
}

/**
 * Plays a job as GitHub's runner does: step by step, each with its expressions evaluated when it begins. A step that
 * fails ends those after it, but for the ones whose condition asks for that.
 * @throws when the job's own condition does not hold, or an expression cannot be evaluated.
 */
export async function playJob(
  job: WorkflowJob,
  contexts: Contexts,
  play: (ready: ReadyStep) => Promise<StepEnd>,
): Promise<JobEnd> {
  if (!holds(job.if, contexts, 'success')) throw new Error(`its condition does not hold: ${job.if}`);
  const ran: { step: WorkflowStep; end: StepEnd }[] = [];
  const exported: Record<string, string> = {};
  let status: JobStatus = 'success';
  for (const step of job.steps) {
    const known: Contexts = { ...contexts, job: { status }, steps: stepsContext(ran) };
    const env = { ...fillAll(job.env, known, status), ...exported };
    const seen = { ...known, env };
    if (!holds(step.if, seen, status)) continue;
    const end = await play({ step, inputs: fillAll(step.with, seen, status), env, status });
    ran.push({ step, end });
    Object.assign(exported, end.exported);
    if (!end.ok) status = 'failure';
  }
  return { status, ran };
}

function stepsContext(ran: readonly { step: WorkflowStep; end: StepEnd }[]): object {
  return Object.fromEntries(
    ran.flatMap(({ step: { id }, end: { ok, outputs } }) => {
      const outcome = ok ? 'success' : 'failure';
      return id === undefined ? [] : [[id, { outputs, outcome, conclusion: outcome }]];
    }),
  );
}

function fillAll(
  values: Readonly<Record<string, string>>,
  contexts: Contexts,
  status: JobStatus,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, fillIn(value, contexts, status)]),
  );
}

function refuseOthers(where: string, value: Record<string, unknown>, known: readonly string[]): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw new Error(`${where} has "${other}", which is not played here`);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function optional(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value as string | number | boolean);
}

/** Scalars become the texts that the runner makes of them. */
function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([name, one]) => [name, optional(one) ?? '']));
}
