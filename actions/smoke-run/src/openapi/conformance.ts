import { type Schema, parseDocument, pathText, validateSchema } from '@deploy-actions/document';
import type { HttpResponse } from '@deploy-actions/http';
import { Failure, messageOf } from '@deploy-actions/kit';
import type { Answer, AnswerReader } from '../answer/answer.ts';

/** Whether answers conform to JSON Schemas and OpenAPI descriptions, each file read once. */
export interface Conformance {
  /** `reference` is a schema or the path of one. Undefined when the body conforms. */
  schema(reference: object | string | boolean, read: AnswerReader): Promise<Discord | undefined>;
  openapi(file: string, answer: Answer, read: AnswerReader): Promise<Discord | undefined>;
}

export interface Discord {
  got: string;
  wanted: string;
}

type Node = Record<string, unknown>;

/** `readFile` answers the text of a file of the workspace, or throws a Failure. */
export function conformance(readFile: (path: string) => string): Conformance {
  const documents = new Map<string, Promise<unknown>>();
  const load = (path: string): Promise<unknown> => {
    let document = documents.get(path);
    if (!document) {
      document = parseDocument(readFile(path), {
        limits: { size: 20 * 2 ** 20, values: 2_000_000, depth: 200 },
      }).then(
        ({ value }) => value,
        (error: unknown) => {
          throw new Failure('input', `${path}: ${messageOf(error)}`, { cause: error });
        },
      );
      documents.set(path, document);
    }
    return document;
  };
  const check = async (schema: Schema, value: unknown, name: string): Promise<Discord | undefined> => {
    let violations;
    try {
      violations = await validateSchema(schema, value);
    } catch (error) {
      throw new Failure('input', `${name} is no usable JSON Schema: ${messageOf(error)}`, { cause: error });
    }
    if (violations.length === 0) return undefined;
    const shown = violations
      .slice(0, 5)
      .map(({ path, message }) => `${path.length === 0 ? 'the body' : pathText(path)} ${message}`);
    const more = violations.length > 5 ? ` and ${violations.length - 5} more` : '';
    return { got: shown.join('; ') + more, wanted: `what ${name} describes` };
  };
  return {
    async schema(reference, read) {
      const name = typeof reference === 'string' ? reference : 'the JSON Schema';
      const schema = (typeof reference === 'string' ? await load(reference) : reference) as Schema;
      return await check(schema, read.json(), name);
    },
    async openapi(file, answer, read) {
      const response = answer.response!;
      const description = (await load(file)) as Node;
      const version = String(description['openapi'] ?? '');
      if (!version.startsWith('3.')) {
        throw new Failure('input', `${file} is no OpenAPI 3 description`, {
          remedy: 'Give a file that has `openapi: 3.…`.',
        });
      }
      const found = operationOf(description, response, answer.method ?? 'GET');
      if (found.problem !== undefined) return { got: found.problem, wanted: `what ${file} describes` };
      const type = (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
      const content = found.answer['content'] as Record<string, Node> | undefined;
      if (!content || Object.keys(content).length === 0) return undefined;
      const media = content[type] ?? content[`${type.split('/')[0]}/*`] ?? content['*/*'];
      if (!media) return { got: `content type ${type || 'none'}`, wanted: Object.keys(content).join(' or ') };
      if (media['schema'] === undefined || !/json/.test(type)) return undefined;
      const schema = version.startsWith('3.0') ? fromOpenApi30(media['schema']) : media['schema'];
      // References point into the whole description, so it stands around the schema.
      const components = version.startsWith('3.0')
        ? fromOpenApi30(description['components'] ?? {})
        : description['components'];
      return await check({ ...(schema as Node), components }, read.json(), file);
    },
  };
}

function operationOf(
  description: Node,
  response: HttpResponse,
  asked: string,
): { answer: Node; problem?: undefined } | { problem: string } {
  const path = new URL(response.url).pathname;
  const bases = ((description['servers'] ?? []) as Node[]).map((server) =>
    serverPath(String(server['url'] ?? '')),
  );
  const paths = (description['paths'] ?? {}) as Record<string, Node>;
  const candidates = [...new Set(['', ...bases])]
    .filter((base) => path.startsWith(base))
    .map((base) => path.slice(base.length) || '/');
  // A path without parameters wins over one with (OpenAPI, Paths Object).
  const templates = Object.keys(paths).sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  const template = templates.find((one) =>
    candidates.some((candidate) => templatePattern(one).test(candidate)),
  );
  if (template === undefined) return { problem: `path ${path} is not described` };
  const method = asked.toLowerCase();
  const operation = resolve(description, paths[template]![method]) as Node | undefined;
  if (!operation) return { problem: `${method.toUpperCase()} ${template} is not described` };
  const responses = (operation['responses'] ?? {}) as Record<string, unknown>;
  const status = String(response.status);
  const answer =
    responses[status] ?? responses[`${status[0]}XX`] ?? responses[`${status[0]}xx`] ?? responses['default'];
  if (answer === undefined)
    return { problem: `status ${status} of ${method.toUpperCase()} ${template} is not described` };
  return { answer: resolve(description, answer) as Node };
}

function serverPath(url: string): string {
  try {
    return new URL(url, 'http://x').pathname.replace(/\/$/, '');
  } catch {
    return '';
  }
}

function templatePattern(template: string): RegExp {
  const parts = template.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}/?$`);
}

function resolve(description: Node, node: unknown): unknown {
  const reference = (node as Node | undefined)?.['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return node;
  let target: unknown = description;
  for (const part of reference.slice(2).split('/'))
    target = (target as Node | undefined)?.[part.replace(/~1/g, '/').replace(/~0/g, '~')];
  return target;
}

/** OpenAPI 3.0 says `nullable: true` and boolean exclusive bounds where JSON Schema has other words. */
function fromOpenApi30(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(fromOpenApi30);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = node as Node;
  const out = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, fromOpenApi30(value)]));
  const bounds = exclusiveBounds(out);
  if (nullable !== true) return bounds;
  if (typeof bounds['type'] === 'string')
    return {
      ...bounds,
      type: [bounds['type'], 'null'],
      ...(Array.isArray(bounds['enum']) ? { enum: [...(bounds['enum'] as unknown[]), null] } : {}),
    };
  return { anyOf: [bounds, { type: 'null' }] };
}

/** `exclusiveMinimum: true` beside `minimum: 1` becomes `exclusiveMinimum: 1`. */
function exclusiveBounds(schema: Node): Node {
  let out = schema;
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof out[exclusive] !== 'boolean') continue;
    const { [bound]: limit, [exclusive]: strict, ...rest } = out;
    if (limit === undefined) out = rest;
    else out = { ...rest, [strict === true ? exclusive : bound]: limit };
  }
  return out;
}
