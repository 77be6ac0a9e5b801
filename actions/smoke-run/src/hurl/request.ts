import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import {
  type ConnectOptions,
  HttpError,
  type HttpRequest,
  type HttpResponse,
  connectAt,
} from '@deploy-actions/http';
import { Failure } from '@deploy-actions/kit';
import type { Reach } from '@deploy-actions/probe';
import type { CookieJar } from '../request/cookie-jar.ts';
import { basicOf, takeUserInfo } from '../request/request.ts';
import type { HurlEntry } from './entry.ts';
import { bodyOf } from './judge.ts';
import type { Settings } from './option.ts';
import { type Template, TemplateError, type Variables, render } from './template.ts';
import { hexOf } from './filter.ts';

/** Largest answer that an entry can look at. */
const BODY_LIMIT = 64 * 2 ** 20;
/** Hurl's own time for an answer. */
const DEFAULT_TIME = 300_000;

export interface Sending {
  reach: Reach;
  jar: CookieJar;
  signal: AbortSignal;
  connect: ConnectOptions;
  /** Milliseconds for each entry, where the inputs give a limit. */
  timeout: number | undefined;
  addSecret(value: string): void;
  readFile(path: string): Buffer;
}

/** A request as Hurl puts it together; the headers in their order, each as often as it was written. */
interface Wanted {
  method: string;
  url: URL;
  headers: [name: string, value: string][];
  cookies: string;
  body: Buffer | undefined;
}

/** The bytes of a file that an entry names: beside or below the .hurl file, as Hurl has it. */
export function readBeside(entry: HurlEntry, name: string, readFile: (path: string) => Buffer): Buffer {
  const inside = posix.normalize(name);
  if (posix.isAbsolute(inside) || inside === '..' || inside.startsWith('../'))
    throw new Failure('input', `${name} lies outside the folder of the .hurl file`, {
      place: { file: entry.where.file!, line: entry.where.line },
      remedy: 'Files that it names are beside it or below.',
    });
  return readFile(posix.join(entry.folder, inside));
}

/** Builds the request of an entry. Throws TemplateError; Failure for a file that cannot be read. */
export function requestOf(
  entry: HurlEntry,
  settings: Settings,
  variables: Variables,
  sending: Sending,
): Wanted {
  const { addSecret } = sending;
  const pairs = (list: HurlEntry['headers']) =>
    list.map(({ name, value }): [string, string] => [render(name, variables), render(value, variables)]);
  // The client takes a byte for each character where it can; a .hurl file is UTF-8, as are the headers that it sends.
  const inBytes = ([name, value]: [string, string]): [string, string] => [
    name,
    Buffer.from(value).toString('latin1'),
  ];
  const file = (name: string) => readBeside(entry, name, sending.readFile);
  const url = urlOf(render(entry.url, variables), pairs(entry.query));
  const userInfo = takeUserInfo(url, addSecret);
  const headers = pairs(entry.headers).map(inBytes);
  if (entry.basicAuth) {
    const [name, value] = pairs([entry.basicAuth])[0]!;
    headers.push(['Authorization', basicOf(name, value, addSecret)]);
  }
  for (const line of settings.headers) {
    const at = line.indexOf(':');
    if (at < 1) throw new TemplateError(`the option header needs name: value, and is "${line}"`);
    headers.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  const has = (name: string) => headers.some(([one]) => one.toLowerCase() === name);
  const { body, type } = payload(entry, variables, file);
  if (type !== undefined && !has('content-type')) headers.push(['Content-Type', type]);
  if (settings.user !== undefined && !has('authorization')) {
    const [, user, password] = /^([^:]*):?([^]*)$/.exec(settings.user)!;
    headers.push(['Authorization', basicOf(user!, password!, addSecret)]);
  }
  if (!has('accept')) headers.push(['Accept', '*/*']);
  if (!has('user-agent')) headers.push(['User-Agent', 'deploy-actions (hurl)']);
  if (!has('accept-encoding') && settings.compressed) headers.push(['Accept-Encoding', 'gzip, deflate, br']);
  if (userInfo !== undefined && !has('authorization')) headers.push(['Authorization', userInfo]);
  const cookies = pairs(entry.cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  return { method: entry.method, url, headers, cookies, body };
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, hexOf);
}

/** `name=value&…`: only values are encoded. */
function parameters(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
}

function urlOf(text: string, query: readonly (readonly [string, string])[]): URL {
  const joined = text.endsWith('?') || query.length === 0 ? text : `${text}${text.includes('?') ? '&' : '?'}`;
  const whole = joined + parameters(query);
  if (!/^https?:\/\//.test(whole))
    throw new TemplateError('the URL does not begin with http:// or https://; a .hurl file has whole URLs');
  if (!URL.canParse(whole)) throw new TemplateError('this is no URL');
  return new URL(whole);
}

function payload(
  entry: HurlEntry,
  variables: Variables,
  readFile: (name: string) => Buffer,
): { body: Buffer | undefined; type: string | undefined } {
  if (entry.form.length > 0) {
    const pairs = entry.form.map(
      ({ name, value }) => [render(name, variables), render(value, variables)] as const,
    );
    return { body: Buffer.from(parameters(pairs)), type: 'application/x-www-form-urlencoded' };
  }
  if (entry.multipart.length > 0) return multipart(entry, variables, readFile);
  if (!entry.body) return { body: undefined, type: undefined };
  const { body } = entry.body;
  const content = bodyOf(body, variables, readFile);
  const type =
    body.kind === 'text'
      ? body.type
      : body.kind === 'json' || body.kind === 'graphql'
        ? 'application/json'
        : undefined;
  return { body: Buffer.isBuffer(content) ? content : Buffer.from(content), type };
}

const TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  htm: 'text/html',
  html: 'text/html',
  pdf: 'application/pdf',
  xml: 'application/xml',
};

/** A form of several parts (RFC 7578). */
function multipart(
  entry: HurlEntry,
  variables: Variables,
  readFile: (name: string) => Buffer,
): { body: Buffer; type: string } {
  const boundary = `------------------------${randomUUID().replaceAll('-', '')}`;
  const inQuotes = (text: string) =>
    `"${text.replace(/["\r\n]/g, (char) => ({ '"': '%22', '\r': '%0D', '\n': '%0A' })[char]!)}"`;
  const typeOf = (name: string, type: Template | undefined) =>
    type ? render(type, variables) : (TYPES[/\.(\w+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream');
  const parts = entry.multipart.flatMap((part) => {
    let head = `--${boundary}\r\nContent-Disposition: form-data; name=${inQuotes(render(part.name, variables))}`;
    let content: Buffer;
    if ('file' in part) {
      const name = render(part.file, variables);
      content = readFile(name);
      head += `; filename=${inQuotes(posix.basename(name))}\r\nContent-Type: ${typeOf(name, part.type)}`;
    } else content = Buffer.from(render(part.value, variables));
    return [Buffer.from(`${head}\r\n\r\n`), content, Buffer.from('\r\n')];
  });
  return {
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

/** Where to connect for a URL, by the options connect-to and resolve. */
function connectFor(url: URL, settings: Settings): ConnectOptions {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const pieces = (text: string) => text.match(/\[[^\]]*\]|[^:]+|(?<=:|^)(?=:|$)/g) ?? [];
  const bare = (text: string) => text.replace(/^\[(.*)\]$/, '$1');
  for (const one of settings.connectTo) {
    const [from = '', fromPort = '', to = '', toPort = ''] = pieces(one).map(bare);
    if ((from === '' || from === host) && (fromPort === '' || fromPort === port))
      return {
        ...(to === '' ? {} : { address: to }),
        ...(toPort === '' ? {} : { addressPort: Number(toPort) }),
      };
  }
  for (const one of settings.resolve) {
    const [from, fromPort, address] = /^([^:]+):(\d+):(.+)$/.exec(one)?.slice(1) ?? [];
    if (from === host && fromPort === port) return { address: bare(address!) };
  }
  return {};
}

/** Headers that may follow a redirect to another origin; Hurl itself leaves Authorization and Cookie behind. */
const HARMLESS = new Set([
  'accept',
  'accept-language',
  'accept-encoding',
  'user-agent',
  'cache-control',
  'content-type',
]);
const CREDENTIALS = new Set(['authorization', 'cookie']);

/**
 * Sends a request and follows its redirects as Hurl does, each answer's cookies kept. `onRequest` is told of the request
 * before it is sent. Throws HttpError.
 */
export async function send(
  wanted: Wanted,
  settings: Settings,
  sending: Sending,
  onRequest: (request: HttpRequest) => void,
): Promise<HttpResponse[]> {
  const deadline =
    performance.now() + Math.min(settings.maxTime || DEFAULT_TIME, sending.timeout ?? Infinity);
  const responses: HttpResponse[] = [];
  const { cookies } = wanted;
  let { method, url, headers, body } = wanted;
  for (;;) {
    const jar = sending.jar.header(url);
    const cookie = [jar, cookies].filter((one) => one !== '').join('; ');
    const request: HttpRequest = {
      method,
      url: url.href,
      headers: byName(cookie === '' ? headers : [...headers, ['Cookie', cookie]]),
      ...(body === undefined ? {} : { body }),
      connect: {
        ...connectAt(url, wanted.url, sending.connect),
        ...connectFor(url, settings),
        ...(settings.family ? { family: settings.family } : {}),
        ...(settings.insecure ? { insecure: true } : {}),
        ...(settings.ca === undefined ? {} : { ca: settings.ca }),
      },
      deadline: Math.max(1, deadline - performance.now()),
      ...(settings.connectTimeout === undefined ? {} : { connectTimeout: settings.connectTimeout }),
      redirects: 0,
      maxBytes: BODY_LIMIT,
      signal: sending.signal,
    };
    onRequest(request);
    const response = await sending.reach.request(request);
    responses.push(response);
    for (const [name, value] of response.headerList) if (name === 'set-cookie') sending.jar.keep(url, value);
    const location = response.headers['location'];
    if (!settings.location || response.status < 300 || response.status >= 400 || location === undefined)
      return responses;
    const where = url.host;
    const fail = (why: string) =>
      new HttpError(`${where}: redirect (${response.status}) ${why}`, {
        phase: 'redirect',
        status: response.status,
        sent: true,
      });
    if (responses.length > settings.redirects)
      throw fail(`is one more than the ${settings.redirects} of max-redirs`);
    if (!URL.canParse(location, url)) throw fail('to something that is not a URL');
    const next = new URL(location, url);
    if (next.protocol !== 'http:' && next.protocol !== 'https:')
      throw fail(`to ${next.protocol} is not followed`);
    if (response.status <= 303 && method !== 'GET') [method, body] = ['GET', undefined];
    if (next.origin !== wanted.url.origin && !settings.trusted) {
      headers = headers.filter(([name]) => !CREDENTIALS.has(name.toLowerCase()));
      const own = headers.find(([name]) => !HARMLESS.has(name.toLowerCase()))?.[0];
      const carried =
        body !== undefined ? 'the body' : cookies !== '' ? '[Cookies]' : own && `the header ${own}`;
      if (carried !== undefined)
        throw fail(`would carry ${carried} to another origin: location-trusted: true says that it may`);
    }
    if (body === undefined) headers = headers.filter(([name]) => name.toLowerCase() !== 'content-type');
    url = next;
  }
}

function byName(headers: readonly (readonly [string, string])[]): NonNullable<HttpRequest['headers']> {
  const values: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const known = Object.keys(values).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
    (values[known] ??= []).push(value);
  }
  // Hurl asks for no encoding unless it is told to.
  const asked = Object.keys(values).some((name) => name.toLowerCase() === 'accept-encoding');
  return asked ? values : { ...values, 'Accept-Encoding': undefined };
}
