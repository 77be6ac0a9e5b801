import { Failure, type Report, parseFields, redactor, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { type NodeSession, type Reach, fromRunner } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { mustBeWellTold } from '@deploy-actions/runner/testing';
import type { Session } from '@deploy-actions/shell';
import { type WatchOutputs, fields } from '../fields.ts';
import { stabilityWatch } from '../stability-watch.ts';

/** What came of a watch. */
export interface Run {
  outputs: WatchOutputs | undefined;
  /** As the file has it. */
  report: Report & { intervals: { requests: number; errors: number }[] };
  failure: Failure | undefined;
  log: string;
  summary: string;
  warnings: string[];
}

/** Runs the action with these inputs; `variables` are inputs that the job's environment gives. */
export async function run(
  values: Record<string, string>,
  session?: Session,
  variables: Record<string, string> = {},
  nodes: readonly NodeSession[] = [],
): Promise<Run> {
  const log = memoryLog();
  const secrets = redactor();
  const warnings: string[] = [];
  let summary = '';
  let written = '{}';
  const all: Record<string, string> = { ...variables, ...values };
  const reach: Reach = fromRunner();
  const ports = {
    log,
    clock: systemClock,
    redactor: secrets,
    signal: new AbortController().signal,
    addSecret: (value: string) => secrets.add(value),
    summary: (text: string) => (summary += text),
    annotate: (_level: string, message: string) => warnings.push(message),
    variables: new Map(Object.keys(variables).map((input) => [input, `DEPLOY_${input.toUpperCase()}`])),
  } as unknown as Ports;
  const world = {
    runner: reach,
    server: async () => ({ session: session!, reach }),
    isCluster: async () => all['engine'] === 'swarm',
    nodes: async () => [{ name: session!.name, session: session! }, ...nodes],
    writeReport: (json: string) => {
      written = json;
      return '/report.json';
    },
  };
  let outputs: WatchOutputs | undefined;
  let failure: Failure | undefined;
  try {
    const inputs = parseFields(fields, { input: (name) => all[name] ?? '' });
    outputs = await stabilityWatch(inputs, ports, world);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
    mustBeWellTold({ log, annotations: warnings.map((message) => ({ message })) }, error);
    outputs = error.outputs as WatchOutputs | undefined;
  } finally {
    await reach.close();
  }
  return {
    outputs,
    report: JSON.parse(written) as Run['report'],
    failure,
    log: log.lines.join('\n'),
    summary,
    warnings,
  };
}
