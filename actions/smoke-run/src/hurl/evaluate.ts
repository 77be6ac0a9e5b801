import { createHash } from 'node:crypto';
import type { Markup } from '@deploy-actions/document/markup';
import type { HttpResponse } from '@deploy-actions/http';
import { FLAG, NOTHING, Redirect } from '../answer/value.ts';
import { decoded, firstGroup, jsonOf, regexOf, select } from './filter.ts';
import type { Query } from './query.ts';
import { type Variables, render } from './template.ts';
import { EvaluationError } from './value.ts';
import { openPage, xpathValue } from './xpath.ts';

/** All answers of an entry: its redirects, then the one that counts. */
export interface Exchange {
  responses: readonly HttpResponse[];
  /** Milliseconds of the last answer. */
  durationMs: number;
}

/** Asks an answer; `NOTHING` where it holds nothing of the kind. Throws EvaluationError, TemplateError. */
export type Evaluate = (query: Query, variables: Variables) => Promise<unknown>;

export interface Evaluator {
  evaluate: Evaluate;
  /** The body as text, by its charset. Throws EvaluationError. */
  text(): string;
  /** The decoded body. */
  bytes(): Buffer;
  /** Values of a header in their order. */
  header(name: string): string[];
}

export function evaluator({ responses, durationMs }: Exchange): Evaluator {
  const last = responses.at(-1)!;
  let document: { value: unknown } | undefined;
  let page: Markup | undefined;
  let body: string | undefined;
  const type = last.headers['content-type'] ?? '';
  const text = () =>
    (body ??= decoded(last.body, /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1] ?? 'utf-8'));
  const header = (name: string) =>
    last.headerList.flatMap(([field, value]) => (field === name.toLowerCase() ? [value] : []));
  const hash = (algorithm: string) => createHash(algorithm).update(last.body).digest();

  async function evaluate(query: Query, variables: Variables): Promise<unknown> {
    switch (query.kind) {
      case 'status':
        return last.status;
      case 'url':
        return last.url;
      case 'body':
        return text();
      case 'duration':
        return Math.floor(durationMs);
      case 'bytes':
        return last.body;
      case 'rawbytes':
        if (last.headers['content-encoding'] !== undefined && last.headers['content-encoding'] !== 'identity')
          throw new EvaluationError('rawbytes of a compressed answer is not supported');
        return last.body;
      case 'sha256':
      case 'md5':
        return hash(query.kind);
      case 'ip':
        return last.remoteAddress ?? NOTHING;
      case 'redirects':
        return responses
          .slice(0, -1)
          .map(({ status }, index) => new Redirect(status, responses[index + 1]!.url));
      case 'header': {
        const values = header(render(query.argument, variables));
        return values.length === 0 ? NOTHING : values.length === 1 ? values[0] : values;
      }
      case 'cookie':
        return cookie(header('set-cookie'), render(query.argument, variables), query.attribute);
      case 'xpath':
        page ??= await openPage(text(), /^\s*text\/html/i.test(type) ? 'html' : 'xml');
        return xpathValue(page, render(query.argument, variables));
      case 'jsonpath':
        document ??= { value: jsonOf(text()) };
        return select(render(query.argument, variables), document.value);
      case 'variable': {
        const name = render(query.argument, variables);
        return Object.hasOwn(variables, name) ? variables[name] : NOTHING;
      }
      case 'regex':
        return firstGroup(text(), regexOf(query.pattern, variables));
      case 'certificate':
        return certificate(last, query.field);
    }
  }
  return { evaluate, text, bytes: () => last.body, header };
}

function certificate({ certificate: found }: HttpResponse, field: string): unknown {
  if (!found) return NOTHING;
  switch (field) {
    case 'Expire-Date':
      return found.validTo;
    case 'Start-Date':
      return found.validFrom;
    case 'Subject':
      return found.subject;
    case 'Issuer':
      return found.issuer;
    default:
      return found.names;
  }
}

/** A cookie that the answer sets, or an attribute of it. */
function cookie(setCookies: readonly string[], name: string, attribute: string): unknown {
  for (const one of setCookies) {
    const at = one.indexOf('=');
    if (at < 0 || one.slice(0, at) !== name) continue;
    const [value, ...rest] = one.slice(at + 1).split(';');
    if (attribute === 'value') return value;
    const attributes = rest.map((part) => {
      const [key, ...given] = part.split('=');
      return { key: key!.trim().toLowerCase(), value: given.length === 0 ? undefined : given[0] };
    });
    const found = attributes.find(({ key }) => key === attribute);
    if (attribute === 'secure' || attribute === 'httponly')
      return attributes.some(({ key, value: given }) => key === attribute && given === undefined)
        ? FLAG
        : NOTHING;
    if (found?.value === undefined) return NOTHING;
    if (attribute === 'max-age') return /^[+-]?\d+$/.test(found.value) ? Number(found.value) : NOTHING;
    if (attribute !== 'expires') return found.value;
    const date = new Date(found.value.replace(/^(\w+, \d\d)-(\w{3})-(\d{4}) /, '$1 $2 $3 '));
    if (Number.isNaN(date.getTime())) throw new EvaluationError(`${found.value} is no date of a cookie`);
    return date;
  }
  return NOTHING;
}
