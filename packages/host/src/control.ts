import { type Session, SessionFailure } from '@deploy-actions/shell';
import { ANSWER_MS, SILENCE_MS, freshName, runEntry } from './exec.ts';
import { execScript } from './host-parts.ts';
import type { ResultForms } from './result-forms.ts';
import { parseResult } from './result.ts';
import type { RunReference, RunResult, Upload } from './run.ts';
import { uploadStream } from './upload-stream.ts';

/**
 * Lets a run that waits in `await_go` (or will) go on. `late`: its deadline or a cancellation came first and it
 * reverts; `ended`: it is over.
 */
export async function sendGo(session: Session, reference: RunReference): Promise<'went' | 'late' | 'ended'> {
  return await ask(session, '_go', reference, ['went', 'late', 'ended']);
}

/** Tells a run that the runner is there, by a figure that it has not told before. */
export async function sendSignOfLife(
  session: Session,
  reference: RunReference,
  figure: number,
): Promise<void> {
  await ask(session, '_alive', reference, ['noted'], String(figure));
}

/** Asks a run to stop where it can: a wait for the lock or for go ends, bodies see `cancelled`. */
export async function cancelRun(session: Session, reference: RunReference): Promise<void> {
  await ask(session, '_cancel', reference, ['cancelled']);
}

async function ask<Answer extends string>(
  session: Session,
  entry: '_go' | '_alive' | '_cancel',
  reference: RunReference,
  answers: readonly Answer[],
  ...more: readonly string[]
): Promise<Answer> {
  let answer: Answer | undefined;
  await runEntry(
    session,
    { script: execScript(entry), args: [reference.directory, ...more], timeout: ANSWER_MS },
    ({ type, payload }) => {
      if (type === 'answer') answer = answers.find((one) => one === payload.toString('latin1'));
    },
  );
  if (answer === undefined) throw new SessionFailure('lost', `${session.name} gave no answer that is one`);
  return answer;
}

/** The result of a run, or undefined while it has none; of its fields those with a form are read. */
export async function readResult(
  session: Session,
  reference: RunReference,
  forms: ResultForms = {},
): Promise<RunResult | undefined> {
  let result: RunResult | undefined;
  await runEntry(
    session,
    { script: execScript('_read_result'), args: [reference.directory], timeout: ANSWER_MS },
    ({ type, payload }) => {
      if (type === 'result') result = parseResult(payload, reference, false, forms);
    },
  );
  return result;
}

/**
 * Puts files into a folder of the application's (absolute), all of them or none, checked by SHA-256. Existing
 * ones of the same name are replaced, each at once.
 */
export async function upload(
  session: Session,
  path: string,
  directory: string,
  files: readonly Upload[],
): Promise<void> {
  let done = false;
  await runEntry(
    session,
    {
      script: execScript('_upload'),
      args: [path, directory, freshName()],
      input: uploadStream(files),
      silence: SILENCE_MS,
    },
    ({ type }) => {
      done ||= type === 'answer';
    },
  );
  if (!done) throw new SessionFailure('lost', `${session.name} did not confirm the upload`);
}
