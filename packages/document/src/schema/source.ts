import { DocumentError, type Path, documentFailure, pathText } from '../problem.ts';
import { Failure } from '@deploy-actions/kit';
import { type Dialect, identifierKeyword, referenceStandsAlone, shapeOf } from './dialect.ts';

/** A document that schemas stand in. */
export interface SchemaSource {
  /** Its path in the workspace, for messages; undefined when it stands in the user's own file of checks. */
  file?: string;
  /** Its address, which relative references start from, such as `workspace:///api/openapi.yaml`. */
  uri: string;
  value: unknown;
  /** Lines and columns count from 1. */
  place?: (path: Path, what?: 'key' | 'value') => { line: number; column: number };
}

export interface SchemaLocation {
  source: SchemaSource;
  path: Path;
}

/** Opens the document at an address; undefined when it is not to be had. */
export type OpenSource = (uri: string) => Promise<SchemaSource | undefined>;

/** The `input` Failure about what stands at a location: file, line and column where they are known. */
export function refusal(
  { source, path }: SchemaLocation,
  message: string,
  what: 'key' | 'value' = 'value',
): Failure {
  if (source.file === undefined) {
    const where = path.length === 0 ? '' : `, ${pathText(path)}`;
    return new Failure('input', `the JSON Schema${where}: ${message}`);
  }
  const place = source.place?.(path, what) ?? { line: 1, column: 1 };
  return documentFailure(new DocumentError([{ message, path, ...place }]), { file: source.file });
}

export type Keywords = { readonly [keyword: string]: unknown };

export function isMapping(value: unknown): value is Keywords {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parts of a JSON pointer, without its percent-encoding: `/paths/~1users` -> `paths`, `/users`. */
export function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => decode(part).replace(/~1/g, '/').replace(/~0/g, '~'));
}

/** A text without its percent-encoding; as it is where that is broken. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What stands at a path below a value; undefined when nothing does. Only own keys count. */
export function valueAt(value: unknown, path: Path): { value: unknown } | undefined {
  let node = value;
  for (const part of path) {
    if (Array.isArray(node) ? !/^(0|[1-9]\d*)$/.test(String(part)) : !isMapping(node)) return undefined;
    if (!Object.hasOwn(node as object, part)) return undefined;
    node = (node as Record<string | number, unknown>)[part];
  }
  return { value: node };
}

/** Where the schemas of JSON Schema documents stand that have an address of their own (`$id`, `$anchor`). */
export interface Addresses {
  /** Absolute addresses, without fragment. */
  resources: Map<string, SchemaLocation>;
  /** `address#name`. */
  anchors: Map<string, SchemaLocation & { dynamic: boolean }>;
  /** The address that references inside a schema start from. */
  bases: WeakMap<object, string>;
  /** How often each name of a `$dynamicAnchor` stands anywhere. */
  dynamicNames: Map<string, number>;
  /** Whether a `$recursiveAnchor: true` stands anywhere. */
  recursive: boolean;
}

export function noAddresses(): Addresses {
  return {
    resources: new Map(),
    anchors: new Map(),
    bases: new WeakMap(),
    dynamicNames: new Map(),
    recursive: false,
  };
}

/**
 * Notes every address in a document that is a schema itself. Only places where a schema can stand are looked at: an
 * `id` in an example or in an `enum` is a value like any other.
 */
export function noteAddresses(addresses: Addresses, source: SchemaSource, dialect: Dialect): void {
  addresses.resources.set(source.uri, { source, path: [] });
  const visit = (node: unknown, path: Path, above: string): void => {
    if (!isMapping(node) || addresses.bases.has(node)) return;
    let base = above;
    const own = node[identifierKeyword(dialect)];
    if (typeof own === 'string' && !(referenceStandsAlone(dialect) && typeof node['$ref'] === 'string')) {
      const [resource = '', name] = own.split('#');
      if (resource !== '') {
        base = absolute(resource, above) ?? above;
        if (!addresses.resources.has(base)) addresses.resources.set(base, { source, path });
      }
      if (name) addresses.anchors.set(`${base}#${name}`, { source, path, dynamic: false });
    }
    addresses.bases.set(node, base);
    for (const [keyword, dynamic] of [
      ['$anchor', false],
      ['$dynamicAnchor', true],
    ] as const) {
      const name = node[keyword];
      if (typeof name !== 'string') continue;
      const known = addresses.anchors.get(`${base}#${name}`);
      if (!known?.dynamic) addresses.anchors.set(`${base}#${name}`, { source, path, dynamic });
      if (dynamic) addresses.dynamicNames.set(name, (addresses.dynamicNames.get(name) ?? 0) + 1);
    }
    if (node['$recursiveAnchor'] === true) addresses.recursive = true;
    for (const [keyword, value] of Object.entries(node)) {
      const shape =
        keyword === '$defs' || keyword === 'definitions' ? 'schema-map' : shapeOf(keyword, dialect);
      if (shape === undefined || !shape.startsWith('schema')) continue;
      const here = [...path, keyword];
      if (Array.isArray(value)) value.forEach((one, index) => visit(one, [...here, index], base));
      else if (shape.endsWith('-map') && isMapping(value))
        for (const [key, one] of Object.entries(value)) visit(one, [...here, key], base);
      else visit(value, here, base);
    }
  };
  visit(source.value, [], source.uri);
}

/** The address that references at a location start from: the nearest `$id` above it, else the document's own. */
export function baseOf(addresses: Addresses, { source, path }: SchemaLocation): string {
  let base = source.uri;
  let node: unknown = source.value;
  for (const part of [...path, undefined]) {
    if (typeof node !== 'object' || node === null) break;
    base = addresses.bases.get(node) ?? base;
    if (part !== undefined) node = (node as Record<string | number, unknown>)[part];
  }
  return base;
}

/** A reference as an absolute address; undefined when it is none. */
export function absolute(reference: string, base: string): string | undefined {
  try {
    return new URL(reference, base).href;
  } catch {
    return undefined;
  }
}
