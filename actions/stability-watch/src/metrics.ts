import { HttpError, type HttpResponse, bodyText } from '@deploy-actions/http';
import { Failure, cut } from '@deploy-actions/kit';
import { ExpositionError, type Reach, metricValue, parseMetrics } from '@deploy-actions/probe';
import { type Metric, type Selector, holds } from './metric-line.ts';
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

/**
 * Holds figures against what is wanted of them: what does not hold at two looks in a row, or at the last, ends the watch.
 * @param askedWithin milliseconds for one figure
 */
export function metricLooks(
  metrics: readonly Metric[],
  prometheus: string | undefined,
  reach: Reach,
  askedWithin = ASKED_WITHIN,
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
        const values = await figures(metric, prometheus, reach, askedWithin, signal);
        state.looks += 1;
        if (typeof values === 'string') {
          state.gap = values;
          continue;
        }
        state.gap = values.gap;
        const bad = values.numbers.find((value) => !holds(metric, value));
        state.last = bad ?? values.numbers[0];
        state.broken = bad === undefined ? 0 : state.broken + 1;
        if (bad !== undefined && (final || state.broken >= 2))
          return `${metric.text} does not hold: it is ${bad}${state.broken === state.looks ? ', since the watch began' : ''}`;
      }
      return undefined;
    },
  };
}

interface Figures {
  numbers: number[];
  /** Why they may not be all; undefined when they are. */
  gap: string | undefined;
}

/** The figures of a metric; a sentence when there are none. Throws an `input` Failure for an expression that is refused. */
async function figures(
  { source, text }: Metric,
  prometheus: string | undefined,
  reach: Reach,
  deadline: number,
  signal: AbortSignal,
): Promise<Figures | string> {
  try {
    const answer = await reach.request({
      url: source.kind === 'page' ? source.url : queryUrl(prometheus!, source.query),
      deadline,
      signal,
    });
    const values = source.kind === 'page' ? pageFigures(answer, source.selector) : vectorOf(answer, text);
    if (typeof values === 'string') return values;
    // 0/0 is how Prometheus says that nothing happened.
    const numbers = values.numbers.filter((value) => !Number.isNaN(value));
    return numbers.length > 0 ? { ...values, numbers } : 'there is no such figure';
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof HttpError) return error.message;
    throw error;
  }
}

/** The sum of what a selector finds on a page; a sentence where the page is none of metrics, or not whole. */
function pageFigures(answer: HttpResponse, selector: Selector): Figures | string {
  if (answer.status !== 200) return `status ${answer.status}${moved(answer.status)}`;
  const body = bodyText(answer);
  // OpenMetrics says where it ends; the older format does not.
  if (/openmetrics/i.test(answer.headers['content-type'] ?? '') && !/(?:^|\n)# EOF\s*$/.test(body))
    return 'the page ends before its # EOF';
  try {
    return { numbers: [metricValue(parseMetrics(body), selector) ?? NaN], gap: undefined };
  } catch (error) {
    if (error instanceof ExpositionError) return `the page is none of metrics: ${error.message}`;
    throw error;
  }
}

function moved(status: number): string {
  return status >= 300 && status < 400 ? ', a redirect, and none is followed' : '';
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
  warnings?: unknown;
  data?: { resultType?: unknown; result?: unknown };
}

/** The values of an instant query, as Prometheus' HTTP API has them: numbers written as strings. */
function vectorOf(response: HttpResponse, text: string): Figures | string {
  const { status } = response;
  const none = `status ${status}${moved(status)}, and no answer of Prometheus`;
  let answer: QueryAnswer | null;
  try {
    answer = JSON.parse(bodyText(response)) as QueryAnswer | null;
  } catch {
    return none;
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
  if (status !== 200 || answer?.status !== 'success' || !Array.isArray(result)) return none;
  const values =
    resultType === 'scalar' ? [result] : resultType === 'vector' ? result.map(valueOf) : undefined;
  if (values === undefined)
    throw new Failure('input', `${text} gives a ${cut(String(resultType), 20)}, not a number`, {
      input: 'metrics',
      remedy: 'Make one number of it, such as with rate(…[1m]) or max_over_time(…).',
    });
  const numbers = values.map(numberOf);
  if (numbers.includes(undefined)) return 'the answer has another form than that of Prometheus';
  return { numbers: numbers as number[], gap: warned(answer.warnings) };
}

/** What Prometheus warns of, such as stores that did not answer: then the figure may be of a part. Its hints are none. */
function warned(warnings: unknown): string | undefined {
  if (!Array.isArray(warnings)) return undefined;
  const [first] = warnings.map(String).filter((one) => !one.startsWith('PromQL info'));
  return first === undefined ? undefined : `Prometheus warns: ${cut(first, 300)}`;
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
