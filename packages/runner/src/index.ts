import * as core from '@actions/core';
import { Failure, type Fields } from '@deploy-actions/kit';
import { type Action, runAction, runPost } from './action.ts';

export { type Action, type OutputValue, type Ports } from './action.ts';
export { writeReport } from './report-file.ts';
export { type Subject } from './subject.ts';
export { type Workflow } from './workflow.ts';
export { withheldSecrets } from './withheld-secrets.ts';

/**
 * Runs the action in this process and exits. A cancelled run aborts the action's signal; GitHub sends SIGINT,
 * SIGTERM after 7.5 s, and kills 2.5 s later, so the action has that long to leave things in order.
 */
export function main<F extends Fields, O extends string>(action: Action<F, O>): void {
  void runAction(action, { core, env: process.env, signal: cancellation() }).then(exit);
}

/** Runs the action's post step in this process and exits. */
export function post<F extends Fields>(action: Parameters<typeof runPost<F>>[0]): void {
  void runPost(action, { core, env: process.env, signal: cancellation() }).then(exit);
}

function cancellation(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      controller.abort(new Failure('lost', `the run was cancelled (${name})`));
    });
  }
  return controller.signal;
}

/** Exits as soon as all output is written: an open socket must not keep a finished step alive. */
function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.exit(code));
}
