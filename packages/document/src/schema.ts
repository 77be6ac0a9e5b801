import { type Finding, type Schema, explainFindings } from './explain.ts';
import { type ParseOptions, type ParsedDocument, parseDocument } from './parse.ts';
import { DocumentError, type Path, type Problem } from './problem.ts';

/** One way in which a value does not conform to a schema. */
export interface Violation {
  path: Path;
  message: string;
}

const DRAFTS = {
  'draft-04': '4',
  'draft-06': '7',
  'draft-07': '7',
  '2019-09': '2019-09',
  '2020-12': '2020-12',
} as const;

/**
 * Holds a value against a JSON Schema; no violations means that it conforms. The draft is the one that
 * `$schema` names, else 2020-12. Throws when the schema itself is unusable (a `$ref` to nowhere, a bad
 * pattern). References to other documents are never fetched.
 */
export async function validateSchema(schema: Schema, value: unknown): Promise<Violation[]> {
  const validator = await validatorOf(schema);
  if (validator.quick(value)) return [];
  const explained = explainFindings(schema, value);
  if (explained.length > 0) return explained.map(({ path, message }) => ({ path, message }));
  return validator.errors(value);
}

interface Prepared {
  quick(value: unknown): boolean;
  errors(value: unknown): Violation[];
}

/** Schemas are prepared once: a run holds many answers against the same one. */
const prepared = new WeakMap<object, Prepared>();

async function validatorOf(schema: Schema): Promise<Prepared> {
  const known = typeof schema === 'object' ? prepared.get(schema) : undefined;
  if (known) return known;
  const { Validator } = await import('@cfworker/json-schema');
  const name = typeof schema === 'object' ? String(schema['$schema'] ?? '') : '';
  const draft = Object.entries(DRAFTS).find(([part]) => name.includes(part))?.[1] ?? '2020-12';
  // The validator marks its schema: it gets its own copy.
  const quick = new Validator(structuredClone(schema) as never, draft, true);
  const made: Prepared = {
    quick: (value) => quick.validate(value).valid,
    errors(value) {
      const { errors } = new Validator(structuredClone(schema) as never, draft, false).validate(value);
      const leaves = errors.filter(
        ({ instanceLocation }) =>
          !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
      );
      return (leaves.length > 0 ? leaves : errors).map((error) => ({
        path: pointerPath(error.instanceLocation),
        message: error.error,
      }));
    },
  };
  if (typeof schema === 'object') prepared.set(schema, made);
  return made;
}

function pointerPath(pointer: string): Path {
  return pointer
    .replace(/^#?\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~'));
}

export interface ReadOptions extends ParseOptions {
  schema: Schema;
}

export interface ReadDocument<T> extends ParsedDocument {
  value: T;
}

/**
 * Reads YAML or JSON that must conform to a schema. `T` is the caller's word for what the schema says.
 * Throws DocumentError with every problem's line, column, key and what would be right.
 */
export async function readDocument<T>(text: string, options: ReadOptions): Promise<ReadDocument<T>> {
  const document = await parseDocument(text, options);
  const violations = await validateSchema(options.schema, document.value);
  if (violations.length > 0) throw new DocumentError(located(document, violations, options.schema));
  return document as ReadDocument<T>;
}

function located(document: ParsedDocument, violations: Violation[], schema: Schema): Problem[] {
  const findings = explainFindings(schema, document.value);
  const all: Finding[] =
    findings.length > 0 ? findings : violations.map((violation) => ({ ...violation, at: 'value' as const }));
  const seen = new Set<string>();
  return all
    .map(({ message, path, at }) => ({ message, path, ...document.place(path, at) }))
    .filter((problem) => {
      const key = `${problem.line}:${problem.column}:${problem.message}`;
      return seen.has(key) ? false : seen.add(key);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
