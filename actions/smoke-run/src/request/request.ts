import type { ConnectOptions, HttpRequest } from '@deploy-actions/http';
import { Failure, parseDuration } from '@deploy-actions/kit';
import { quote } from '@deploy-actions/shell';
import type { CookieJar } from './cookie-jar.ts';
import type { RequestSpec, Specification } from '../specification/specification.ts';
import { fillDeep } from '../specification/template.ts';

export interface RequestContext {
  specification: Specification;
  variables: Readonly<Record<string, unknown>>;
  jar: CookieJar;
  baseUrl: string | undefined;
  connect: ConnectOptions;
  readFile(path: string): Buffer;
  addSecret(value: string): void;
}

/** The request that a step asks for, variables filled in. Throws a Failure when it cannot be built. */
export function buildRequest(template: RequestSpec, context: RequestContext): HttpRequest {
  const { specification } = context;
  const spec = fillDeep(template, context.variables);
  const url = absolute(spec.url, context.baseUrl ?? specification.baseUrl);
  const userInfo = takeUserInfo(url, context.addSecret);
  for (const [name, value] of Object.entries(spec.query ?? {})) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value])
      url.searchParams.append(name, one === null ? '' : String(one));
  }
  const headers: Record<string, string> = {};
  const set = (name: string, value: string) => {
    const existing = Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase());
    headers[existing ?? name] = value;
  };
  const has = (name: string) => Object.keys(headers).some((one) => one.toLowerCase() === name);
  for (const [name, value] of Object.entries({ ...specification.headers, ...spec.headers }))
    set(name, String(fillDeep(value as unknown, context.variables)));
  if (spec.basic) set('Authorization', basicOf(spec.basic.username, spec.basic.password, context.addSecret));
  if (spec.bearer !== undefined) {
    context.addSecret(spec.bearer);
    set('Authorization', `Bearer ${spec.bearer}`);
  }
  if (userInfo !== undefined && !has('authorization')) set('Authorization', userInfo);
  const cookies = [
    context.jar.header(url),
    ...Object.entries(spec.cookies ?? {}).map(([name, value]) => `${name}=${value}`),
  ].filter((one) => one !== '');
  if (cookies.length > 0 && !has('cookie')) set('Cookie', cookies.join('; '));
  const { body, type } = bodyOf(spec, context);
  if (type && !has('content-type')) set('Content-Type', type);
  return {
    method: (spec.method ?? (body === undefined ? 'GET' : 'POST')).toUpperCase(),
    url: url.href,
    headers,
    ...(body === undefined ? {} : { body }),
    redirects: Number(spec.redirects ?? specification.redirects),
    deadline: (spec.timeout === undefined ? specification.timeout : parseDuration(spec.timeout)) ?? 10_000,
    connect: { ...context.connect, ...addressOf(spec.address) },
  };
}

function bodyOf(spec: RequestSpec, context: RequestContext): { body?: string | Buffer; type?: string } {
  if ('json' in spec) return { body: JSON.stringify(spec.json), type: 'application/json' };
  if (spec.form) {
    const form = new URLSearchParams(Object.entries(spec.form).map(([name, value]) => [name, String(value)]));
    return { body: form.toString(), type: 'application/x-www-form-urlencoded' };
  }
  if (spec.text !== undefined) return { body: spec.text, type: 'text/plain; charset=utf-8' };
  if (spec.file !== undefined) return { body: context.readFile(spec.file), type: 'application/octet-stream' };
  return {};
}

function absolute(url: string, base: string | undefined): URL {
  const whole = /^https?:\/\//i.test(url);
  if (!whole && base === undefined) {
    throw new Failure(
      'input',
      `the URL ${JSON.stringify(url.replace(/\?.*$/, ''))} is relative and there is no base-url`,
      {
        input: 'base-url',
        remedy: 'Set the input `base-url`, or `base-url:` in the file.',
      },
    );
  }
  try {
    // Below the base, also when the base has a path of its own.
    return new URL(whole ? url : `${base!.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}`);
  } catch {
    throw new Failure(
      'input',
      `${JSON.stringify(hideUserInfo(whole ? url : `${base}`).replace(/\?.*$/, ''))} is no URL`,
      { input: whole ? undefined : 'base-url' },
    );
  }
}

/**
 * Takes user and password out of a URL, where every report would show them; answers the Authorization header that says
 * the same. The password becomes a secret; a user without one is a token, most often.
 */
export function takeUserInfo(url: URL, addSecret: (value: string) => void): string | undefined {
  const { username, password } = url;
  if (username === '' && password === '') return undefined;
  // As it is written in the URL, too.
  addSecret(password || username);
  url.username = '';
  url.password = '';
  return basicOf(decoded(username), decoded(password), addSecret);
}

/** The Authorization header of a user; what is secret in it becomes one. */
export function basicOf(username: string, password: string, addSecret: (value: string) => void): string {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  for (const secret of [password || username, basic]) addSecret(secret);
  return `Basic ${basic}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What may be no URL, for a message: a `/` in a password ends the host, so all before the last `@` is hidden. */
export function hideUserInfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}

/** `address` or `address:port`; IPv6 in brackets when a port follows. */
export function addressOf(text: string | undefined): ConnectOptions {
  if (text === undefined || text === '') return {};
  const [, host, port] = /^(\[[^\]]+\]|[^:\s]+|[0-9a-fA-F:]+)(?::(\d+))?$/.exec(text) ?? [];
  if (host === undefined)
    throw new Failure('input', `${JSON.stringify(text)} is not an address or address:port`);
  return { address: host.replace(/^\[(.*)\]$/, '$1'), ...(port ? { addressPort: Number(port) } : {}) };
}

/**
 * The request as a command that a person can paste. What may be secret by its name is left out; what is known to be one
 * is taken out of each word before it is quoted, since a secret that is quoted twice is not found any more.
 */
export function curlCommand(request: HttpRequest, redact: (text: string) => string): string {
  const words = ['curl', '-sS', '-i'];
  const method = request.method ?? 'GET';
  if (method === 'HEAD') words.push('--head');
  else if (method !== 'GET') words.push('-X', method);
  if ((request.redirects ?? 0) > 0) words.push('-L', '--max-redirs', String(request.redirects));
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const hidden = /^(authorization|cookie|proxy-authorization)$|token|secret|api-?key|passw/i.test(name);
    for (const one of value === undefined ? [] : [value].flat())
      words.push('-H', `${name}: ${hidden ? one.replace(/^((?:Basic|Bearer) )?.*$/s, '$1***') : one}`);
  }
  if (request.body !== undefined) {
    const text = Buffer.from(request.body as Uint8Array).toString('utf8');
    if (text.includes('\0') || text.includes('\ufffd') || text.length > 4000)
      words.push('--data-binary', `@body-of-${text.length}-characters`);
    else words.push('--data-raw', text);
  }
  const { address, addressPort } = request.connect ?? {};
  if (address !== undefined || addressPort !== undefined) {
    const url = new URL(request.url);
    words.push(
      '--connect-to',
      `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}:${address ?? ''}:${addressPort ?? ''}`,
    );
  }
  words.push(String(request.url));
  return quote(words.map(redact));
}
