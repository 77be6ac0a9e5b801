import { OutOfTime, formatDuration, within } from '@deploy-actions/kit';
import { type Finding, type Schema, explainFindings } from './explain.ts';
import { type ParseOptions, type ParsedDocument, parseDocument } from './parse.ts';
import { DocumentError, type Path, type Problem } from './problem.ts';
import { type SchemaBundle, bundler } from './schema/bundle.ts';
import { pointerParts } from './schema/source.ts';

/** One way in which a value does not conform to a schema. */
export interface Violation {
  path: Path;
  message: string;
}

/** A schema that values are held against, prepared once. */
export interface PreparedSchema {
  /** In what a value does not conform; none means that it does. It takes two seconds at most; what takes longer does not conform. */
  violations(value: unknown): Violation[];
}

/** Milliseconds that one value may take: patterns can be made to run for hours by the text that they meet. */
const LIMIT = 2000;

/** The validator's names of the drafts; draft 6 is a part of draft 7. */
const DRAFTS = {
  '4': '4',
  '6': '7',
  '7': '7',
  '2019-09': '2019-09',
  '2020-12': '2020-12',
  'openapi-3.0': '2020-12',
} as const;

/**
 * Holds a value against a JSON Schema; no violations means that it conforms. The draft is the one that
 * `$schema` names, else 2020-12; `format` counts. Throws a Failure with the line when the schema itself is unusable (a
 * `$ref` to nothing, a bad pattern). References to other documents are never followed.
 */
export async function validateSchema(schema: Schema, value: unknown): Promise<Violation[]> {
  const known = typeof schema === 'object' ? prepared.get(schema) : undefined;
  if (known) return known.violations(value);
  const { bundle } = bundler({ dialect: '2020-12', addressed: true, open: () => Promise.resolve(undefined) });
  const source = { uri: 'workspace:///', value: schema };
  const made = await prepareSchema(await bundle({ source, path: [] }));
  if (typeof schema === 'object') prepared.set(schema, made);
  return made.violations(value);
}

/** Schemas are prepared once: a run holds many answers against the same one. */
const prepared = new WeakMap<object, PreparedSchema>();

/** The definitions of one bundler as the validator looks them up: by the text of the references to them. */
const lookups = new WeakMap<object, Record<string, Schema>>();

/** Prepares a bundle for the validator. */
export async function prepareSchema({ schema, dialect }: SchemaBundle): Promise<PreparedSchema> {
  const { validate } = await import('@cfworker/json-schema');
  const draft = DRAFTS[dialect];
  const lookup = lookups.get(schema.$defs) ?? {};
  lookups.set(schema.$defs, lookup);
  for (const [name, definition] of Object.entries(schema.$defs)) lookup[`#/$defs/${name}`] = definition;
  const hold = (value: unknown, first: boolean) =>
    validate(value, { $ref: schema.$ref } as never, draft, lookup as never, first);
  const judge = (value: unknown): Violation[] => {
    if (hold(value, true).valid) return [];
    const explained = explainFindings(schema, value);
    if (explained.length > 0) return explained.map(({ path, message }) => ({ path, message }));
    // That a reference was followed to a schema that does not fit says nothing by itself.
    const errors = hold(value, false).errors.filter(({ keyword }) => keyword !== '$ref');
    const leaves = errors.filter(
      ({ instanceLocation }) =>
        !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
    );
    return (leaves.length > 0 ? leaves : errors).map((error) => ({
      path: pointerParts(error.instanceLocation),
      message: error.error,
    }));
  };
  return {
    violations(value) {
      try {
        return within(LIMIT, () => judge(value));
      } catch (error) {
        return [{ path: [], message: whyNot(error) }];
      }
    },
  };
}

/** Why a value could not be judged; then it does not conform. */
function whyNot(error: unknown): string {
  if (error instanceof OutOfTime)
    return `takes longer than ${formatDuration(LIMIT)} to check; is a "pattern" of the schema to blame, or "uniqueItems" of a long list?`;
  if (error instanceof RangeError)
    return 'is too large or too deep for the schema, or the schema refers to itself without end';
  throw error;
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
