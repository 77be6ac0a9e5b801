import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@deploy-actions/kit';
import { findRoot } from './root.ts';
import { UsageError } from './usage-error.ts';

/** A verb's module exports `run(args)`, which answers the exit status. */
export interface Verb {
  run(args: string[]): Promise<number>;
}

/** The verbs of package.json and where each is written, from the root of the checkout. */
const VERBS: Record<string, string> = {
  start: 'test/rehearsal/rehearse.ts',
  test: 'packages/tooling/src/test-verb.ts',
  build: 'packages/tooling/src/build.ts',
  lint: 'packages/tooling/src/lint.ts',
  docs: 'packages/tooling/src/docs.ts',
  lab: 'packages/tooling/src/lab.ts',
  release: 'packages/tooling/src/release.ts',
  bench: 'packages/tooling/src/bench.ts',
};

const [verb = '', ...args] = process.argv.slice(2);
const file = VERBS[verb];
if (file === undefined) {
  console.error(`"${verb}" is not one of ${Object.keys(VERBS).join(', ')}`);
  process.exit(2);
}
const root = findRoot(import.meta.dirname);
process.chdir(root);
try {
  const module = (await import(pathToFileURL(join(root, file)).href)) as Verb;
  process.exitCode = await module.run(args);
} catch (error) {
  if (error instanceof UsageError) {
    console.error(messageOf(error));
    process.exitCode = 2;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
