import { FAILURE_KINDS, Failure, type FailureCode, type FailureKind, failureCode } from '@deploy-actions/kit';
import { FORMS, type ResultForms, checkedFields } from './result-forms.ts';
import { RUN_STATES, type RunReference, type RunResult, type RunState } from './run.ts';

/**
 * The fields of a result file: `name length`, newline, value, newline. A name that comes twice keeps the last
 * value, but the prelude's own (with `_`) the first one. Throws on a damaged file.
 */
export function parseFieldList(bytes: Buffer): Record<string, string> {
  // Without a prototype: a server may name a field as it likes.
  const fields = Object.create(null) as Record<string, string>;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    const head = /^([A-Za-z_][A-Za-z0-9_-]*) (\d{1,10})$/.exec(
      bytes.toString('latin1', at, end < 0 ? at : end),
    );
    const stop = end + 1 + Number(head?.[2]);
    if (!head || stop >= bytes.length || bytes[stop] !== 10)
      throw new Error('the result on the server is damaged');
    const [, name] = head as unknown as [string, string];
    if (!(name.startsWith('_') && name in fields && name !== '_details')) {
      const value = bytes.toString('utf8', end + 1, stop);
      fields[name] = name === '_details' && fields[name] ? `${fields[name]}\n${value}` : value;
    }
    at = stop + 1;
  }
  return fields;
}

const KINDS: readonly FailureKind[] = ['input', 'refused', 'unhealthy', 'remote', 'lost', 'busy'];

/** The kind and the code that a server gave; a code that the table does not have, or not for that kind, counts as none. */
export function failureCause(
  kindText: string | undefined,
  codeText: string | undefined,
): { kind: FailureKind; code: FailureCode | undefined } {
  const kind = KINDS.find((one) => one === kindText) ?? 'remote';
  const code = failureCode(codeText);
  return { kind, code: code !== undefined && FAILURE_KINDS[code] === kind ? code : undefined };
}

/** @throws on a word that is no state of a run. */
export function runState(text: string): RunState {
  const state = RUN_STATES.find((one) => one === text.trim());
  if (state === undefined) throw new Error('it names a state that no run has');
  return state;
}

const HOST_FORMS: ResultForms = {
  _outcome: FORMS.word(['succeeded', 'failed']),
  _phases: FORMS.lines(/^[a-z][a-z-]{0,40} \d{1,12}$/, 'a phase and its milliseconds'),
  _elapsed: FORMS.count,
};

/**
 * What a result file says, of the fields those that the program has declared. Throws on a damaged file, and on a value that
 * has not its form.
 */
export function parseResult(
  bytes: Buffer,
  reference: RunReference,
  fresh: boolean,
  forms: ResultForms,
): RunResult {
  const all = parseFieldList(bytes);
  const own = checkedFields(all, HOST_FORMS);
  const failed = own['_outcome'] !== 'succeeded';
  return {
    reference,
    outcome: failed ? 'failed' : 'succeeded',
    ...(failed
      ? {
          failure: {
            ...failureCause(all['_kind'], all['_code']),
            message: all['_message'] || 'the run failed without a word',
            ...(all['_remedy'] ? { remedy: all['_remedy'] } : {}),
            ...(all['_details'] ? { details: all['_details'] } : {}),
          },
        }
      : {}),
    fields: checkedFields(all, forms),
    phases: (own['_phases'] ?? '')
      .split('\n')
      .map((line) => /^(.*) (\d+)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, ms]) => ({ name: name!, ms: Number(ms) })),
    elapsedMs: Number(own['_elapsed'] ?? 0),
    recovered: '_recovered' in all,
    fresh,
  };
}

/** The Failure that a failed run means. */
export function failureOf(result: RunResult): Failure {
  const { kind = 'remote', code, message = 'the run failed', remedy, details } = result.failure ?? {};
  return new Failure(kind, message, { code, remedy, details });
}
