import { type Load, type LoadRecord, startLoad } from '@deploy-actions/lab';
import { type Dip, findDips } from './dip.ts';
import type { Mark, Sample } from './picture.ts';
import type { Progress } from './progress.ts';

/** What the client saw, for the table and the picture. Times are milliseconds since its first request. */
export interface Traffic {
  /** Requests served and failed in each phase, by the phase's index in `progress.phases`. */
  traffic: ({ served: number; failed: number } | undefined)[];
  total: { served: number; failed: number };
  /** Which versions answered how many requests, and why how many failed, as one phrase. */
  versions: string;
  samples: Sample[];
  marks: Mark[];
  dips: Dip[];
  end: number;
}

export interface Watch {
  start(url: string): void;
  /** Says that the traffic moves to a version from now on: its first answer gets the mark. */
  moves(version: string, label: string): void;
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Waits until a request sent from now on is answered, and by this version. */
  expect(version: string): Promise<void>;
  stop(): Promise<Traffic>;
}

/** What the client that asks all the while is like. */
export const CLIENT = { rate: 100, connections: 16 };

/** A phase, from its beginning to its end in milliseconds since 1970. */
interface Bounds {
  phase: number;
  from: number;
  to: number;
}

/** From when on, in milliseconds since 1970, the traffic moves to a version. */
interface Move {
  from: number;
  version: string;
  label: string;
}

/** Keeps what the client saw together with the phase in which it saw it. */
export function watchTraffic(progress: Progress): Watch {
  let client: Load | undefined;
  const moves: Move[] = [];
  const bounds: Bounds[] = [];
  return {
    start(url) {
      client = startLoad({ url, rate: CLIENT.rate, clients: CLIENT.connections });
    },
    moves(version, label) {
      moves.push({ from: Date.now(), version, label });
    },
    async during(work) {
      const from = Date.now();
      const phase = progress.phases.length;
      const value = await work();
      bounds.push({ phase, from, to: Date.now() });
      return value;
    },
    async expect(version) {
      await client?.seen(version);
    },
    async stop() {
      await client?.stop();
      const phases = bounds.map((one) => ({ ...one, name: progress.phases[one.phase]?.name ?? '' }));
      return readTraffic(client?.records() ?? [], phases, moves);
    },
  };
}

/** What the records of a client say about the phases in which they were sent, and when the traffic moved. */
export function readTraffic(
  records: readonly LoadRecord[],
  phases: readonly (Bounds & { name: string })[],
  moves: readonly Move[],
): Traffic {
  // Records come in the order of their answers.
  const sent = [...records].sort((one, other) => one.at - other.at);
  const start = sent[0]?.at ?? 0;
  const end = Math.max(1000, ...sent.map(({ at }) => at - start));
  const traffic: Traffic['traffic'] = [];
  for (const { phase, from, to } of phases) {
    const within = sent.filter(({ at }) => at >= from && at < to);
    if (within.length > 0) traffic[phase] = countOutcomes(within);
  }
  const samples = sent.map(({ at, failure, version, tookMs }) => ({
    at: at - start,
    tookMs,
    ...(failure === undefined ? { version: version ?? 'unknown' } : {}),
  }));
  const counts = new Map<string, number>();
  const answers = sent.map(({ failure, version }) => ({ failure, name: failure ?? version ?? 'unknown' }));
  // Versions first, reasons of failures after them.
  for (const { name } of answers.toSorted((one, other) => Number(!!one.failure) - Number(!!other.failure)))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    traffic,
    total: countOutcomes(sent),
    versions: [...counts].map(([name, count]) => `${name}: ${count}`).join(', '),
    samples,
    marks: moves.flatMap(({ from, version, label }) => {
      const first = sent.find(
        (record) => record.at >= from && record.failure === undefined && record.version === version,
      );
      return first === undefined ? [] : [{ label, at: first.at - start }];
    }),
    dips: findDips(
      samples,
      end,
      CLIENT.rate,
      phases.map(({ name, from, to }) => ({ name, from: from - start, to: to - start })),
    ),
    end,
  };
}

function countOutcomes(records: readonly LoadRecord[]): { served: number; failed: number } {
  const failed = records.filter(({ failure }) => failure !== undefined).length;
  return { served: records.length - failed, failed };
}
