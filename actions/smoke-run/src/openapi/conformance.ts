import {
  type Doubles,
  type OpenSource,
  type PreparedSchema,
  type SchemaSource,
  bundler,
  openDoubles,
  parseDocument,
  pathText,
  prepareSchema,
} from '@deploy-actions/document';
import { Failure, messageOf, parseExactJson } from '@deploy-actions/kit';
import type { Answer, AnswerReader } from '../answer/answer.ts';
import { type Description, below, describeApi } from './description.ts';
import { describedType, isJson } from './media-type.ts';
import { findOperation } from './route.ts';

/** Whether answers conform to JSON Schemas and OpenAPI descriptions, each file read once. */
export interface Conformance {
  /** Reads a file before the checks begin, so that no check waits for it and what is wrong with it is told at once. */
  prepare(kind: 'json-schema' | 'openapi', file: string): Promise<void>;
  /** Prepares what a description says of the answers to a request, so that the time of no check counts it. */
  prepareAnswers(file: string, method: string, pathname: string): Promise<void>;
  /** `reference` is a schema or the path of one. Undefined when the body conforms. */
  schema(reference: object | string | boolean, read: AnswerReader): Promise<Discord | undefined>;
  openapi(file: string, answer: Answer, read: AnswerReader): Promise<Discord | undefined>;
}

export interface Discord {
  got: string;
  wanted: string;
}

/** Descriptions of whole APIs are large: GitHub's has 13 MB. */
const LIMITS = { size: 32 * 2 ** 20, values: 4_000_000, depth: 200 };

/** Schemas that stand in checks are prepared once as well, as long as there are not too many of them. */
const MOST_INLINE = 1000;

/** `readFile` answers the text of a file of the workspace, or throws a Failure. */
export function conformance(readFile: (path: string) => string): Conformance {
  const doubles = openDoubles();
  const sources = once((file: string) => openFile(file, readFile(file), doubles));
  const open: OpenSource = async (uri) => {
    if (!uri.startsWith('workspace:')) return undefined;
    const path = decodeURIComponent(new URL(uri).pathname);
    // A description that was named by its absolute path has its neighbours there too.
    const file = [path.replace(/^\/+/, ''), path].find((one) => isReadable(one));
    return file === undefined ? undefined : await sources(file);
  };
  const isReadable = (file: string): boolean => {
    try {
      return readFile(file) !== undefined;
    } catch {
      return false;
    }
  };
  const schemaFile = once(async (file: string) => await prepared(await sources(file), open));
  const description = once(async (file: string) => describeApi(await sources(file), open));
  const inline = new Map<string, Promise<PreparedSchema>>();
  const inlineSchema = (schema: object | boolean): Promise<PreparedSchema> => {
    const key = JSON.stringify(schema);
    const value = doubles.of(parseExactJson(key));
    const known = inline.get(key) ?? prepared({ uri: 'workspace:///', value }, open);
    if (inline.size < MOST_INLINE) inline.set(key, known);
    return known;
  };
  return {
    async prepare(kind, file) {
      await (kind === 'openapi' ? description(file) : schemaFile(file));
    },
    async prepareAnswers(file, method, pathname) {
      await prepareOperation(await description(file), method, pathname);
    },
    async schema(reference, read) {
      const named = typeof reference === 'string';
      const schema = await (named ? schemaFile(reference) : inlineSchema(reference));
      return discord(schema, read, doubles, named ? reference : 'the JSON Schema');
    },
    async openapi(file, answer, read) {
      return await judgeAnswer(await description(file), answer, read, doubles);
    },
  };
}

/** Numbers as long as this may be such as no double says; with fewer digits all are. */
const LONG = /[\d.]{16}/;

async function openFile(file: string, text: string, doubles: Doubles): Promise<SchemaSource> {
  try {
    const { value, exact, place } = await parseDocument(text, { limits: LIMITS, merge: true });
    return {
      file,
      uri: new URL(file.split('/').map(encodeURIComponent).join('/'), 'workspace:///').href,
      value: LONG.test(text) ? doubles.of(exact()) : value,
      place,
    };
  } catch (error) {
    throw new Failure('input', `${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function prepared(source: SchemaSource, open: OpenSource): Promise<PreparedSchema> {
  const { bundle } = bundler({ dialect: '2020-12', addressed: true, open });
  return await prepareSchema(await bundle({ source, path: [] }));
}

async function judgeAnswer(
  description: Description,
  answer: Answer,
  read: AnswerReader,
  doubles: Doubles,
): Promise<Discord | undefined> {
  const response = answer.response!;
  const method = answer.method ?? 'GET';
  const { file } = description;
  const unlike = (problem: string): Discord => ({ got: problem, wanted: `what ${file} describes` });
  const operation = await findOperation(description, new URL(response.url).pathname, method);
  if ('problem' in operation) return unlike(operation.problem);
  const responses = await description.reach(below(operation.reached, 'responses'));
  const status = String(response.status);
  const key = [status, `${status[0]}XX`, `${status[0]}xx`, 'default'].find((one) =>
    Object.hasOwn(responses?.node ?? {}, one),
  );
  const described = key === undefined ? undefined : await description.reach(below(responses!, key));
  if (!described) return unlike(`status ${status} of ${operation.name} is not described`);
  const content = await description.reach(below(described, 'content'));
  const types = Object.keys(content?.node ?? {});
  // An answer to HEAD, 204 and 304 have no body (RFC 9110, section 6.4.1).
  if (types.length === 0 || method.toUpperCase() === 'HEAD' || status === '204' || status === '304')
    return undefined;
  const contentType = response.headers['content-type'] ?? '';
  const type = describedType(types, contentType);
  if (type === undefined) return { got: `content type ${contentType || 'none'}`, wanted: types.join(' or ') };
  const media = await description.reach(below(content!, type));
  if (!media || !Object.hasOwn(media.node, 'schema') || !isJson(contentType)) return undefined;
  return discord(await description.schema(below(media, 'schema')), read, doubles, file);
}

/**
 * Prepares the schemas of an operation's answers. What is wrong with one is told by the answer that needs it, since those
 * that never come make no check fail.
 */
async function prepareOperation(description: Description, method: string, pathname: string): Promise<void> {
  const operation = await findOperation(description, pathname, method);
  if ('problem' in operation) return;
  const responses = await description.reach(below(operation.reached, 'responses'));
  for (const status of Object.keys(responses?.node ?? {})) {
    const described = await description.reach(below(responses!, status));
    const content = described && (await description.reach(below(described, 'content')));
    for (const type of Object.keys(content?.node ?? {}).filter(isJson)) {
      const media = await description.reach(below(content!, type));
      if (media && Object.hasOwn(media.node, 'schema')) await description.schema(below(media, 'schema'));
    }
  }
}

function discord(
  schema: PreparedSchema,
  read: AnswerReader,
  doubles: Doubles,
  name: string,
): Discord | undefined {
  const own = doubles.more();
  const violations = schema.violations(own.of(read.exactJson()));
  if (violations.length === 0) return undefined;
  const shown = violations
    .slice(0, 5)
    .map(({ path, message }) => `${path.length === 0 ? 'the body' : pathText(path)} ${own.named(message)}`);
  const more = violations.length > 5 ? ` and ${violations.length - 5} more` : '';
  return { got: shown.join('; ') + more, wanted: `what ${name} describes` };
}

/** A function whose answers are kept by its argument. */
function once<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    let made = known.get(key);
    if (!made) known.set(key, (made = Promise.resolve().then(() => make(key))));
    return made;
  };
}
