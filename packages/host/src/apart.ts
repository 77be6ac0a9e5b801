import { Failure } from '@deploy-actions/kit';
import { frameReader } from './frames.ts';
import { type ResultForms, checkedFields } from './result-forms.ts';
import { failureCause, parseFieldList } from './result.ts';

/** What a command that ran `apart` told, and how it failed. */
export interface Apart {
  fields: Readonly<Record<string, string>>;
  failure: Failure | undefined;
}

/** Reads a field of `apart` by the forms of the program. Throws on what is no answer of it. */
export function readApart(told: string, forms: ResultForms): Apart {
  const all = parseFieldList(Buffer.from(told));
  return { fields: checkedFields(all, forms), failure: fieldsFailure(all) };
}

/** The Failure that the fields of a body tell, where it gave one to `fail`. */
export function fieldsFailure(fields: Readonly<Record<string, string>>): Failure | undefined {
  if (fields['_message'] === undefined) return undefined;
  const { kind, code } = failureCause(fields['_kind'], fields['_code']);
  return new Failure(kind, fields['_message'], {
    code,
    ...(fields['_remedy'] === undefined ? {} : { remedy: fields['_remedy'] }),
    ...(fields['_details'] === undefined ? {} : { details: fields['_details'] }),
  });
}

/** The same where a function of the host's ran apart: what it refused with; undefined where it did not. */
export function readRefusal(told: string): Failure | undefined {
  const said: Record<string, string> = {};
  frameReader(({ type, payload }) => (said[type] = payload.toString('utf8')))(Buffer.from(told));
  if (said['message'] === undefined) return undefined;
  const { kind, code } = failureCause(said['kind'], said['code']);
  return new Failure(kind, said['message'], {
    code,
    ...(said['remedy'] ? { remedy: said['remedy'] } : {}),
  });
}
