import { parseRetryAfter } from '@deploy-actions/http';
import { type Clock, Failure, backoffDelay, formatDuration, messageOf } from '@deploy-actions/kit';

/** The one thing that delivery asks of an HTTP client; `Http` of the http package has it. */
export interface Post {
  /**
   * Any status is an answer. Throws when there is none; the error's `sent` tells whether the server may have
   * received the request.
   */
  request(request: {
    method: string;
    url: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array;
    /** Milliseconds for the whole exchange. */
    deadline: number;
    signal?: AbortSignal;
  }): Promise<Answer>;
}

export interface Answer {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
}

/** What a messenger's answer means. */
export type Verdict<T> =
  | { kind: 'done'; value: T }
  /** Not taken; try again, not before `after` milliseconds when the server says so. */
  | { kind: 'again'; reason: string; after?: number }
  /** Perhaps taken: the server failed on the way, or its answer makes no sense. `after` as above. */
  | { kind: 'unclear'; reason: string; after?: number }
  /** Taken by nobody, and never will be as it is. */
  | { kind: 'never'; failure: Failure };

export interface DeliveryRequest<T> {
  /** What it is, for messages: `sendMessage`. Never an address. */
  name: string;
  method?: string;
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Whether a second delivery changes nothing (an edit): then an unclear outcome may be repeated at will. */
  repeatable?: boolean;
  judge(answer: Answer, json: unknown): Verdict<T>;
}

export interface DeliveryOptions {
  post: Post;
  clock: Clock;
  /** Milliseconds for everything that is sent through it. */
  deadline: number;
  signal?: AbortSignal;
  random?: () => number;
  onRetry?(text: string): void;
}

/** Sends requests until they are delivered, within one deadline that they all share. */
export interface Courier {
  /** The judged value, or a Failure that says why it could not be delivered. */
  deliver<T>(request: DeliveryRequest<T>): Promise<T>;
  /** Requests sent so far. */
  attempts(): number;
}

/** A cancelled run is killed after ten seconds: what is on its way may finish within this time. */
const GRACE = 5000;
const BACKOFF = { initial: 500, max: 10_000 };

/**
 * The delivery policy of every messenger: Retry-After is obeyed (a little is added at random, nothing taken
 * off), an unavailable server and failed connections are tried again with jittered backoff, and where the server
 * may have taken a message without saying so it is sent once more, and not a third time, so that nobody reads it
 * twice for one hiccup.
 */
export function openCourier(options: DeliveryOptions): Courier {
  const { clock, post, random = Math.random } = options;
  const end = clock.now() + options.deadline;
  // A third of the time for one attempt, so that a server that hangs once still leaves time for the retry.
  const patience = Math.max(2000, options.deadline / 3);
  const giveUp = new AbortController();
  let cancelledEnd = Infinity;
  options.signal?.addEventListener(
    'abort',
    () => {
      cancelledEnd = clock.now() + GRACE;
      void clock.sleep(GRACE).then(() => giveUp.abort(new Error('the run was cancelled')));
    },
    { once: true },
  );
  const left = () => Math.min(end, cancelledEnd) - clock.now();
  let sent = 0;

  async function once<T>(request: DeliveryRequest<T>): Promise<Verdict<T>> {
    sent += 1;
    let answer: Answer;
    try {
      answer = await post.request({
        method: request.method ?? 'POST',
        url: request.url,
        headers: request.headers,
        body: request.body,
        deadline: Math.max(1, Math.min(patience, left())),
        signal: giveUp.signal,
      });
    } catch (error) {
      const maybe = typeof error === 'object' && error !== null && 'sent' in error && error.sent === true;
      return { kind: maybe ? 'unclear' : 'again', reason: messageOf(error) };
    }
    let json: unknown;
    try {
      json = JSON.parse(answer.body.toString('utf8'));
    } catch {
      json = undefined;
    }
    const verdict = request.judge(answer, json);
    if (verdict.kind === 'done' || verdict.kind === 'never' || verdict.after !== undefined) return verdict;
    const after = parseRetryAfter(answer.headers['retry-after'], clock.wall());
    return after === undefined ? verdict : { ...verdict, after };
  }

  return {
    attempts: () => sent,
    async deliver(request) {
      let unclear = 0;
      for (let attempt = 1; ; attempt += 1) {
        if (left() <= 0) throw outOfTime(request.name, 'the deadline was over before it could be sent');
        const verdict = await once(request);
        if (verdict.kind === 'done') return verdict.value;
        if (verdict.kind === 'never') throw verdict.failure;
        if (verdict.kind === 'unclear' && !request.repeatable) unclear += 1;
        if (unclear > 1) {
          throw new Failure('lost', `${request.name}: no clear answer twice: ${verdict.reason}`, {
            remedy:
              'The message may have arrived; it is not sent a third time, so that nobody reads it twice.',
          });
        }
        const asked = verdict.after ?? 0;
        const delay =
          asked > 0 ? asked + Math.min(1000, asked * 0.1) * random() : backoffDelay(BACKOFF, attempt, random);
        if (delay >= left()) {
          const wait = asked > 0 ? `; the server asks to wait ${formatDuration(asked)}` : '';
          throw outOfTime(request.name, `${verdict.reason}${wait}`, attempt);
        }
        options.onRetry?.(`${request.name}: ${verdict.reason}; trying again in ${formatDuration(delay)}`);
        try {
          await clock.sleep(delay, options.signal);
        } catch {
          throw outOfTime(request.name, `${verdict.reason}; the run was cancelled`, attempt);
        }
      }
    },
  };

  function outOfTime(name: string, reason: string, attempts = 0): Failure {
    const count = attempts > 0 ? ` after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}` : '';
    return new Failure(
      'lost',
      `${name} was not delivered within ${formatDuration(options.deadline)}${count}: ${reason}`,
      {
        remedy: 'Raise `deadline` if the messenger needs longer.',
      },
    );
  }
}

/** What a status means for any messenger, when its body says nothing better; undefined for a success. */
export function judgeStatus(answer: Answer): Verdict<never> | undefined {
  const { status } = answer;
  const reason = `status ${status}`;
  if (status === 429) return { kind: 'again', reason: `${reason} (too many requests)` };
  if (status === 503 || status === 408) return { kind: 'again', reason };
  // A server may fail after it took the message, and a gateway may have handed it on.
  if (status >= 500) return { kind: 'unclear', reason };
  if (status >= 300 && status < 400) {
    const failure = new Failure('refused', `the server redirects (status ${status}) instead of answering`, {
      remedy: 'Name the final address; a redirect is not followed with a secret.',
    });
    return { kind: 'never', failure };
  }
  return undefined;
}
