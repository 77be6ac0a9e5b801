import { type Http, HttpError, type HttpRequest, type HttpResponse } from '@deploy-actions/http';
import { type Clock, type Log, formatDuration, retry } from '@deploy-actions/kit';
import { type Question, classify, isPassing, retryDelay } from './answer.ts';
import { Problem } from '../problem.ts';

/** What one image has cost so far. */
export interface Traffic {
  requests: number;
  /** Bytes of the answers, heads included, as decoded. */
  bytes: number;
}

export interface WireOptions {
  http: Http;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** Milliseconds for one request, redirects included. */
  timeout: number;
  random?: () => number;
  /** Milliseconds between two lines that say what is waited for; default 15,000. */
  tellEvery?: number | undefined;
}

/** Sends one request, again while the trouble may pass, and answers what is no 429 and no 5xx. */
export type Wire = (request: HttpRequest, question: Question, traffic: Traffic) => Promise<HttpResponse>;

/**
 * Longest time from a request's first attempt to its last, and for which a host may say nothing at all, whatever is asked
 * of it: a limit that lasts longer is a failure at once.
 */
const PATIENCE = 60_000;
const ATTEMPTS = 4;

class Passing extends Error {
  readonly response: HttpResponse;
  constructor(response: HttpResponse) {
    super(`status ${response.status}`);
    this.response = response;
  }
}

/**
 * The transport under registries and GitHub's API: 429 and 5xx are repeated with the server's own delay,
 * broken connections with a growing one, and what does not pass becomes a Problem.
 */
export function openWire({
  http,
  clock,
  log,
  signal,
  timeout,
  random,
  tellEvery = 15_000,
}: WireOptions): Wire {
  const patience = Math.min(timeout * ATTEMPTS, PATIENCE);
  /** Since when each host has been asked without a word from it: the next image does not wait for it anew. */
  const silentSince = new Map<string, number>();

  return async (given, question, traffic) => {
    let request = given;
    const { host } = new URL(given.url);
    const since = () => silentSince.get(host) ?? clock.now();
    const left = () => since() + patience - clock.now();
    const attempt = async (): Promise<HttpResponse> => {
      if (left() <= 0) {
        throw new HttpError(`${host}: no answer to any request for ${formatDuration(patience)}`, {
          phase: 'http',
          timedOut: true,
        });
      }
      silentSince.set(host, since());
      const telling = setInterval(() => {
        log.info(
          `${question.image}: waiting for ${host} to answer the ${question.stage} request, ${formatDuration(patience)} at most`,
        );
      }, tellEvery);
      try {
        const response = await http.request({ deadline: Math.min(timeout, left()), signal, ...request });
        silentSince.delete(host);
        return response;
      } catch (error) {
        // What was refused, or is no HTTP, is an answer as well: only silence adds up.
        if (!(error instanceof HttpError) || !error.timedOut) silentSince.delete(host);
        throw error;
      } finally {
        clearInterval(telling);
      }
    };
    try {
      return await retry(
        async () => {
          traffic.requests += 1;
          const response = await attempt();
          traffic.requests += response.redirects;
          traffic.bytes += response.body.length + headSize(response);
          if (isPassing(response.status)) throw new Passing(response);
          return response;
        },
        {
          clock,
          signal,
          random,
          attempts: ATTEMPTS,
          within: PATIENCE,
          backoff: { initial: 500, max: 8000 },
          retryable: (error) => {
            if (error instanceof Passing) return retryDelay(error.response, clock.wall()) ?? true;
            if (!(error instanceof HttpError) || !mayPass(error)) return false;
            // Not for the sake of a moment: the pause before it is up to two seconds.
            return !error.timedOut || left() > 2500;
          },
          onRetry: (error, attempt, delay) => {
            // GHCR says in the body how long to wait, and the answer to HEAD has none.
            if (request.method === 'HEAD') request = { ...request, method: 'GET' };
            log.info(
              `${question.image}: ${question.stage} request, attempt ${attempt}: ${(error as Error).message}; again in ${formatDuration(delay)}`,
            );
          },
        },
      );
    } catch (error) {
      if (error instanceof Passing) throw classify(error.response, { ...question, now: clock.wall() });
      if (error instanceof HttpError) throw unreachable(error, question);
      throw error;
    }
  };
}

function headSize({ headerList }: HttpResponse): number {
  return headerList.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 17);
}

/** A wrong name, an untrusted certificate, a forbidden redirect and too large an answer stay as they are. */
function mayPass({ phase, code }: HttpError): boolean {
  if (code === 'ENOTFOUND' || code === 'TOO_LARGE' || code === 'UNDECODABLE') return false;
  return phase !== 'redirect' && phase !== 'tls';
}

function unreachable(error: HttpError, { image, registry, stage }: Question): Problem {
  if (error.phase === 'redirect' || error.code === 'TOO_LARGE' || error.code === 'UNDECODABLE') {
    return new Problem(
      'malformed',
      `${image}: ${registry} answers the ${stage} request with what cannot be used: ${error.message}`,
      {
        cause: error,
        remedy: "Check that no proxy answers in the registry's place.",
      },
    );
  }
  return new Problem('registry-unreachable', `${image}: ${registry} cannot be reached: ${error.message}`, {
    cause: error,
    remedy:
      stage === 'push'
        ? 'Run it again when the registry can be reached: what is named so already stays as it is.'
        : "Check the registry's host name and that the runner may connect to it; nothing was changed, so run it again.",
  });
}
