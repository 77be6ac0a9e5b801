import { HttpError } from '@deploy-actions/http';
import { type Clock, type Log, formatDuration, messageOf, retry } from '@deploy-actions/kit';
import { GitHubError } from './error.ts';
import { limitDelay } from './rate-limit.ts';

/** The part of an HTTP client that is needed here; `Http` of the http package has it. */
export interface Exchange {
  request(request: {
    method: string;
    url: string;
    headers: Record<string, string>;
    body?: string | Uint8Array;
    /** Milliseconds for the whole exchange. */
    deadline: number;
    signal?: AbortSignal;
    redirects?: number;
  }): Promise<{ status: number; headers: Record<string, string>; body: Buffer }>;
}

export interface WireOptions {
  exchange: Exchange;
  /** Where the API is, such as `https://api.github.com` or a GHES's `https://HOST/api/v3`. */
  apiUrl: string;
  clock: Clock;
  log: Pick<Log, 'info' | 'debug'>;
  signal?: AbortSignal;
  /** Milliseconds for one request; default 20,000. */
  deadline?: number;
  /** Milliseconds in which one request may be repeated, waiting for a rate limit included; default 120,000. */
  patience?: number;
  random?: () => number;
}

/** What stands below @actions/github instead of its own fetch: the part of `fetch` that it uses. */
export type Wire = (url: string, request: WireRequest) => Promise<WireAnswer>;

interface WireRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

interface WireAnswer {
  status: number;
  statusText: string;
  url: string;
  headers: Headers;
  body: null;
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

const ATTEMPTS = 5;

/** An answer that may be another one in a moment. */
class Passing extends Error {
  readonly status: number;
  readonly after: number | undefined;
  constructor(status: number, after: number | undefined) {
    super(after === undefined ? `status ${status}` : `rate limit (status ${status})`);
    this.status = status;
    this.after = after;
  }
}

/**
 * Sends requests to one API and nowhere else: each has a deadline, a rate limit is waited for as its headers say, what may be
 * repeated is repeated, and the credential never goes to another origin. Throws GitHubError.
 */
export function openWire(options: WireOptions): Wire {
  const { exchange, clock, log, signal, random } = options;
  const { deadline = 20_000, patience = 120_000 } = options;
  const base = new URL(options.apiUrl);
  const host = base.host;

  return async (url, { method = 'GET', headers = {}, body }) => {
    // Redirects inside the origin keep the credential, others are not followed with it by the http package.
    if (!URL.canParse(url) || new URL(url).origin !== base.origin)
      throw new GitHubError(`a request to another place than ${host} is not sent`, { trouble: 'malformed' });
    const isSafe = method === 'GET' || method === 'HEAD';
    try {
      const answer = await retry(
        async () => {
          const got = await exchange.request({
            method,
            url,
            headers,
            ...(body === undefined ? {} : { body }),
            deadline,
            signal,
            redirects: 3,
          });
          const limited = limitDelay(got, clock.wall());
          if (limited !== undefined) throw new Passing(got.status, limited);
          if (got.status >= 500 && isSafe) throw new Passing(got.status, undefined);
          return got;
        },
        {
          clock,
          signal,
          random,
          attempts: ATTEMPTS,
          within: patience,
          backoff: { initial: 500, max: 8000 },
          retryable: (error) => {
            if (error instanceof Passing) return error.after ?? true;
            // What may have been carried out must not be asked for twice.
            return error instanceof HttpError && mayPass(error) && (isSafe || !error.sent);
          },
          onRetry: (error, _attempt, delay) => {
            const text = `GitHub: ${messageOf(error)}; again in ${formatDuration(delay)}`;
            if (delay >= 5000) log.info(text);
            else log.debug(text);
          },
        },
      );
      return respond(url, answer);
    } catch (error) {
      if (error instanceof Passing) throw gaveUp(error, host, clock);
      if (error instanceof HttpError)
        throw new GitHubError(messageOf(error), { trouble: 'unreachable', cause: error });
      throw error;
    }
  };
}

/** A wrong name, an untrusted certificate and too large an answer stay as they are. */
function mayPass({ phase, code }: HttpError): boolean {
  return phase !== 'redirect' && phase !== 'tls' && code !== 'ENOTFOUND' && code !== 'TOO_LARGE';
}

function gaveUp({ status, after }: Passing, host: string, clock: Clock): GitHubError {
  if (after === undefined)
    return new GitHubError(`${host} answers with status ${status}`, { trouble: 'unreachable', status });
  const until = new Date(clock.wall().getTime() + after).toISOString().slice(0, 19);
  return new GitHubError(`${host} takes no more requests of this token until ${until}Z (status ${status})`, {
    trouble: 'limited',
    status,
  });
}

function respond(
  url: string,
  answer: { status: number; headers: Record<string, string>; body: Buffer },
): WireAnswer {
  const { status, headers, body } = answer;
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // The body is decoded already.
    if (name !== 'content-encoding' && name !== 'content-length') fields.set(name, value);
  }
  return {
    status,
    statusText: '',
    url,
    headers: fields,
    body: null,
    text: async () => body.toString('utf8'),
    json: async () => JSON.parse(body.toString('utf8')) as unknown,
    arrayBuffer: async () => new Uint8Array(body).buffer,
  };
}
