import { HttpError, bodyText } from '@deploy-actions/http';
import { Failure, cut } from '@deploy-actions/kit';
import { type Reach, metricValue, parseMetrics } from '@deploy-actions/probe';
import { type Metric, holds } from './metric-line.ts';
import type { Periodic } from './periodic.ts';

/** Milliseconds for one figure. */
const ASKED_WITHIN = 10_000;

interface State {
  /** Looks in a row at which it did not hold. */
  broken: number;
  looks: number;
  /** Why the last look showed no figure; undefined when it did. */
  gap: string | undefined;
  last: number | undefined;
}

/** Holds figures against what is wanted of them: what does not hold at two looks in a row, or at the last, ends the watch. */
export function metricLooks(
  metrics: readonly Metric[],
  prometheus: string | undefined,
  reach: Reach,
): Periodic {
  const states = new Map<Metric, State>(
    metrics.map((metric) => [metric, { broken: 0, looks: 0, gap: 'was never asked', last: undefined }]),
  );
  return {
    kind: 'metric',
    name: 'metrics',
    missing: () =>
      [...states].flatMap(([{ text }, { gap }]) => (gap === undefined ? [] : [`${text}: ${gap}`])),
    detail: () =>
      [...states]
        .map(([{ text }, { last }]) => `${text}: ${last === undefined ? 'no figure' : last}`)
        .join('; '),
    async look(final, signal) {
      for (const [metric, state] of states) {
        const values = await figures(metric, prometheus, reach, signal);
        state.looks += 1;
        if (typeof values === 'string') {
          state.gap = values;
          continue;
        }
        state.gap = undefined;
        const bad = values.find((value) => !holds(metric, value));
        state.last = bad ?? values[0];
        state.broken = bad === undefined ? 0 : state.broken + 1;
        if (bad !== undefined && (final || state.broken >= 2))
          return `${metric.text} does not hold: it is ${bad}${state.broken === state.looks ? ', since the watch began' : ''}`;
      }
      return undefined;
    },
  };
}

/** The figures of a metric; a sentence when there are none. Throws an `input` Failure for an expression that is refused. */
async function figures(
  { source, text }: Metric,
  prometheus: string | undefined,
  reach: Reach,
  signal: AbortSignal,
): Promise<number[] | string> {
  try {
    const answer = await reach.request({
      url: source.kind === 'page' ? source.url : queryUrl(prometheus!, source.query),
      deadline: ASKED_WITHIN,
      signal,
    });
    const body = bodyText(answer);
    const values =
      source.kind === 'page'
        ? answer.status === 200
          ? [metricValue(parseMetrics(body), source.selector) ?? NaN]
          : `status ${answer.status}`
        : vectorOf(body, answer.status, text);
    if (typeof values === 'string') return values;
    // 0/0 is how Prometheus says that nothing happened.
    const numbers = values.filter((value) => !Number.isNaN(value));
    return numbers.length > 0 ? numbers : 'there is no such figure';
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof HttpError) return error.message;
    throw error;
  }
}

function queryUrl(prometheus: string, query: string): URL {
  const url = new URL(prometheus);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query`;
  url.searchParams.set('query', query);
  return url;
}

interface QueryAnswer {
  status?: unknown;
  errorType?: unknown;
  error?: unknown;
  data?: { resultType?: unknown; result?: unknown };
}

/** The values of an instant query, as Prometheus' HTTP API has them: numbers written as strings. */
function vectorOf(body: string, status: number, text: string): number[] | string {
  let answer: QueryAnswer | null;
  try {
    answer = JSON.parse(body) as QueryAnswer | null;
  } catch {
    return `status ${status}, and no answer of Prometheus`;
  }
  if (answer?.status === 'error') {
    const said = cut(String(answer.error), 300);
    if (answer.errorType !== 'bad_data') return `Prometheus says ${said}`;
    throw new Failure('input', `Prometheus refuses ${text}: ${said}`, {
      input: 'metrics',
      remedy: 'Try the expression in its web page.',
    });
  }
  const { resultType, result } = answer?.data ?? {};
  if (answer?.status !== 'success' || !Array.isArray(result))
    return `status ${status}, and no answer of Prometheus`;
  const values =
    resultType === 'scalar' ? [result] : resultType === 'vector' ? result.map(valueOf) : undefined;
  if (values === undefined)
    throw new Failure('input', `${text} gives a ${cut(String(resultType), 20)}, not a number`, {
      input: 'metrics',
      remedy: 'Make one number of it, such as with rate(…[1m]) or max_over_time(…).',
    });
  const numbers = values.map(numberOf);
  return numbers.includes(undefined)
    ? 'the answer has another form than that of Prometheus'
    : (numbers as number[]);
}

function valueOf(sample: unknown): unknown {
  return (sample as { value?: unknown } | null)?.value;
}

/** The number of `[time, "number"]`; undefined for another form. */
function numberOf(pair: unknown): number | undefined {
  const written = Array.isArray(pair) && pair.length === 2 ? (pair[1] as unknown) : undefined;
  if (typeof written !== 'string') return undefined;
  if (/^[+-]?Inf$/.test(written)) return written.startsWith('-') ? -Infinity : Infinity;
  if (written === 'NaN') return NaN;
  return /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(written) ? Number(written) : undefined;
}
