import { Failure, FieldError } from '@deploy-actions/kit';
import { deploymentIdOf, identifier } from '@deploy-actions/ledger';
import type { Workflow } from '@deploy-actions/runner';
import type { PrepareInputs } from './fields.ts';
import { imageLines, imageValues } from './image-lines.ts';
import { type Values, fillPattern } from './placeholders.ts';

/** What is deployed; becomes the outputs, also of a failure. */
export interface Decisions {
  version: string;
  sha: string;
  ref: string;
  branch: string;
  environment: string;
  'deployment-id': string;
  images: string;
  timestamp: string;
  reason: string;
  'pull-request': string;
}

/** Longest reason that is handed on, in characters. */
const LONGEST_REASON = 500;

/** The decisions of a version. Throws an `input` Failure where a pattern stands for nothing, or an image for none. */
export function decide(
  inputs: PrepareInputs,
  run: Workflow,
  version: string,
  values: Values,
  now: Date,
): Decisions {
  const pattern = inputs['deployment-id'];
  const id = naming('deployment-id', () =>
    pattern === undefined ? undefined : identifier(fillPattern(pattern, { ...values, version })),
  );
  const images = naming('images', () => imageLines(inputs.images, imageValues(values, version)));
  return {
    version,
    sha: run.sha,
    ref: run.ref,
    branch: run.branch,
    environment: inputs.environment ?? '',
    'deployment-id': deploymentIdOf(id, run),
    images: images.join('\n'),
    timestamp: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    reason: oneLine(inputs.reason ?? ''),
    'pull-request': run.pullRequest === undefined ? '' : String(run.pullRequest),
  };
}

/** What an input's pattern gives; a mistake in it is that input's. */
export function naming<T>(input: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const where = error.line === undefined ? '' : `, line ${error.line}`;
    throw new Failure('input', `input \`${input}\`${where}: ${error.message}`, {
      input,
      remedy: error.remedy,
    });
  }
}

function oneLine(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f\u0085\u2028\u2029]+/g, ' ').trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON - 1).toWellFormed()}…` : line;
}
