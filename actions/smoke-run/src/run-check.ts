import { HttpError, type ConnectOptions, type HttpRequest } from '@deploy-actions/http';
import {
  type Clock,
  Failure,
  OutOfTime,
  cut,
  formatDuration,
  messageOf,
  parseDuration,
} from '@deploy-actions/kit';
import type { Reach } from '@deploy-actions/probe';
import { type Answer, type AnswerReader, NoSuchValue, reader } from './answer/answer.ts';
import { ask } from './request/ask.ts';
import { type Unmet, judge } from './answer/assertion.ts';
import type { Conformance } from './openapi/conformance.ts';
import { type CookieJar, cookieJar } from './request/cookie-jar.ts';
import { NOTHING } from './answer/value.ts';
import type { HurlEntry } from './hurl/entry.ts';
import { runEntry } from './hurl/run.ts';
import { buildRequest } from './request/request.ts';
import type { Check, ExecSpec, Specification, Step } from './specification/specification.ts';
import { UnknownVariable, fillDeep } from './specification/template.ts';

/** What running a check needs. */
export interface Runtime {
  clock: Clock;
  signal: AbortSignal;
  reach: Reach;
  conformance: Conformance;
  /** Bytes of a file of the workspace; throws a Failure. */
  readFile(path: string): Buffer;
  /** Runs a command on the server (in a service) or on the runner. Throws an Error when there is no such program on the
   * runner, and a Failure when the server cannot be had. */
  exec(spec: ExecSpec, timeout: number, signal: AbortSignal): Promise<{ exitCode: number; output: string }>;
  addSecret(value: string): void;
  baseUrl: string | undefined;
  connect: ConnectOptions;
}

/** Why a step failed. */
export interface StepFailure {
  step: Step;
  /** `expectation`, or the phase of the connection, `exec` or `variable`. */
  phase: string;
  /** One sentence. */
  detail: string;
  unmet: Unmet[];
  /** The request that was sent, for the report. */
  request: HttpRequest | undefined;
  answer: Answer | undefined;
}

export interface CheckOutcome {
  check: Check;
  ok: boolean;
  skipped: string | undefined;
  attempts: number;
  elapsedMs: number;
  failure: StepFailure | undefined;
  /** Milliseconds of each answer of the last attempt. */
  durations: number[];
  /** It failed, and the error-rate of its file allows that. */
  tolerated?: boolean;
}

/** Whether a failure of it is only told. */
export function isWarning({ check, tolerated }: CheckOutcome): boolean {
  return tolerated === true || check.severity === 'warn';
}

/** Runs a check, the whole journey again after a failure as often as it asks. Throws only what ends the run. */
export async function runCheck(
  check: Check,
  specification: Specification,
  runtime: Runtime,
): Promise<CheckOutcome> {
  const started = runtime.clock.now();
  for (let attempt = 1; ; attempt += 1) {
    const durations: number[] = [];
    const failure = await runJourney(check, specification, runtime, durations);
    const outcome = {
      check,
      skipped: failure === 'skipped' ? 'all its entries say `skip: true`' : undefined,
      attempts: attempt,
      elapsedMs: runtime.clock.now() - started,
      durations,
    };
    if (failure === undefined || failure === 'skipped') return { ...outcome, ok: true, failure: undefined };
    if (attempt > check.retries) return { ...outcome, ok: false, failure };
    await runtime.clock.sleep(check.retryInterval, runtime.signal);
  }
}

async function runJourney(
  check: Check,
  specification: Specification,
  runtime: Runtime,
  durations: number[],
): Promise<StepFailure | 'skipped' | undefined> {
  const variables: Record<string, unknown> = { ...check.variables };
  const jar = cookieJar();
  let left = check.steps.length;
  for (const step of check.steps) {
    const failure = step.hurl
      ? await runHurl(step, step.hurl, variables, jar, specification, runtime, durations)
      : await pollStep(step, variables, jar, specification, runtime, durations);
    if (failure === 'skipped') left -= 1;
    else if (failure) return failure;
  }
  return left === 0 ? 'skipped' : undefined;
}

/** A step, tried again as long as its `retry-until` says: no earlier step is repeated, and only its last answer counts. */
async function pollStep(
  step: Step,
  variables: Record<string, unknown>,
  jar: CookieJar,
  specification: Specification,
  runtime: Runtime,
  durations: number[],
): Promise<StepFailure | undefined> {
  const started = runtime.clock.now();
  for (let tries = 1; ; tries += 1) {
    const own: number[] = [];
    const failure = await runStep(step, variables, jar, specification, runtime, own);
    const left = step.polling ? started + step.polling.until - runtime.clock.now() : 0;
    // Waiting beyond the end would only tell later what is known now.
    if (failure && step.polling && left > step.polling.interval) {
      await runtime.clock.sleep(step.polling.interval, runtime.signal);
      continue;
    }
    durations.push(...own);
    if (!failure || !step.polling) return failure;
    const tried = `${tries} tries in ${formatDuration(runtime.clock.now() - started)}`;
    return { ...failure, detail: `${failure.detail} (${tried})` };
  }
}

/** An entry of a .hurl file, in the words of a step. */
async function runHurl(
  step: Step,
  entry: HurlEntry,
  variables: Record<string, unknown>,
  jar: CookieJar,
  specification: Specification,
  runtime: Runtime,
  durations: number[],
): Promise<StepFailure | 'skipped' | undefined> {
  const failure = await runEntry(entry, {
    ...runtime,
    timeout: specification.timeout,
    variables,
    jar,
    durations,
    textsOf,
  });
  if (failure === undefined || failure === 'skipped') return failure;
  const { phase, detail, unmet, request, response, durationMs } = failure;
  const answer = response && { response, exec: undefined, durationMs };
  return { step, phase, detail, unmet, request, answer };
}

async function runStep(
  step: Step,
  variables: Record<string, unknown>,
  jar: CookieJar,
  specification: Specification,
  runtime: Runtime,
  durations: number[],
): Promise<StepFailure | undefined> {
  let request: HttpRequest | undefined;
  let answer: Answer | undefined;
  const failed = (phase: string, detail: string, unmet: Unmet[] = []): StepFailure => ({
    step,
    phase,
    detail,
    unmet,
    request,
    answer,
  });
  try {
    if (step.request) {
      request = buildRequest(step.request, { ...runtime, specification, variables, jar });
      answer = await ask(request, jar, runtime.reach, runtime.signal);
      durations.push(answer.durationMs);
    } else {
      const exec = fillDeep(step.exec!, variables);
      const started = runtime.clock.now();
      const outcome = await runtime.exec(exec, parseDuration(exec.timeout ?? '60s')!, runtime.signal);
      // As `$(…)` in a shell: the line breaks at the end are no part of what a command says.
      const said = { ...outcome, output: outcome.output.replace(/[\r\n]+$/, '') };
      answer = { response: undefined, exec: said, durationMs: runtime.clock.now() - started };
    }
    const read = reader(answer);
    const { captured, problem } = await capture(step, read, variables, runtime.addSecret);
    const unmet: Unmet[] = [];
    for (const assertion of step.assertions) {
      const one = await judge(assertion, answer, read, variables, runtime.conformance);
      if (one) unmet.push(one);
    }
    if (unmet.length > 0)
      return failed(
        'expectation',
        unmet.map(({ subject, got, wanted }) => `${subject} is ${got}, wanted ${wanted}`).join('; '),
        unmet,
      );
    if (problem !== undefined) throw problem;
    Object.assign(variables, captured);
    return undefined;
  } catch (error) {
    if (runtime.signal.aborted) throw runtime.signal.reason;
    if (error instanceof Failure) throw error;
    if (error instanceof HttpError) return failed(error.phase, error.message);
    if (error instanceof UnknownVariable) return failed('variable', error.message);
    if (error instanceof NoSuchValue || error instanceof OutOfTime)
      return failed('expectation', error.message);
    return failed(step.exec ? 'exec' : 'http', messageOf(error));
  }
}

/**
 * What a step captures. It comes before the expectations, since an answer that fails them is shown in the report, and
 * by then its secrets must be known; what could not be captured is a problem only where all expectations hold.
 */
async function capture(
  step: Step,
  read: AnswerReader,
  variables: Readonly<Record<string, unknown>>,
  addSecret: (value: string) => void,
): Promise<{ captured: Record<string, unknown>; problem: unknown }> {
  const captured: Record<string, unknown> = {};
  let problem: unknown;
  for (const { name, query, secret } of step.captures) {
    try {
      const value = await read.query(fillDeep(query, { ...variables, ...captured }));
      if (value === NOTHING) throw new NoSuchValue(`nothing to capture as {{${name}}}`);
      captured[name] = value;
      if (secret) textsOf(value).forEach(addSecret);
    } catch (error) {
      problem ??= error;
    }
  }
  return { captured, problem };
}

/**
 * A secret as it stands in texts: whole, and each item of a list, which a JSONPath such as `$..token` finds. The `null`
 * of a login that failed is none.
 */
function textsOf(value: unknown): string[] {
  if (value === null || typeof value === 'boolean' || typeof value === 'symbol') return [];
  const whole = typeof value === 'string' ? value : JSON.stringify(value);
  const texts = [whole, ...(Array.isArray(value) ? value.flatMap(textsOf) : [])];
  return texts.filter((text) => text.length >= 4);
}

/** The beginning of a body for a report, without secrets: what is shown is cut from far more that was redacted. */
export function bodyBeginning(answer: Answer | undefined, redact: (text: string) => string): string {
  const text = answer?.response?.body.subarray(0, 64 * 1024).toString('utf8') ?? answer?.exec?.output ?? '';
  return cut(redact(text.trim()), 2000);
}
