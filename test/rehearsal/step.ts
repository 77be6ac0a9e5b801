import { type BundleResult, parseCommand, startBundle } from '@deploy-actions/tooling';
import type { Progress } from './progress.ts';

/** One step of the rehearsed workflow. */
export interface Step {
  /** What the phase is called in the table. */
  name: string;
  action: string;
  inputs: Readonly<Record<string, string | undefined>>;
  /** How the step should end; default success. */
  expect?: 'success' | 'failure';
  /** One phrase for the table, from what the step answered. */
  outcome(result: BundleResult): string;
}

/** What a step is run in: the job's folder and its GITHUB_* values. */
export interface Job {
  workspace: string;
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/**
 * Runs a step as the Actions runner would, shows its log as it comes, and answers its result.
 * Throws when it does not end as expected, with its error line.
 */
export async function playStep(step: Step, job: Job, progress: Progress): Promise<BundleResult> {
  return await progress.phase(step.name, async (tell) => {
    const running = startBundle({
      action: step.action,
      inputs: step.inputs,
      workspace: job.workspace,
      env: job.env,
      onLine: (line) => {
        const shown = readable(line);
        if (shown !== undefined) tell(shown);
      },
    });
    const cancel = () => running.cancel();
    job.signal.addEventListener('abort', cancel, { once: true });
    const result = await running.done;
    job.signal.removeEventListener('abort', cancel);
    job.signal.throwIfAborted();
    const ended = result.exitCode === 0 ? 'success' : 'failure';
    if (ended !== (step.expect ?? 'success')) {
      const errors = result.annotations.filter((one) => one.level === 'error').map((one) => one.message);
      throw new Error(
        `${step.action} ended with exit status ${result.exitCode}${errors.length > 0 ? `: ${errors.join('; ')}` : ''}`,
      );
    }
    return { outcome: step.outcome(result), value: result };
  });
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
