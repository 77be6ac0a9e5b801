import { cut } from '@deploy-actions/kit';
import type { Path } from './problem.ts';
import { suggest } from './suggest.ts';

/** JSON Schema, draft 2020-12; `x-expected` says in words what would be right. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

export interface Finding {
  message: string;
  path: Path;
  /** Whether the key rather than the value is to blame. */
  at: 'key' | 'value';
}

/**
 * Says in words what a schema finds wrong with a value: the unknown key with the one that was meant, the
 * missing key, the wrong type with the right one. Covers the keywords that our own schemas use; whether a
 * value is valid at all is the validator's word, not this one's.
 */
export function explainFindings(root: Schema, value: unknown): Finding[] {
  return findings(root, root, value, [], 0);
}

type Keywords = { readonly [keyword: string]: unknown };

function findings(root: Schema, schema: Schema, value: unknown, path: Path, depth: number): Finding[] {
  if (schema === true || depth > 200) return [];
  const one = (message: string): Finding[] => [{ message, path, at: 'value' }];
  if (schema === false) return [{ message: 'is not allowed here', path, at: 'key' }];
  const found: Finding[] = [];
  const go = (inner: Schema, innerValue = value, innerPath = path) =>
    findings(root, inner, innerValue, innerPath, depth + 1);

  if (typeof schema['$ref'] === 'string') {
    const target = resolve(root, schema['$ref']);
    if (target !== undefined) found.push(...go(target));
  }
  const types = list(schema['type']) as string[];
  if (types.length > 0 && !types.some((type) => isType(value, type))) {
    return [
      ...found,
      ...one(`should be ${expected(schema) ?? either(types.map(withArticle))}, but is ${shown(value)}`),
    ];
  }
  if ('const' in schema && !same(value, schema['const'])) {
    return one(`should be ${JSON.stringify(schema['const'])}, but is ${shown(value)}`);
  }
  const options = schema['enum'] as unknown[] | undefined;
  if (options && !options.some((option) => same(option, value))) return one(notOneOf(options, value));
  for (const inner of list(schema['allOf']) as Schema[]) found.push(...go(inner));
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = schema[keyword] as Schema[] | undefined;
    if (!branches) continue;
    const results = branches.map((branch) => go(branch));
    const fitting = results.filter((result) => result.length === 0).length;
    if (fitting === 0) found.push(...nearest(root, schema, branches, results, value, path));
    else if (keyword === 'oneOf' && fitting > 1)
      found.push(...one('fits several of the forms that exclude each other'));
  }
  const not = schema['not'] as Schema | undefined;
  if (not !== undefined && go(not).length === 0) found.push(...one(expected(schema) ?? 'is not allowed'));
  if (schema['if'] !== undefined) {
    const branch = go(schema['if'] as Schema).length === 0 ? schema['then'] : schema['else'];
    if (branch !== undefined) found.push(...go(branch as Schema));
  }
  found.push(...ofScalar(schema, value).flatMap(one));
  if (Array.isArray(value)) found.push(...ofArray(schema, value, path, go));
  else if (typeof value === 'object' && value !== null)
    found.push(...ofObject(schema, value as Keywords, path, go));
  return found;
}

type Go = (schema: Schema, value?: unknown, path?: Path) => Finding[];

function ofObject(schema: Keywords, value: Keywords, path: Path, go: Go): Finding[] {
  const found: Finding[] = [];
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const patterns = Object.entries((schema['patternProperties'] ?? {}) as Record<string, Schema>);
  const additional = schema['additionalProperties'] as Schema | undefined;
  const names = Object.keys(properties);
  const unknown: string[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key];
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const matching = patterns.filter(([pattern]) => new RegExp(pattern, 'u').test(key));
    if (own !== undefined) found.push(...go(own, inner, here));
    for (const [, other] of matching) found.push(...go(other, inner, here));
    if (own === undefined && matching.length === 0 && additional !== undefined) {
      if (additional === false) unknown.push(key);
      else found.push(...go(additional, inner, here));
    }
    if (schema['propertyNames'] !== undefined) {
      for (const finding of go(schema['propertyNames'] as Schema, key, here))
        found.push({ ...finding, message: `the key ${finding.message}`, at: 'key' });
    }
  }
  const missing = (list(schema['required']) as string[]).filter((key) => !Object.hasOwn(value, key));
  for (const key of unknown) {
    const meant = suggest(
      key,
      names.filter((name) => !Object.hasOwn(value, name)),
    );
    const hint = meant === undefined ? known(names) : `; did you mean "${meant}"?`;
    found.push({ message: `unknown key "${cut(key, 60)}"${hint}`, path: [...path, key], at: 'key' });
    if (meant !== undefined && missing.includes(meant)) missing.splice(missing.indexOf(meant), 1);
  }
  for (const key of missing)
    found.push({ message: `the key "${key}" is missing${about(properties[key])}`, path, at: 'value' });
  const count = Object.keys(value).length;
  if (typeof schema['minProperties'] === 'number' && count < schema['minProperties']) {
    found.push({
      message: expected(schema) ?? `needs at least ${schema['minProperties']} of its keys${known(names)}`,
      path,
      at: 'value',
    });
  }
  if (typeof schema['maxProperties'] === 'number' && count > schema['maxProperties']) {
    found.push({
      message: expected(schema) ?? `has more than ${schema['maxProperties']} keys`,
      path,
      at: 'value',
    });
  }
  for (const [key, others] of Object.entries(
    (schema['dependentRequired'] ?? {}) as Record<string, string[]>,
  )) {
    for (const other of Object.hasOwn(value, key) ? others : []) {
      if (!Object.hasOwn(value, other))
        found.push({
          message: `"${key}" needs the key "${other}" beside it`,
          path: [...path, key],
          at: 'key',
        });
    }
  }
  return found;
}

function ofArray(schema: Keywords, value: unknown[], path: Path, go: Go): Finding[] {
  const found: Finding[] = [];
  const prefix = list(schema['prefixItems']) as Schema[];
  for (const [index, inner] of value.entries()) {
    const own = index < prefix.length ? prefix[index] : (schema['items'] as Schema | undefined);
    if (own !== undefined) found.push(...go(own, inner, [...path, index]));
  }
  const { minItems, maxItems } = schema as { minItems?: number; maxItems?: number };
  if (minItems !== undefined && value.length < minItems) {
    found.push({ message: `has ${value.length} items; at least ${minItems} are needed`, path, at: 'value' });
  }
  if (maxItems !== undefined && value.length > maxItems) {
    found.push({ message: `has ${value.length} items; at most ${maxItems} are allowed`, path, at: 'value' });
  }
  if (schema['uniqueItems'] === true) {
    const seen = new Map<string, number>();
    for (const [index, inner] of value.entries()) {
      const text = JSON.stringify(inner);
      const before = seen.get(text);
      if (before !== undefined)
        found.push({ message: `is the same as item ${before + 1}`, path: [...path, index], at: 'value' });
      else seen.set(text, index);
    }
  }
  return found;
}

function ofScalar(schema: Keywords, value: unknown): string[] {
  const got = `, but is ${shown(value)}`;
  const wanted = expected(schema);
  const wrong = (otherwise: string) => [`should be ${wanted ?? otherwise}${got}`];
  if (typeof value === 'string') {
    const { pattern, minLength, maxLength } = schema as {
      pattern?: string;
      minLength?: number;
      maxLength?: number;
    };
    if (minLength !== undefined && [...value].length < minLength)
      return value === '' ? ['is empty'] : wrong(`at least ${minLength} characters long`);
    if (maxLength !== undefined && [...value].length > maxLength)
      return wrong(`at most ${maxLength} characters long`);
    if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
      return wrong(`text that matches ${pattern}`);
  }
  if (typeof value === 'number') {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Record<
      string,
      number | undefined
    >;
    if (minimum !== undefined && value < minimum) return wrong(`at least ${minimum}`);
    if (maximum !== undefined && value > maximum) return wrong(`at most ${maximum}`);
    if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
      return wrong(`more than ${exclusiveMinimum}`);
    if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
      return wrong(`less than ${exclusiveMaximum}`);
    if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
      return wrong(`a multiple of ${multipleOf}`);
  }
  return [];
}

/** What is wrong by the branch that comes nearest: of the value's own type, and with the deepest findings. */
function nearest(
  root: Schema,
  schema: Keywords,
  branches: Schema[],
  results: Finding[][],
  value: unknown,
  path: Path,
): Finding[] {
  const sameType = branches
    .map((branch, index) => ({
      branch:
        typeof branch === 'object' && typeof branch['$ref'] === 'string'
          ? resolve(root, branch['$ref'])!
          : branch,
      result: results[index]!,
    }))
    .filter(
      ({ branch }) =>
        typeof branch !== 'object' ||
        list(branch['type']).length === 0 ||
        (list(branch['type']) as string[]).some((type) => isType(value, type)),
    );
  const composite = typeof value === 'object' && value !== null;
  if (sameType.length === 0 || (!composite && expected(schema) !== undefined)) {
    const forms = expected(schema) ?? either([...new Set(branches.map((branch) => formOf(root, branch)))]);
    return [{ message: `should be ${forms}, but is ${shown(value)}`, path, at: 'value' }];
  }
  const blame = (result: Finding[]) =>
    result.filter((finding) => finding.path.length === path.length + (finding.at === 'key' ? 1 : 0)).length;
  return sameType.reduce((best, other) =>
    blame(other.result) < blame(best.result) ||
    (blame(other.result) === blame(best.result) && other.result.length < best.result.length)
      ? other
      : best,
  ).result;
}

function formOf(root: Schema, branch: Schema): string {
  if (typeof branch === 'boolean') return 'anything';
  if (typeof branch['$ref'] === 'string') {
    const target = resolve(root, branch['$ref']);
    return expected(branch) ?? (target === undefined ? 'something else' : formOf(root, target));
  }
  const options = branch['enum'] as unknown[] | undefined;
  return (
    expected(branch) ??
    (options ? either(options.map((option) => JSON.stringify(option))) : undefined) ??
    ('const' in branch
      ? JSON.stringify(branch['const'])
      : either((list(branch['type']) as string[]).map(withArticle)))
  );
}

function notOneOf(options: unknown[], value: unknown): string {
  const meant =
    typeof value === 'string'
      ? suggest(
          value,
          options.filter((option) => typeof option === 'string'),
        )
      : undefined;
  const all = either(options.map((option) => JSON.stringify(option)));
  return `should be ${all}, but is ${shown(value)}${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

function known(names: string[]): string {
  if (names.length === 0) return '';
  const first = names.slice(0, 12).map((name) => `"${name}"`);
  return `; known here: ${first.join(', ')}${names.length > 12 ? ', …' : ''}`;
}

function about(schema: Schema | undefined): string {
  if (typeof schema !== 'object') return '';
  const words = expected(schema);
  return words === undefined ? '' : `; it should be ${words}`;
}

function expected(schema: Schema): string | undefined {
  if (typeof schema !== 'object') return undefined;
  return typeof schema['x-expected'] === 'string' ? schema['x-expected'] : undefined;
}

function resolve(root: Schema, reference: string): Schema | undefined {
  if (!reference.startsWith('#')) return undefined;
  let node: unknown = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as Keywords)[key];
  }
  return node as Schema;
}

function list(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function isType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  return typeOf(value) === type;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const NAMES: Record<string, string> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'empty',
};

function withArticle(type: string): string {
  return NAMES[type] ?? type;
}

/** A value in a message: short ones as they are, others by their kind. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(cut(value, 60))}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return withArticle(typeOf(value));
}

function either(items: string[]): string {
  if (items.length <= 1) return items[0] ?? 'something else';
  const shownItems = items.slice(0, 30);
  return `${shownItems.slice(0, -1).join(', ')} or ${shownItems.at(-1)}`;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
