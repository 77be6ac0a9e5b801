/** A time limit that ran out, as a limit's reason; becomes an HttpError of the phase it struck in. */
export class TimeLimit extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'TimeLimit';
    this.ms = ms;
  }
}

/**
 * What ends a piece of work early: a time limit, or the caller's signal. An AbortSignal of its own for each would be a
 * fifth of the time of a sweep over a thousand targets.
 */
export class Limit {
  /** The caller's reason, or a TimeLimit. */
  reason: unknown;
  #ended = false;
  readonly #stops = new Set<() => void>();

  get ended(): boolean {
    return this.#ended;
  }

  throwIfEnded(): void {
    if (this.#ended) throw this.reason;
  }

  /** Calls `stop` when the limit ends, once; the answer takes it back. What has ended already calls nothing. */
  onEnd(stop: () => void): () => void {
    this.#stops.add(stop);
    return () => this.#stops.delete(stop);
  }

  end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.reason = reason;
    for (const stop of [...this.#stops]) stop();
    this.#stops.clear();
  }
}

/** The limits that end with a signal. It has one listener for all of them: adding one looks at every other one. */
const followers = new WeakMap<AbortSignal, Set<Limit>>();

function follow(signal: AbortSignal, limit: Limit): () => void {
  let limits = followers.get(signal);
  if (!limits) {
    const all = new Set<Limit>();
    signal.addEventListener('abort', () => [...all].forEach((one) => one.end(signal.reason)), { once: true });
    followers.set(signal, all);
    limits = all;
  }
  limits.add(limit);
  return () => limits.delete(limit);
}

/** Runs `work` with a limit that ends with the outer one, or with a TimeLimit after `ms`. Throws the outer's reason. */
export async function limited<T>(
  outer: AbortSignal | Limit | undefined,
  ms: number,
  work: (limit: Limit) => Promise<T>,
): Promise<T> {
  const limit = new Limit();
  let leave: (() => void) | undefined;
  if (outer instanceof Limit) {
    outer.throwIfEnded();
    leave = outer.onEnd(() => limit.end(outer.reason));
  } else if (outer) {
    outer.throwIfAborted();
    leave = follow(outer, limit);
  }
  const timer = setTimeout(() => limit.end(new TimeLimit(ms)), ms);
  try {
    return await work(limit);
  } finally {
    clearTimeout(timer);
    leave?.();
  }
}

/** The promise's outcome, or the limit's reason as soon as it ends. */
export function orEnded<T>(promise: Promise<T>, limit: Limit): Promise<T> {
  return new Promise((done, fail) => {
    const stop = () => fail(limit.reason);
    if (limit.ended) stop();
    const leave = limit.onEnd(stop);
    promise.then(done, fail).finally(leave);
  });
}
