import { parseCommand, startBundle } from '@deploy-actions/tooling';
import type { Tell } from './progress.ts';
import type { ReadyStep, StepEnd } from '@deploy-actions/tooling/job';

/** Does what an action of somebody else does. */
export type StandIn = (inputs: Readonly<Record<string, string>>) => void;

/** The machine on which a job runs. */
export interface Runner {
  workspace: string;
  /** GITHUB_* of the run. */
  env: Readonly<Record<string, string>>;
  /** The actions of others, by `owner/name`. */
  standIns: Readonly<Record<string, StandIn>>;
  signal: AbortSignal;
}

/** How a step ended, and the errors that it told; none where it succeeded. */
export interface RunEnd extends StepEnd {
  errors: string[];
}

const OURS = 'org/deploy-actions/';

/**
 * Runs a step as the runner of a job does, without a post step, and shows its log as it comes: groups and annotations, and
 * all else as details. Rejects when the runner is told to end.
 */
export async function runStep(
  { step, inputs, env, status }: Omit<ReadyStep, 'step'> & { step: Pick<ReadyStep['step'], 'uses'> },
  runner: Runner,
  tell: Tell,
  detail: Tell,
): Promise<RunEnd> {
  if (!step.uses.startsWith(OURS)) {
    const standIn = runner.standIns[step.uses];
    if (standIn === undefined) throw new Error(`nothing stands in for ${step.uses}`);
    standIn(inputs);
    return { ok: true, outputs: {}, errors: [] };
  }
  const result = await startBundle({
    action: step.uses.slice(OURS.length),
    inputs,
    workspace: runner.workspace,
    env: { ...runner.env, ...env },
    jobStatus: status,
    signal: runner.signal,
    onLine: (line) => {
      const shown = readable(line);
      if (shown === undefined) return;
      if (parseCommand(line)) tell(shown);
      else detail(shown);
    },
  }).done;
  runner.signal.throwIfAborted();
  const ok = result.exitCode === 0;
  const errors = result.annotations.filter(({ level }) => level === 'error').map(({ message }) => message);
  return {
    ok,
    outputs: result.outputs,
    exported: result.exported,
    errors: ok || errors.length > 0 ? errors : [`it ended with ${result.exitCode ?? result.endedBy}`],
  };
}

/** A log line as a reader of the run would see it; undefined for commands that show nothing. */
export function readable(line: string): string | undefined {
  const command = parseCommand(line);
  if (!command) return line.trim() === '' ? undefined : line;
  switch (command.name) {
    case 'group':
      return `▸ ${command.data}`;
    case 'error':
    case 'warning':
    case 'notice':
      return `${command.name}: ${command.data}`;
    default:
      return undefined;
  }
}
