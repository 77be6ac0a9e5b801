import {
  ID_KIND,
  LINE,
  type Kind,
  SHARE_KIND,
  TEXT,
  TIME,
  linesLike,
  orNone,
  textLike,
  wordOf,
} from '@deploy-actions/ledger';

/**
 * What each field of a program's result must be. A name with a star at its end stands for all that begin so. What a part
 * writes with `result` or `result_file` stands there, beside its parameters.
 */
export type ResultForms = Readonly<Record<string, Kind<string>>>;

const SERVICE = '[a-zA-Z0-9][a-zA-Z0-9._-]*';

/** The forms that results have. */
export const FORMS = {
  /** Read by a parser that checks it by itself, or shown to people and escaped for where it goes. */
  text: TEXT,
  /** Text for people, such as a sentence or a version. */
  line: LINE,
  flag: wordOf(['true', 'false']),
  count: textLike(/^\d{1,15}$/, 'a whole number'),
  /** The difference of two times: a clock may be set back in between. */
  difference: textLike(/^-?\d{1,15}$/, 'a whole number'),
  time: TIME,
  id: ID_KIND,
  idOrNone: orNone(ID_KIND),
  share: SHARE_KIND,
  shareOrNone: orNone(SHARE_KIND),
  /** Names of services with spaces around them. */
  services: textLike(new RegExp(`^ *(?:${SERVICE} +)*(?:${SERVICE})?$`), 'names of services'),
  serviceLines: linesLike(new RegExp(`^${SERVICE}$`), 'the name of a service'),
  /** Lines of a service and references or ids of its image. */
  images: linesLike(new RegExp(`^${SERVICE}(?: +[a-zA-Z0-9][\\w.:/@-]*)* *$`), 'a service and its images'),
  path: textLike(/^\/[^\0-\x1f\x7f]*$/, 'an absolute path'),
  pathOrNone: textLike(/^(?:\/[^\0-\x1f\x7f]*)?$/, 'an absolute path, or empty'),
  lines: linesLike,
  like: textLike,
  word: wordOf,
  orNone,
} as const;

/**
 * The fields of a result that were declared, each checked. Others are left out: a run of another version may have written
 * what this one does not know, and nobody here reads it. Throws an Error that names the field, and never what is in it.
 */
export function checkedFields(
  all: Readonly<Record<string, string>>,
  forms: ResultForms,
): Readonly<Record<string, string>> {
  const fields: [string, string][] = [];
  for (const [name, value] of Object.entries(all)) {
    const form = formOfField(name, forms);
    if (form === undefined) continue;
    if (!form.fits(value)) throw new Error(`"${name}" in its result is not ${form.what}`);
    fields.push([name, value]);
  }
  return Object.fromEntries(fields);
}

/** The form of a field by its name; undefined where none is declared. */
function formOfField(name: string, forms: ResultForms): Kind<string> | undefined {
  if (Object.hasOwn(forms, name)) return forms[name];
  const star = Object.keys(forms).find(
    (one) => one.endsWith('*') && !name.startsWith('_') && name.startsWith(one.slice(0, -1)),
  );
  return star === undefined ? undefined : forms[star];
}
