import type { Schema } from '../explain.ts';
import type { Path } from '../problem.ts';
import { type Dialect, type Shape, dialectNamed, referenceStandsAlone, shapeOf } from './dialect.ts';
import { openapiKeywords } from './openapi.ts';
import { unicodePattern } from './pattern.ts';
import { type References, references } from './reference.ts';
import {
  type Keywords,
  type OpenSource,
  type SchemaLocation,
  isMapping,
  refusal,
  valueAt,
} from './source.ts';

/**
 * A schema with all that it refers to: every reference is `#/$defs/<number>`, and nothing in it has an address. The
 * definitions are those of all bundles that the same bundler made so far.
 */
export interface SchemaBundle {
  schema: { readonly $ref: string; readonly $defs: { readonly [name: string]: Schema } };
  dialect: Dialect;
}

export interface BundleOptions {
  /** Where neither `$schema` nor anything else says it. */
  dialect: Dialect;
  /** Whether the documents are schemas themselves, so that `$id` and `$anchor` in them are addresses. */
  addressed: boolean;
  /**
   * Whether values come from the server: what is `writeOnly` is not in them, so that it is not required either
   * (OpenAPI, Schema Object).
   */
  answers?: boolean;
  open: OpenSource;
}

/**
 * Makes bundles of schemas out of documents, each document opened once. What a schema cannot be taken by (a reference
 * to nothing, a keyword with a value that has no meaning, a pattern that is none) is refused with file and line, so
 * that nothing is ever checked against less than what is written. What is not reached from a schema is not looked at.
 */
export function bundler(options: BundleOptions): {
  bundle(at: SchemaLocation): Promise<SchemaBundle>;
  references: References;
} {
  const followed = references(options.open, options.addressed ? options.dialect : undefined);
  const known: Known = { names: new Map(), definitions: {} };
  let before: Promise<unknown> = Promise.resolve();
  return {
    references: followed,
    // One after the other: a bundle must not refer to what another has only begun to write.
    bundle(at) {
      const made = before.then(() => bundleOne(at, options, followed, known));
      before = made.catch(() => undefined);
      return made;
    },
  };
}

interface Reached {
  at: SchemaLocation;
  dialect: Dialect;
  hidden: string[];
}

/** What all bundles share: the name of each schema by where it stands, and the schema as it was written. */
interface Known {
  names: Map<string, string>;
  definitions: Record<string, Schema>;
}

async function bundleOne(
  start: SchemaLocation,
  options: BundleOptions,
  followed: References,
  known: Known,
): Promise<SchemaBundle> {
  const fresh: (Reached & { key: string; name: string })[] = [];
  const dynamics: { name: string; at: SchemaLocation }[] = [];
  const refer = (reached: Reached): string => {
    const { at } = reached;
    const key = JSON.stringify([at.source.uri, at.path.map(String), reached.dialect, reached.hidden]);
    let name = known.names.get(key);
    if (name === undefined) {
      name = String(known.names.size);
      known.names.set(key, name);
      fresh.push({ ...reached, key, name });
    }
    return `#/$defs/${name}`;
  };
  const dialect = dialectAt(start, options.dialect);
  try {
    const root = refer({ at: start, dialect, hidden: [] });
    const writer: Writer = { options, followed, refer, dynamics };
    for (let next = 0; next < fresh.length; next += 1) {
      const { at, name } = fresh[next]!;
      known.definitions[name] = await written(writer, valueAt(at.source.value, at.path)!.value, fresh[next]!);
    }
    const several = dynamics.find(({ name }) => (followed.addresses.dynamicNames.get(name) ?? 0) > 1);
    if (several)
      throw refusal(
        several.at,
        `"$dynamicRef" to ${JSON.stringify(several.name)}, which stands in several schemas, is not supported; write "$ref" to the one that is meant`,
      );
    return { schema: { $ref: root, $defs: known.definitions }, dialect };
  } catch (error) {
    // What refers to a schema that could not be written is not there either.
    for (const { key, name } of fresh) {
      known.names.delete(key);
      Reflect.deleteProperty(known.definitions, name);
    }
    throw error;
  }
}

interface Writer {
  options: BundleOptions;
  followed: References;
  refer(reached: Reached): string;
  dynamics: { name: string; at: SchemaLocation }[];
}

function dialectAt(at: SchemaLocation, otherwise: Dialect): Dialect {
  const node = valueAt(at.source.value, at.path)?.value;
  const named = isMapping(node) ? node['$schema'] : undefined;
  if (named === undefined) return otherwise;
  const dialect = typeof named === 'string' ? dialectNamed(named) : undefined;
  if (dialect) return dialect;
  throw refusal(
    { ...at, path: [...at.path, '$schema'] },
    `the "$schema" ${JSON.stringify(named)} is not known; known are the drafts 4, 6, 7, 2019-09 and 2020-12 of JSON Schema`,
  );
}

/** A schema as the validator gets it. `hidden` are the names of properties that are not in answers. */
async function written(
  writer: Writer,
  node: unknown,
  { at, dialect: above, hidden: known }: Reached,
): Promise<Schema> {
  if (typeof node === 'boolean') return node;
  if (!isMapping(node))
    throw refusal(
      at,
      `a schema stands here, so it should be a mapping, but is ${node === null ? 'empty' : JSON.stringify(node)?.slice(0, 60)}`,
    );
  const dialect = dialectAt(at, above);
  if (dialect !== above)
    throw refusal(
      { ...at, path: [...at.path, '$schema'] },
      'another "$schema" than that of the schema which refers here is not supported',
    );
  const { options, followed, refer } = writer;
  if (!options.addressed && typeof node['$id'] === 'string' && dialect !== 'openapi-3.0')
    throw refusal(at, '"$id" in a schema of an OpenAPI description is not supported; leave it out');
  const out: Record<string, unknown> = {};
  const hidden = options.answers
    ? [...new Set([...known, ...(await writeOnly(writer, node, at, dialect))])].sort()
    : [];

  const reference = node['$ref'];
  if (reference !== undefined) {
    if (typeof reference !== 'string')
      throw refusal({ ...at, path: [...at.path, '$ref'] }, 'a "$ref" should be text');
    const target = await followed.follow(reference, { ...at, path: [...at.path, '$ref'] });
    out['$ref'] = refer({ at: target, dialect, hidden });
    if (referenceStandsAlone(dialect)) return out;
  }
  for (const keyword of ['$dynamicRef', '$recursiveRef'] as const) {
    const text = node[keyword];
    if (text === undefined || (keyword === '$dynamicRef' ? dialect !== '2020-12' : dialect !== '2019-09'))
      continue;
    const here = { ...at, path: [...at.path, keyword] };
    const { target, dynamic } = await followed.followDynamic(String(text), here);
    if (dynamic !== undefined) writer.dynamics.push({ name: dynamic, at: here });
    if (keyword === '$recursiveRef' && followed.addresses.recursive)
      throw refusal(here, '"$recursiveRef" beside a "$recursiveAnchor" is not supported; write "$ref"');
    const link = refer({ at: target, dialect, hidden });
    if (out['$ref'] === undefined) out['$ref'] = link;
    else out['allOf'] = [{ $ref: link }];
  }
  const keywords = options.addressed ? node : openapiKeywords(node, at, dialect);
  const inner = (value: unknown, place: SchemaLocation, sameValue: boolean): Promise<Schema> =>
    written(writer, value, { at: place, dialect, hidden: sameValue ? hidden : [] });
  for (const [keyword, value] of Object.entries(keywords)) {
    const shape = shapeOf(keyword, dialect);
    if (shape === undefined) {
      if (keyword === 'x-expected') out[keyword] = value;
      continue;
    }
    const path = [...at.path, keyword];
    const wrong = misshapen(shape, value, dialect);
    if (wrong !== undefined) throw refusal({ ...at, path }, `"${keyword}" should be ${wrong}`);
    const result = await copied(writer, shape, keyword, value, { ...at, path }, inner);
    out[keyword] =
      keyword === 'required'
        ? (result as string[]).filter((name) => !hidden.includes(name))
        : keyword === 'allOf' && Array.isArray(out['allOf'])
          ? [...(out['allOf'] as unknown[]), ...(result as unknown[])]
          : result;
  }
  return out;
}

/** Keywords whose schemas look at the same value as the schema that they stand in. */
const SAME_VALUE = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependencies',
]);

async function copied(
  { options, followed }: Writer,
  shape: Shape,
  keyword: string,
  value: unknown,
  at: SchemaLocation,
  inner: (value: unknown, at: SchemaLocation, sameValue: boolean) => Promise<Schema>,
): Promise<unknown> {
  const same = SAME_VALUE.has(keyword);
  const below = (place: SchemaLocation, key: string | number) => ({ ...place, path: [...place.path, key] });
  switch (shape) {
    case 'schema':
      return await inner(value, at, same);
    case 'schemas':
    case 'schema-or-schemas': {
      if (!Array.isArray(value)) return await inner(value, at, same);
      const all: Schema[] = [];
      for (const [index, one] of value.entries()) all.push(await inner(one, below(at, index), same));
      return all;
    }
    case 'schema-map':
    case 'schema-or-names-map': {
      let place = at;
      let map = value;
      // No schema can be text, so a `$ref` here is meant as one to a whole mapping; files of OpenAPI have it.
      while (!options.addressed && isMapping(map) && typeof map['$ref'] === 'string') {
        if (Object.keys(map).length > 1) break;
        place = await followed.follow(map['$ref'], below(place, '$ref'));
        map = valueAt(place.source.value, place.path)!.value;
      }
      if (!isMapping(map)) throw refusal(place, 'a mapping of schemas should stand here');
      const entries: [string, unknown][] = [];
      for (const [key, one] of Object.entries(map)) {
        const here = below(place, key);
        const name = keyword === 'patternProperties' ? pattern(key, here, 'key') : key;
        entries.push([name, Array.isArray(one) ? one : await inner(one, here, same)]);
      }
      // Not by assignment: a property can be called __proto__.
      return Object.fromEntries(entries);
    }
    case 'pattern':
      return pattern(value as string, at, 'value');
    default:
      return value;
  }
}

function pattern(source: string, at: SchemaLocation, what: 'key' | 'value'): string {
  const usable = unicodePattern(source);
  if (usable !== undefined) return usable;
  throw refusal(
    at,
    `the pattern ${JSON.stringify(source.slice(0, 100))} is no regular expression of ECMA-262, which JSON Schema asks for`,
    what,
  );
}

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

/** What a keyword's value should be, if it is not. */
function misshapen(shape: Shape, value: unknown, dialect: Dialect): string | undefined {
  const isCount = typeof value === 'number' && value >= 0 && Number.isInteger(value);
  const names = (one: unknown) => Array.isArray(one) && one.every((name) => typeof name === 'string');
  switch (shape) {
    case 'schemas':
      return Array.isArray(value) && value.length > 0 ? undefined : 'a list of schemas';
    case 'schema-map':
      return isMapping(value) ? undefined : 'a mapping of schemas';
    case 'schema-or-names-map':
      return isMapping(value) && Object.values(value).every((one) => !Array.isArray(one) || names(one))
        ? undefined
        : 'a mapping of schemas or lists of names';
    case 'schema':
      return Array.isArray(value)
        ? 'one schema (a list of them is "prefixItems" since draft 2020-12)'
        : undefined;
    case 'number':
      return typeof value === 'number' ? undefined : 'a number';
    case 'limit':
      return dialect === '4'
        ? typeof value === 'boolean'
          ? undefined
          : 'true or false'
        : typeof value === 'number'
          ? undefined
          : 'a number';
    case 'count':
      return isCount ? undefined : 'a whole number';
    case 'pattern':
    case 'text':
      return typeof value === 'string' ? undefined : 'text';
    case 'types': {
      const all = Array.isArray(value) ? (value as unknown[]) : [value];
      return all.length > 0 && all.every((one) => TYPES.includes(one as string))
        ? undefined
        : `of ${TYPES.join(', ')}`;
    }
    case 'list':
      return Array.isArray(value) ? undefined : 'a list';
    case 'names':
      return names(value) ? undefined : 'a list of names';
    case 'names-map':
      return isMapping(value) && Object.values(value).every(names)
        ? undefined
        : 'a mapping of lists of names';
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'schema-or-schemas':
    case 'any':
      return undefined;
  }
}

/** The names of the properties that a schema, or one that it is composed of, calls `writeOnly`. */
async function writeOnly(
  writer: Writer,
  node: Keywords,
  at: SchemaLocation,
  dialect: Dialect,
  seen = new Set<object>(),
): Promise<string[]> {
  if (seen.has(node)) return [];
  seen.add(node);
  const found: string[] = [];
  const target = async (one: unknown, path: Path) => {
    let here: SchemaLocation = { ...at, path };
    let value = one;
    const passed = new Set<unknown>();
    for (;;) {
      if (
        isMapping(value) &&
        value['writeOnly'] === true &&
        !(referenceStandsAlone(dialect) && '$ref' in value)
      )
        return { value, here, hides: true };
      if (!isMapping(value) || typeof value['$ref'] !== 'string' || passed.has(value))
        return { value, here, hides: false };
      passed.add(value);
      here = await writer.followed.follow(value['$ref'], { ...here, path: [...here.path, '$ref'] });
      value = valueAt(here.source.value, here.path)!.value;
    }
  };
  if (isMapping(node['properties']))
    for (const [name, one] of Object.entries(node['properties']))
      if ((await target(one, [...at.path, 'properties', name])).hides) found.push(name);
  if (Array.isArray(node['allOf']))
    for (const [index, one] of (node['allOf'] as unknown[]).entries()) {
      const { value, here } = await target(one, [...at.path, 'allOf', index]);
      if (isMapping(value)) found.push(...(await writeOnly(writer, value, here, dialect, seen)));
    }
  return found;
}
