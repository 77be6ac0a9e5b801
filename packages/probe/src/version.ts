import type { HttpResponse } from '@deploy-actions/http';
import { bodyText } from '@deploy-actions/http/text';
import { isNumber, parseExactJson } from '@deploy-actions/kit';
import { type JsonPath, JsonPathError, lenientJsonPath } from './json-path.ts';

/** Where an answer says which version it is from: `header:NAME`, `json:PATH` or `body`. */
export type VersionSource =
  { kind: 'header'; name: string } | { kind: 'json'; path: JsonPath } | { kind: 'body' };

export const DEFAULT_VERSION_SOURCE = 'json:version';

/** Reads `version-from`. Throws an Error whose message says what would be right. */
export function parseVersionSource(text: string): VersionSource {
  if (text === 'body') return { kind: 'body' };
  const [, kind, rest] = /^(header|json):(.+)$/s.exec(text) ?? [];
  if (kind === 'header' && /^[\w!#$%&'*+.^`|~-]+$/.test(rest!)) return { kind, name: rest!.toLowerCase() };
  if (kind === 'json') {
    try {
      return { kind, path: lenientJsonPath(rest!) };
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      throw new Error(`"${rest}" is no JSONPath: ${error.message}`, { cause: error });
    }
  }
  throw new Error('should be header:NAME, json:PATH or body, such as json:version or header:X-App-Version');
}

/** The version that an answer names, or undefined when it names none. Throws HttpError as `bodyText` does. */
export function versionOf(
  answer: Pick<HttpResponse, 'headers' | 'body' | 'url'>,
  source: VersionSource,
): string | undefined {
  if (source.kind === 'header') return answer.headers[source.name]?.trim();
  const text = bodyText(answer).trim();
  if (source.kind === 'body') return text === '' ? undefined : text;
  let document: unknown;
  try {
    document = parseExactJson(text);
  } catch {
    return undefined;
  }
  const [value] = source.path.select(document);
  return typeof value === 'string' || isNumber(value) ? String(value) : undefined;
}
