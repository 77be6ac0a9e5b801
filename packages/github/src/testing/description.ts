import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Schema, validateSchema } from '@deploy-actions/document';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };

interface Operation {
  parameters: readonly { name: string; in: string; required: boolean; schema: Fields }[];
  body: Fields | undefined;
  /** The schema of each status that is answered with JSON; undefined where there is no body. */
  answers: ReadonlyMap<string, Fields | undefined>;
}

/** A call that GitHub describes, found by a request. */
export interface Described {
  /** Such as `GET /repos/{owner}/{repo}/commits/{ref}/check-runs`. */
  route: string;
  parameters: Readonly<Record<string, string>>;
  operation: Operation;
}

/** What is sent to the stub. */
export interface Asked {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** GitHub's own description of the calls that this package makes, cut by packages/tooling/src/github-description.ts. */
export interface Description {
  routes: readonly string[];
  find(method: string, path: string): Described | undefined;
  /** What GitHub would not take of a request, as sentences. */
  wrongRequest(described: Described, asked: Asked): Promise<string[]>;
  /** What GitHub would never answer, as sentences. */
  wrongAnswer(described: Described, status: number, body: unknown): Promise<string[]>;
  /**
   * An answer as it may be: what the given part leaves open is the least that the description asks for.
   * `part` of a list is a list of parts.
   */
  complete(described: Described, status: number, part: unknown): unknown;
}

export function readDescription(
  file = join(import.meta.dirname, 'fixtures/github-openapi.json'),
): Description {
  const whole = JSON.parse(readFileSync(file, 'utf8')) as Fields;
  const components = whole['components'] as Fields;
  const schemas = converted(components['schemas']!) as Fields;
  const resolve = (value: Json): Fields => {
    const reference = (value as Fields)['$ref'];
    if (typeof reference !== 'string') return value as Fields;
    const [, , kind = '', name = ''] = reference.split('/');
    return resolve(kind === 'schemas' ? schemas[name]! : (components[kind] as Fields)[name]!);
  };
  const rooted = (schema: Fields): Fields => ({ ...schema, components: { schemas } });
  const jsonOf = (value: Json | undefined): Fields | undefined => {
    const content = value === undefined ? undefined : (resolve(value)['content'] as Fields | undefined);
    const json = content?.['application/json'] as Fields | undefined;
    return json === undefined ? undefined : rooted(converted(json['schema']!) as Fields);
  };

  const operations = new Map<string, Operation>();
  for (const [path, methods] of Object.entries(whole['paths'] as Fields)) {
    for (const [method, raw] of Object.entries(methods as Fields)) {
      const operation = raw as Fields;
      operations.set(`${method.toUpperCase()} ${path}`, {
        parameters: ((operation['parameters'] ?? []) as Json[]).map(resolve).map((one) => ({
          name: String(one['name']),
          in: String(one['in']),
          required: one['required'] === true,
          schema: converted(one['schema']!) as Fields,
        })),
        body: jsonOf(operation['requestBody']),
        answers: new Map(
          Object.entries(operation['responses'] as Fields).map(([status, one]) => [status, jsonOf(one)]),
        ),
      });
    }
  }

  const complete = (schema: Fields, part: unknown): unknown => {
    const one = merged(schema);
    if (part === null || (part === undefined && allows(one, 'null'))) return null;
    const choices = (one['anyOf'] ?? one['oneOf']) as Fields[] | undefined;
    if (choices !== undefined)
      return complete(choices.find((choice) => fits(resolve(choice), part)) ?? choices[0]!, part);
    if (allows(one, 'array'))
      return ((part ?? []) as unknown[]).map((item) => complete(one['items'] as Fields, item));
    if (allows(one, 'object') || one['properties'] !== undefined) {
      const properties = (one['properties'] ?? {}) as Fields;
      const given = (part ?? {}) as Record<string, unknown>;
      const names = new Set([...((one['required'] ?? []) as string[]), ...Object.keys(given)]);
      return Object.fromEntries(
        [...names].map((name) => [
          name,
          properties[name] === undefined ? given[name] : complete(properties[name] as Fields, given[name]),
        ]),
      );
    }
    return part ?? least(one);
  };
  /** A schema with its reference followed and its `allOf` in one. */
  const merged = (schema: Fields): Fields => {
    const one = resolve(schema);
    const parts = one['allOf'] as Fields[] | undefined;
    if (parts === undefined) return one;
    return parts.map(merged).reduce<Fields>(
      (all, next) => ({
        ...all,
        ...next,
        properties: { ...(all['properties'] as Fields), ...(next['properties'] as Fields) },
        required: [...((all['required'] ?? []) as string[]), ...((next['required'] ?? []) as string[])],
      }),
      one,
    );
  };
  /** Whether a part is meant for this choice: the words that it must have are those of the part. */
  const fits = (schema: Fields, part: unknown): boolean => {
    const one = merged(schema);
    if (typeof part === 'string') return allows(one, 'string');
    if (typeof part !== 'object' || part === null) return true;
    return Object.entries((one['properties'] ?? {}) as Fields).every(([name, property]) => {
      const words = resolve(property)['enum'] as Json[] | undefined;
      const value = (part as Record<string, Json>)[name];
      return words === undefined || value === undefined || words.includes(value);
    });
  };

  return {
    routes: [...operations.keys()].sort(),
    find(method, path) {
      const parts = path.split('/');
      for (const [route, operation] of operations) {
        const [verb, template = ''] = route.split(' ');
        const names = template.split('/');
        if (verb !== method || names.length !== parts.length) continue;
        const parameters: Record<string, string> = {};
        const matches = names.every((name, index) => {
          const key = /^\{(.+)\}$/.exec(name)?.[1];
          if (key === undefined) return name === parts[index];
          parameters[key] = decodeURIComponent(parts[index]!);
          return parts[index] !== '';
        });
        if (matches) return { route, parameters, operation };
      }
      return undefined;
    },
    async wrongRequest({ route, parameters, operation }, { url, headers, body }) {
      const wrong: string[] = [];
      const hold = async (schema: Fields, value: unknown, what: string) => {
        for (const one of await validateSchema(rooted(schema) as Schema, value))
          wrong.push(`${route}: ${what}${one.path.map((part) => `.${part}`).join('')}: ${one.message}`);
      };
      for (const parameter of operation.parameters) {
        const text =
          parameter.in === 'path' ? parameters[parameter.name] : url.searchParams.get(parameter.name);
        if (text === null || text === undefined) {
          if (parameter.required) wrong.push(`${route}: ${parameter.name} is missing`);
          continue;
        }
        await hold(parameter.schema, typed(parameter.schema, text), parameter.name);
      }
      for (const name of url.searchParams.keys()) {
        if (!operation.parameters.some((one) => one.in === 'query' && one.name === name))
          wrong.push(`${route}: there is no parameter ${name}`);
      }
      if (headers['x-github-api-version'] !== '2022-11-28')
        wrong.push(`${route}: no version of the API is named`);
      if (!String(headers['accept']).includes('application/vnd.github'))
        wrong.push(`${route}: accepts ${String(headers['accept'])}`);
      if (!headers['user-agent']) wrong.push(`${route}: no user agent, which GitHub refuses`);
      if (operation.body === undefined) {
        if (body !== '') wrong.push(`${route}: takes no body`);
      } else await hold(operation.body, parsed(body), 'body');
      return wrong;
    },
    async wrongAnswer({ route, operation }, status, body) {
      const schema = operation.answers.get(String(status));
      // What every call may answer is not in the description of each: 401, 403, 404, 429 and 5xx.
      if (!operation.answers.has(String(status)))
        return status < 400 ? [`${route}: never answers ${status}`] : [];
      if (schema === undefined) return [];
      const violations = await validateSchema(schema as Schema, body);
      return violations.map((one) => `${route}: answer ${one.path.join('.')}: ${one.message}`);
    },
    complete({ operation }, status, part) {
      const schema = operation.answers.get(String(status));
      return schema === undefined ? part : complete(schema, part);
    },
  };
}

/** A schema of OpenAPI 3.0 in the words of JSON Schema: what may be null has that among its types. */
function converted(value: Json): Json {
  if (Array.isArray(value)) return value.map(converted);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, converted(one)]),
  ) as Fields;
  if (nullable !== true) return rest;
  if (typeof rest['type'] === 'string')
    return {
      ...rest,
      type: [rest['type'], 'null'],
      ...(Array.isArray(rest['enum']) ? { enum: [...rest['enum'], null] } : {}),
    };
  return { anyOf: [rest, { type: 'null' }] };
}

function allows(schema: Fields, type: string): boolean {
  const types = schema['type'];
  return Array.isArray(types) ? types.includes(type) : types === type;
}

/** The least value that a schema of a single value takes. */
function least(schema: Fields): unknown {
  const words = schema['enum'] as Json[] | undefined;
  if (words !== undefined) return words[0];
  if (allows(schema, 'string')) {
    if (schema['format'] === 'date-time') return '2026-01-02T03:04:05Z';
    if (schema['format'] === 'uri') return 'https://example.org/';
    return 'x'.repeat(Number(schema['minLength'] ?? 1));
  }
  if (allows(schema, 'integer') || allows(schema, 'number')) return schema['minimum'] ?? 1;
  if (allows(schema, 'boolean')) return false;
  return {};
}

/** The text of a path or query as the value that its schema describes. */
function typed(schema: Fields, text: string): unknown {
  const types = [schema, ...((schema['oneOf'] ?? schema['anyOf'] ?? []) as Fields[])];
  if (types.some((one) => allows(one, 'integer')) && /^\d+$/.test(text)) return Number(text);
  if (types.some((one) => allows(one, 'boolean')) && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
