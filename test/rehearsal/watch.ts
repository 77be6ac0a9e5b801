import { type Load, type LoadRecord, type LoadRequest, startLoad } from '@deploy-actions/lab';
import { type Dip, findDips } from './dip.ts';
import type { Mark, Sample } from './picture.ts';

/** What visitors had of one release. */
export interface Visitors {
  served: number;
  failed: number;
  /** How often each failure came, by its reason and the version that answered so; the version is empty where none did. */
  failures: readonly { reason: string; version: string; count: number }[];
}

/** What the client saw, for the figures and the picture. Times are milliseconds since its first request. */
export interface Traffic {
  /** By the release that was under way. */
  releases: Readonly<Record<string, Visitors>>;
  all: Visitors;
  samples: Sample[];
  marks: Mark[];
  spans: Span[];
  dips: Dip[];
  end: number;
}

export interface Watch {
  start(url: string): void;
  /** Says that the traffic moves to a version from now on: its first answer gets the mark. */
  moves(version: string, label: string): void;
  /** Remembers when a step of a release began and ended. */
  during<T>(release: string, step: string, work: () => Promise<T>): Promise<T>;
  /** Waits until a request sent from now on is answered, and by this version. */
  expect(version: string): Promise<void>;
  stop(): Promise<Traffic>;
}

/** What the client that asks all the while is like. */
export const CLIENT = { rate: 100, connections: 16 };
/**
 * Every third request is one that the bad release may fail in. It fails every tenth of those that it gets, and the watch
 * asks ten times a second: with every second one its errors could for seconds fall between the questions of the watch.
 */
const REQUESTS: readonly LoadRequest[] = [
  { method: 'POST', path: '/api/echo', body: 'hello' },
  { method: 'GET', path: '/version' },
  { method: 'GET', path: '/version' },
];

/** A step of a release, from its beginning to its end. */
export interface Span {
  release: string;
  step: string;
  from: number;
  to: number;
}

/** From when on, in milliseconds since 1970, the traffic moves to a version. */
interface Move {
  from: number;
  version: string;
  label: string;
}

/** Keeps what the client saw together with the step during which it saw it. */
export function watchTraffic(): Watch {
  let client: Load | undefined;
  const moves: Move[] = [];
  const spans: Span[] = [];
  return {
    start(url) {
      client = startLoad({ url, rate: CLIENT.rate, clients: CLIENT.connections, requests: REQUESTS });
    },
    moves(version, label) {
      moves.push({ from: Date.now(), version, label });
    },
    async during(release, step, work) {
      const from = Date.now();
      const value = await work();
      spans.push({ release, step, from, to: Date.now() });
      return value;
    },
    async expect(version) {
      await client?.seen(version);
    },
    async stop() {
      await client?.stop();
      return readTraffic(client?.records() ?? [], spans, moves);
    },
  };
}

/** What the records of a client say of the steps during which they were sent, and when the traffic moved. Times since 1970. */
export function readTraffic(
  records: readonly LoadRecord[],
  spans: readonly Span[],
  moves: readonly Move[],
): Traffic {
  // Records come in the order of their answers.
  const sent = [...records].sort((one, other) => one.at - other.at);
  const start = sent[0]?.at ?? 0;
  const end = Math.max(1000, ...sent.map(({ at }) => at - start));
  const samples = sent.map(({ at, failure, version, tookMs }) => ({
    at: at - start,
    tookMs,
    ...(failure === undefined ? { version: version ?? 'unknown' } : {}),
  }));
  const seen = spans.map(({ from, to, ...span }) => ({ ...span, from: from - start, to: to - start }));
  const names = [...new Set(spans.map(({ release }) => release))];
  return {
    releases: Object.fromEntries(
      names.map((name) => {
        const own = spans.filter(({ release }) => release === name);
        const [from, to] = [own[0]!.from, own.at(-1)!.to];
        return [name, countVisitors(sent.filter(({ at }) => at >= from && at < to))];
      }),
    ),
    all: countVisitors(sent),
    samples,
    marks: moves.flatMap(({ from, version, label }) => {
      const first = sent.find(
        (record) => record.at >= from && record.failure === undefined && record.version === version,
      );
      return first === undefined ? [] : [{ label, at: first.at - start }];
    }),
    spans: seen,
    dips: findDips(
      samples,
      end,
      CLIENT.rate,
      seen.map(({ release, step, from, to }) => ({ name: `${release}: ${step}`, from, to })),
    ),
    end,
  };
}

function countVisitors(records: readonly LoadRecord[]): Visitors {
  const failures = new Map<string, { reason: string; version: string; count: number }>();
  for (const { failure: reason, version = '' } of records) {
    if (reason === undefined) continue;
    const key = `${reason} ${version}`;
    const known = failures.get(key);
    if (known) known.count += 1;
    else failures.set(key, { reason, version, count: 1 });
  }
  const failed = [...failures.values()].reduce((sum, { count }) => sum + count, 0);
  return { served: records.length - failed, failed, failures: [...failures.values()] };
}
