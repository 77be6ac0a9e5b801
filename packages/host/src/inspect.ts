import { type Session, SessionFailure } from '@deploy-actions/shell';
import { fieldsFailure } from './apart.ts';
import { freshName, runEntry } from './exec.ts';
import { eventReader } from './events.ts';
import { type ReadyProgram, programText } from './define-program.ts';
import { variables } from './parameters.ts';
import { parseFieldList } from './result.ts';
import { FORMS, checkedFields } from './result-forms.ts';
import type { RunEvent, Upload } from './run.ts';
import { treeUpload } from './tree-upload.ts';

/** Milliseconds, the upload included: an engine that hangs must not hold the job until its limit. */
const LONGEST_LOOK = 600_000;

export interface InspectOptions {
  path: string;
  /** What looks, with its values; its working folder is the one with the files. */
  program: ReadyProgram<'inspection'>;
  files?: readonly Upload[];
  /** Milliseconds, the upload included; default: LONGEST_LOOK. */
  timeout?: number;
  signal?: AbortSignal;
  onEvent?(event: RunEvent): void;
  /** Nothing is made in the application's folder, whatever state it is in, and nothing stays: there is no staging folder. */
  visit?: boolean;
  /** No run will take over what was sent: nothing of it stays, as of a visit. */
  passing?: boolean;
  /** A run will follow: see `Program.followed`. */
  followed?: boolean;
}

export interface Inspected {
  /** Folder of the files, for `Operation.staging`. It goes by itself after a day. */
  staging: string;
  /** What the body gave to `result` and `result_file`, as the program's parts declare it. */
  fields: Readonly<Record<string, string>>;
}

const STAGING = { staging: FORMS.path };

/**
 * Uploads files into a fresh 0700 folder, of many only those that the server has not, and runs a body that looks at the server and changes nothing, in one
 * exec. Throws the Failure that the body gave to `fail`, or that the folder is not fit.
 */
export async function inspect(session: Session, inspection: InspectOptions): Promise<Inspected> {
  const { path, program, files = [], timeout = LONGEST_LOOK, signal } = inspection;
  const token = freshName();
  const events = eventReader(token, inspection.onEvent);
  let staging: string | undefined;
  let all: Readonly<Record<string, string>> = {};
  let fields: Readonly<Record<string, string>> | undefined;
  const own = [{ name: 'parameters', content: variables(program.parameters) }];
  if (program.program.secrets.length > 0) own.push({ name: 'secrets', content: variables(program.secrets) });
  const sending = treeUpload(own, files);
  await runEntry(
    session,
    {
      script: programText(program.program),
      args: [path, freshName(), token, inspection.visit ? 'visit' : inspection.passing ? 'passing' : ''],
      input: sending.input,
      timeout,
      signal,
      followed: inspection.followed,
      onStderr: events.push,
    },
    ({ type, payload }) => {
      if (type === 'missing') sending.missing(payload);
      if (type === 'staging')
        staging = checkedFields({ staging: payload.toString('utf8') }, STAGING)['staging'];
      if (type === 'result') {
        all = parseFieldList(payload);
        fields = checkedFields(all, program.program.results);
      }
    },
  ).finally(() => sending.end());
  events.end();
  if (staging === undefined || fields === undefined) {
    throw new SessionFailure('lost', `looking at ${session.name} ended without an answer`);
  }
  const failure = fieldsFailure(all);
  if (failure) throw failure;
  return { staging, fields };
}
