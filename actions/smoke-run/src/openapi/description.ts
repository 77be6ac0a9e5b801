import {
  type Dialect,
  type OpenSource,
  type PreparedSchema,
  type SchemaLocation,
  type SchemaSource,
  bundler,
  dialectNamed,
  isMapping,
  prepareSchema,
  refusal,
  valueAt,
} from '@deploy-actions/document';
import { Failure } from '@deploy-actions/kit';

/** An OpenAPI 3 description with the files that it refers to, each read once, and its schemas, each prepared once. */
export interface Description {
  file: string;
  root: SchemaLocation;
  /** The mapping that stands at a location; undefined when nothing does. Throws a Failure with the line. */
  look(at: SchemaLocation): Reached | undefined;
  /** The same behind all references. */
  reach(at: SchemaLocation): Promise<Reached | undefined>;
  /** The schema at a location, ready for values that the server sent. */
  schema(at: SchemaLocation): Promise<PreparedSchema>;
}

/** A mapping of the description, and where it stands. */
export interface Reached {
  node: { readonly [key: string]: unknown };
  at: SchemaLocation;
}

/** Throws a Failure when the document is no OpenAPI 3 description. */
export function describeApi(source: SchemaSource, open: OpenSource): Description {
  const file = source.file ?? source.uri;
  const root = { source, path: [] };
  const { bundle, references } = bundler({
    dialect: dialectOf(source, file),
    addressed: false,
    answers: true,
    open,
  });
  const prepared = new Map<string, Promise<PreparedSchema>>();
  return {
    file,
    root,
    look,
    async reach(at) {
      const passed = new Set<unknown>();
      let here = look(at);
      while (here !== undefined && here.node['$ref'] !== undefined) {
        const reference = here.node['$ref'];
        const from = below(here, '$ref');
        if (typeof reference !== 'string') throw refusal(from, 'a "$ref" should be text');
        if (passed.has(here.node))
          throw refusal(from, `the reference ${JSON.stringify(reference)} leads back to itself`);
        passed.add(here.node);
        here = look(await references.follow(reference, from));
      }
      return here;
    },
    schema(at) {
      const key = JSON.stringify([at.source.uri, at.path]);
      let schema = prepared.get(key);
      if (!schema) prepared.set(key, (schema = bundle(at).then(prepareSchema)));
      return schema;
    },
  };
}

function look(at: SchemaLocation): Reached | undefined {
  const found = valueAt(at.source.value, at.path);
  if (found === undefined) return undefined;
  if (isMapping(found.value)) return { node: found.value, at };
  const is = found.value === null ? 'empty' : JSON.stringify(found.value).slice(0, 60);
  throw refusal(at, `OpenAPI has a mapping here, but this is ${is}`);
}

/** The location of a key of something reached. */
export function below({ at }: Reached, ...keys: (string | number)[]): SchemaLocation {
  return { ...at, path: [...at.path, ...keys] };
}

function dialectOf(source: SchemaSource, file: string): Dialect {
  const version = isMapping(source.value) ? source.value['openapi'] : undefined;
  if (!/^3\.\d+(\.\d+)?/.test(String(version))) {
    throw new Failure('input', `${file} is no OpenAPI 3 description`, {
      remedy: 'Give a file that has `openapi: 3.…`.',
    });
  }
  if (String(version).startsWith('3.0')) return 'openapi-3.0';
  const named = (source.value as Reached['node'])['jsonSchemaDialect'];
  if (named === undefined) return '2020-12';
  const dialect = dialectNamed(String(named));
  if (dialect !== undefined) return dialect;
  throw refusal(
    { source, path: ['jsonSchemaDialect'] },
    `the dialect ${JSON.stringify(named)} is not known; known are OpenAPI's own and the drafts 4, 6, 7, 2019-09 and 2020-12 of JSON Schema`,
  );
}
