import { HttpError, type HttpRequest, type HttpResponse } from '@deploy-actions/http';
import { type Clock, cut } from '@deploy-actions/kit';
import type { Unmet } from '../answer/assertion.ts';
import { NOTHING, shown } from '../answer/value.ts';
import { isSecretName } from '../specification/secret-name.ts';
import type { HurlEntry, HurlResponse } from './entry.ts';
import { type Evaluator, evaluator } from './evaluate.ts';
import { applyFilters } from './filter.ts';
import { isUnanswerable, judgeEntry } from './judge.ts';
import { type Settings, settingsOf } from './option.ts';
import { type Sending, readBeside, requestOf, send } from './request.ts';
import { render } from './template.ts';

/** How an entry ended that did not hold. */
export interface EntryFailure {
  phase: string;
  detail: string;
  unmet: Unmet[];
  request: HttpRequest | undefined;
  response: HttpResponse | undefined;
  durationMs: number;
}

export interface EntryContext extends Sending {
  clock: Clock;
  /** Of the journey: captures and `variable:` go into it. */
  variables: Record<string, unknown>;
  /** Milliseconds of each answer. */
  durations: number[];
  textsOf(value: unknown): string[];
}

/**
 * Runs an entry as hurl does: its options, then the request as often as `repeat` and `retry` say. Answers `skipped`, or the
 * failure of its last try; undefined when all holds. Throws what ends the run.
 */
export async function runEntry(
  entry: HurlEntry,
  context: EntryContext,
): Promise<EntryFailure | 'skipped' | undefined> {
  let repeat = 1;
  for (let round = 1; round <= repeat; round += 1) {
    let settings: Settings;
    try {
      settings = settingsOf(entry.options, context.variables);
      if (settings.ca !== undefined)
        settings.ca = readBeside(entry, settings.ca, context.readFile).toString('utf8');
    } catch (error) {
      if (!isUnanswerable(error)) throw error;
      return failureOf('variable', error.message);
    }
    if (settings.skip || settings.repeat === 0) return 'skipped';
    repeat = settings.repeat;
    if (settings.delay > 0) await context.clock.sleep(settings.delay, context.signal);
    let failure = await tryEntry(entry, settings, context);
    for (let retries = 0; failure && retries < settings.retry; retries += 1) {
      await context.clock.sleep(settings.retryInterval, context.signal);
      failure = await tryEntry(entry, settings, context);
    }
    if (failure) return failure;
  }
  return undefined;
}

function failureOf(phase: string, detail: string): EntryFailure {
  return { phase, detail, unmet: [], request: undefined, response: undefined, durationMs: 0 };
}

async function tryEntry(
  entry: HurlEntry,
  settings: Settings,
  context: EntryContext,
): Promise<EntryFailure | undefined> {
  const seen = failureOf('', '');
  const failed = (phase: string, detail: string, unmet: Unmet[] = []): EntryFailure => ({
    ...seen,
    phase,
    detail,
    unmet,
  });
  const unmetIn = (unmet: Unmet[]) =>
    failed(
      'expectation',
      unmet.map(({ subject, got, wanted }) => `${subject} is ${got}, wanted ${wanted}`).join('; '),
      unmet,
    );
  try {
    const wanted = requestOf(entry, settings, context.variables, context);
    const responses = await send(wanted, settings, context, (request) => (seen.request ??= request));
    const last = responses.at(-1)!;
    seen.response = last;
    seen.durationMs = responses.reduce((sum, { timings }) => sum + timings.total, 0);
    context.durations.push(seen.durationMs);
    const { response } = entry;
    if (!response) return undefined;
    const wrong = statusOf(response, last);
    if (wrong) return unmetIn([wrong]);
    const answer = evaluator({ responses, durationMs: last.timings.total });
    const problem = await capture(response, answer, context);
    if (problem !== undefined) return failed('expectation', problem);
    const unmet = await judgeEntry(entry, response, answer, context.variables, (one, name) =>
      readBeside(one, name, context.readFile),
    );
    return unmet.length > 0 ? unmetIn(unmet) : undefined;
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    if (error instanceof HttpError) return failed(error.phase, error.message);
    if (isUnanswerable(error)) return failed('expectation', error.message);
    throw error;
  }
}

function statusOf({ status, version, where }: HurlResponse, last: HttpResponse): Unmet | undefined {
  if (version !== undefined && last.url.startsWith('https:'))
    return {
      subject: 'the version of HTTP',
      got: '1.1, which is all that is spoken here',
      wanted: `1.1, which over TLS the server may not have chosen: write HTTP for any version`,
      where,
    };
  if (status === undefined || status === last.status) return undefined;
  return { subject: 'status', got: String(last.status), wanted: String(status), where };
}

/**
 * Captures go into the variables one by one, so that the next of them and the asserts can use them. Those whose name says
 * so, and those with `redact`, become secrets. Answers what could not be captured.
 */
async function capture(
  response: HurlResponse,
  answer: Evaluator,
  context: EntryContext,
): Promise<string | undefined> {
  for (const one of response.captures) {
    const name = render(one.name, context.variables);
    const value = await applyFilters(
      await answer.evaluate(one.query, context.variables),
      one.filters,
      context.variables,
    );
    if (value === NOTHING) return `nothing to capture as {{${name}}}`;
    if (one.redact && typeof value !== 'string')
      return `{{${name}}} is to be redacted, and is no text: ${cut(shown(value), 100)}`;
    if (one.redact || isSecretName(name)) context.textsOf(value).forEach(context.addSecret);
    context.variables[name] = value;
  }
  return undefined;
}
