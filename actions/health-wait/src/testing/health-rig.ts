import { Failure, type Report, parseFields, redactor, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { type NodeSession, type Reach, fromRunner } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { mustBeWellTold } from '@deploy-actions/runner/testing';
import type { Session } from '@deploy-actions/shell';
import { type HealthInputs, type HealthOutputs, fields } from '../fields.ts';
import { healthWait } from '../health-wait.ts';

/** What came of a run of the action. */
export interface Run {
  outputs: HealthOutputs;
  report: Report;
  failure: Failure | undefined;
  log: string[];
  summary: string;
  /** What a text looks like once the secrets are out of it. */
  secrets: (text: string) => string;
}

/** The inputs as the action reads them. */
export function inputsOf(values: Record<string, string>): HealthInputs {
  return parseFields(fields, { input: (name) => values[name] ?? '' }) as HealthInputs;
}

/** Runs the action with these inputs on a runner of its own; `variables` are inputs that the job's environment gives. */
export async function run(
  values: Record<string, string>,
  session?: Session,
  signal = new AbortController().signal,
  variables: Record<string, string> = {},
  nodes: readonly NodeSession[] = [],
): Promise<Run> {
  const log = memoryLog();
  const secrets = redactor();
  const annotations: { message: string }[] = [];
  let summary = '';
  const ports = {
    log,
    clock: systemClock,
    redactor: secrets,
    signal,
    addSecret: (value: string) => secrets.add(value),
    summary: (text: string) => (summary += text),
    annotate: (_level: string, message: string) => annotations.push({ message }),
    variables: new Map(Object.keys(variables).map((input) => [input, `DEPLOY_${input.toUpperCase()}`])),
  } as unknown as Ports;
  const reach: Reach = fromRunner();
  let written = '';
  const world = {
    runner: reach,
    server: async () => ({ session: session!, reach }),
    isCluster: async () => inputsOf({ ...variables, ...values }).engine === 'swarm',
    nodes: async () => [{ name: session!.name, session: session! }, ...nodes],
    writeReport: (json: string) => {
      written = json;
      return '/report.json';
    },
  };
  let outputs: HealthOutputs | undefined;
  let failure: Failure | undefined;
  try {
    outputs = await healthWait(inputsOf({ ...variables, ...values }), ports, world);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
    mustBeWellTold({ log, annotations }, error);
    outputs = error.outputs as HealthOutputs | undefined;
  }
  return {
    outputs: outputs!,
    report: JSON.parse(written || '{}') as Report,
    failure,
    log: log.lines,
    summary,
    secrets: (text) => secrets.redact(text),
  };
}
