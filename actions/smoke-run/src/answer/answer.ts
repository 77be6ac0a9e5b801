import { createHash } from 'node:crypto';
import type { Markup } from '@deploy-actions/document/markup';
import type { HttpResponse } from '@deploy-actions/http';
import { bodyText } from '@deploy-actions/http/text';
import { matchWithin, messageOf, parseExactJson, within } from '@deploy-actions/kit';
import {
  type JsonPath,
  jsonPath,
  lenientJsonPath,
  type MetricSample,
  ExpositionError,
  metricValue,
  parseMetrics,
  parseSelector,
} from '@deploy-actions/probe';
import { NOTHING } from './value.ts';
import type { QuerySpec } from '../specification/specification.ts';

/** What a step got: an answer to a request, or what a command left. */
export interface Answer {
  response: HttpResponse | undefined;
  exec: { exitCode: number; output: string } | undefined;
  durationMs: number;
  /** Of the request. */
  method?: string;
}

/** A value was asked for that this answer cannot have (a JSONPath of what is no JSON); the message says why. */
export class NoSuchValue extends Error {}

/** Milliseconds for one query of one answer: what it holds is the server's to choose. */
export const QUERY_TIME = 2000;

const paths = new Map<string, JsonPath>();

function pathOf(text: string): JsonPath {
  let path = paths.get(text);
  if (!path) {
    path = text.startsWith('$') ? jsonPath(text) : lenientJsonPath(text);
    if (paths.size < 1000) paths.set(text, path);
  }
  return path;
}

/** Reads values out of an answer; what is parsed is kept for the next question. */
export function reader(answer: Answer) {
  let exact: { value: unknown } | undefined;
  let samples: MetricSample[] | undefined;
  let markup: Markup | undefined;
  let body: string | undefined;

  const text = () => {
    try {
      return (body ??= bodyText(answer.response!));
    } catch (error) {
      throw new NoSuchValue(messageOf(error));
    }
  };
  /** The body as JSON whose numbers keep what they were written as. */
  const exactJson = (): unknown => {
    try {
      exact ??= { value: parseExactJson(text()) };
      return exact.value;
    } catch {
      throw new NoSuchValue('the body is not JSON');
    }
  };
  const read = {
    text,
    exactJson,
    /** The values of a header in their order: one, or a list of several. */
    header(name: string): unknown {
      const wanted = name.toLowerCase();
      const values = answer.response!.headerList.flatMap(([field, value]) =>
        field === wanted ? [value] : [],
      );
      return values.length === 0 ? NOTHING : values.length === 1 ? values[0] : values;
    },
    /** `NAME`, or an attribute as `NAME[HttpOnly]`, as in Hurl. */
    cookie(wanted: string): unknown {
      const [, name, attribute] = /^(.*?)(?:\[([\w-]+)\])?$/.exec(wanted)!;
      for (const [header, value] of answer.response!.headerList) {
        if (header !== 'set-cookie') continue;
        const [pair, ...attributes] = value.split(';').map((part) => part.trim());
        const at = pair!.indexOf('=');
        if (pair!.slice(0, at) !== name) continue;
        if (attribute === undefined || /^value$/i.test(attribute)) return pair!.slice(at + 1);
        for (const one of attributes) {
          const [key, ...rest] = one.split('=');
          if (key!.toLowerCase() === attribute.toLowerCase()) return rest.length > 0 ? rest.join('=') : true;
        }
      }
      return NOTHING;
    },
    /** One value where the path can select one only, else the list of all; nothing when none is selected. */
    jsonpath(path: string): unknown {
      const compiled = pathOf(path);
      const document = exactJson();
      const found = within(QUERY_TIME, () => compiled.select(document));
      if (found.length === 0) return NOTHING;
      return compiled.singular ? found[0] : found;
    },
    /** The first group of the first match, or the match itself. */
    regex(expression: string): unknown {
      const match = matchWithin(new RegExp(expression, 'u'), text());
      return match ? (match[1] ?? match[0]) : NOTHING;
    },
    async xpath(expression: string): Promise<unknown> {
      const { XPathError, openMarkup } = await import('@deploy-actions/document/markup');
      const type = answer.response!.headers['content-type'] ?? '';
      const xml = /xml/i.test(type) && !/html/i.test(type);
      try {
        markup ??= openMarkup(text(), xml ? 'xml' : 'html');
        return markup.query(expression) ?? NOTHING;
      } catch (error) {
        if (error instanceof XPathError) throw new NoSuchValue(error.message, { cause: error });
        throw error;
      }
    },
    prometheus(selector: string): unknown {
      const parsed = parseSelector(selector);
      if (!parsed) throw new NoSuchValue(`"${selector}" is no metric`);
      try {
        samples ??= parseMetrics(text());
      } catch (error) {
        if (error instanceof ExpositionError)
          throw new NoSuchValue(`the answer is no page of metrics: ${error.message}`, { cause: error });
        throw error;
      }
      return metricValue(samples, parsed) ?? NOTHING;
    },
    sha256: () => createHash('sha256').update(answer.response!.body).digest('hex'),
    certificate(part: string): unknown {
      const { certificate } = answer.response!;
      if (!certificate) throw new NoSuchValue('the answer did not come over TLS');
      if (part === 'days-left') return Math.floor((certificate.validTo.getTime() - Date.now()) / 86_400_000);
      if (part === 'subject' || part === 'issuer' || part === 'names') return certificate[part];
      return NOTHING;
    },
    async query(query: QuerySpec): Promise<unknown> {
      if (query.output) return answer.exec?.output ?? NOTHING;
      if (!answer.response) return NOTHING;
      if (query.status) return answer.response.status;
      if (query.header !== undefined) return read.header(query.header);
      if (query.cookie !== undefined) return read.cookie(query.cookie);
      if (query.body) return text();
      if (query.jsonpath !== undefined) return read.jsonpath(query.jsonpath);
      if (query.xpath !== undefined) return await read.xpath(query.xpath);
      if (query.regex !== undefined) return read.regex(query.regex);
      return query.url ? answer.response.url : NOTHING;
    },
  };
  return read;
}

export type AnswerReader = ReturnType<typeof reader>;
