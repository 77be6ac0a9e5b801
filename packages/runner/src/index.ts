import * as core from '@actions/core';
import { Failure, type Fields } from '@deploy-actions/kit';
import { type Action, runAction, runPost } from './action.ts';
import { POST_STEP } from './post-step.ts';

export { type Action, type OutputValue, type Ports } from './action.ts';
export { writeReport } from './report-file.ts';
export { commandEnvironment } from './command-environment.ts';
export { type Subject } from './subject.ts';
export { type Workflow } from './workflow.ts';

/**
 * Runs the action in this process and exits. A cancelled run aborts the action's signal; GitHub sends SIGINT,
 * SIGTERM after 7.5 s, and kills 2.5 s later, so the action has that long to leave things in order.
 *
 * The post step is another program, `post.js`, that loads this same bundle and says so by its argument. Nothing that main
 * has kept tells them apart: a step that was killed before it kept anything would be taken for main, and run again.
 */
export function main<F extends Fields, O extends string>(action: Action<F, O>): void {
  const world = { core, env: process.env, signal: cancellation() };
  void (process.argv[2] === POST_STEP ? runPost(action, world) : runAction(action, world)).then(exit);
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
