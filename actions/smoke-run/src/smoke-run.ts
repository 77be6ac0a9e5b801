import { DocumentError, documentFailure } from '@deploy-actions/document';
import type { ConnectOptions } from '@deploy-actions/http';
import {
  Failure,
  type Inputs,
  formatDuration,
  pool,
  publishReport,
  quantile,
  redactTexts,
} from '@deploy-actions/kit';
import type { Reach } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { type Conformance, conformance } from './openapi/conformance.ts';
import type { fields, outputs } from './fields.ts';
import { readHurl } from './hurl/read.ts';
import { junitXml } from './report/junit.ts';
import { readSpecification } from './specification/read.ts';
import { annotationsOf, detailOf, failuresOf, isUnreachable, reportOf, summaryOf } from './report/report.ts';
import { addressOf, takeUserInfo } from './request/request.ts';
import { type CheckOutcome, type Runtime, runCheck } from './run-check.ts';
import type { Check, Specification } from './specification/specification.ts';
import { type ThresholdOutcome, judgeThresholds } from './report/threshold.ts';

export type SmokeInputs = Inputs<typeof fields>;
export type SmokeOutputs = Record<(typeof outputs)[number], string | number | undefined>;

/** What smoke-run needs of the world besides the runner's ports. */
export interface World {
  /** The way to the application: from the runner, or through the server's session. */
  reach(): Promise<Reach>;
  exec: Runtime['exec'];
  /** Bytes of a file of the workspace; throws an `input` Failure. */
  readFile(path: string): Buffer;
  /** Writes a file; `path` is relative to the workspace, or undefined for one of our own. Answers its path. */
  writeFile(path: string | undefined, name: string, text: string): string;
}

/** Runs the checks of all files. Throws an `unhealthy` Failure when one fails, `input` when a file is wrong. */
export async function smokeRun(inputs: SmokeInputs, ports: Ports, world: World): Promise<SmokeOutputs> {
  for (const [, value] of inputs.secrets) ports.addSecret(value);
  const parts = await readAll(inputs, world);
  for (const base of [inputs['base-url'], ...parts.map(({ specification }) => specification.baseUrl)])
    if (base !== undefined && URL.canParse(base)) takeUserInfo(new URL(base), ports.addSecret);
  const checks = parts.flatMap(({ specification }) =>
    specification.checks.map((check) => ({ check, specification })),
  );
  const selected = checks.map((one) => ({ ...one, skip: one.check.skip ?? unselected(one.check, inputs) }));
  ports.log.info(
    `${selected.filter(({ skip }) => skip === undefined).length} of ${checks.length} checks to run`,
  );
  const started = ports.clock.now();
  const outcomes = await runAll(selected, inputs, ports, world);
  const elapsedMs = Math.round(ports.clock.now() - started);
  const thresholds = judgeThresholds(
    parts.map(({ specification }) => specification),
    outcomes,
  );
  const excused = new Set(thresholds.flatMap(({ tolerated }) => tolerated));
  const judged = outcomes.map((one) => (excused.has(one.check) ? { ...one, tolerated: true } : one));
  return conclude(judged, thresholds, elapsedMs, inputs, ports, world);
}

interface Part {
  specification: Specification;
}

async function readAll(inputs: SmokeInputs, world: World): Promise<Part[]> {
  const sources = [
    ...inputs.file.map((file) => ({ file, text: world.readFile(file).toString('utf8') })),
    ...(inputs.checks === undefined ? [] : [{ file: undefined, text: inputs.checks }]),
  ];
  if (sources.length === 0) {
    throw new Failure('input', 'neither `file` nor `checks` is given', {
      input: 'file',
      remedy: 'Name a file of checks, or write them into `checks`.',
    });
  }
  const variables = Object.fromEntries([...inputs.variables, ...inputs.secrets]);
  const parts: Part[] = [];
  for (const { file, text } of sources) {
    try {
      const specification = file?.endsWith('.hurl')
        ? ofHurl(text, file, inputs)
        : file === undefined
          ? await readSpecification(inline(text).text, {
              file,
              variables,
              lineOffset: inline(text).lineOffset,
            })
          : await readSpecification(text, { file, variables });
      parts.push({ specification: withInputs(specification, inputs) });
    } catch (error) {
      throw error instanceof DocumentError
        ? documentFailure(error, file === undefined ? { input: 'checks' } : { file })
        : error;
    }
  }
  return parts;
}

/** Inline checks may be the bare list, of YAML or JSON: a line is put before it, and line numbers stay the user's. */
function inline(text: string): { text: string; lineOffset: number } {
  const first = text.split('\n').find((line) => line.trim() !== '' && !/^\s*#/.test(line)) ?? '';
  if (/^\s*-(\s|$)/.test(first)) return { text: `checks:\n${text}`, lineOffset: -1 };
  // What stands in brackets need not be indented in JSON, but it must as the value of a key in YAML.
  if (/^\s*\[/.test(first)) return { text: `checks:\n${text.replace(/^/gm, ' ')}`, lineOffset: -1 };
  return { text, lineOffset: 0 };
}

function ofHurl(text: string, file: string, inputs: SmokeInputs): Specification {
  const name = file.replace(/^.*[\\/]/, '').replace(/\.hurl$/, '');
  return {
    baseUrl: undefined,
    variables: {},
    headers: {},
    timeout: undefined,
    redirects: 0,
    thresholds: {},
    checks: [readHurl(text, { file, name, variables: inputs.variables, secrets: inputs.secrets })],
  };
}

function withInputs(specification: Specification, inputs: SmokeInputs): Specification {
  const { retries } = inputs;
  return {
    ...specification,
    timeout: inputs['request-timeout'] ?? specification.timeout,
    checks:
      retries === undefined
        ? specification.checks
        : specification.checks.map((check) => ({ ...check, retries: Math.max(retries, check.retries) })),
  };
}

/** Why a check is left out by `only` and `skip`, which name tags or checks. */
function unselected(check: Check, inputs: SmokeInputs): string | undefined {
  const fits = (words: readonly string[]) =>
    words.some((word) => check.tags.includes(word) || check.name === word);
  if (inputs.only.length > 0 && !fits(inputs.only)) return 'not in `only`';
  return fits(inputs.skip) ? 'in `skip`' : undefined;
}

/** Files that answers are held against are read before the first request, so that no check's time counts it. */
async function conformanceFor(checks: Check[], world: World): Promise<Conformance> {
  const held = conformance((path) => world.readFile(path).toString('utf8'));
  for (const { request, assertions } of checks.flatMap(({ steps }) => steps)) {
    for (const { kind, predicate } of assertions) {
      if (kind !== 'openapi' && kind !== 'json-schema') continue;
      if (typeof predicate !== 'string' || predicate.includes('{{')) continue;
      await held.prepare(kind, predicate);
      const pathname = request && probablePath(request.url);
      if (kind !== 'openapi' || pathname === undefined) continue;
      // What is wrong there is told by the check whose answer needs it.
      await held.prepareAnswers(predicate, request!.method ?? 'GET', pathname).catch(() => {});
    }
  }
  return held;
}

/** The path that a request will have, with something in the place of each variable; undefined where that is no path. */
function probablePath(url: string): string | undefined {
  try {
    return new URL(url.replace(/\{\{[^}]*\}\}/g, '0'), 'http://base').pathname;
  } catch {
    return undefined;
  }
}

async function runAll(
  selected: { check: Check; specification: Specification; skip: string | undefined }[],
  inputs: SmokeInputs,
  ports: Ports,
  world: World,
): Promise<CheckOutcome[]> {
  const late = new AbortController();
  const signal = AbortSignal.any([ports.signal, late.signal]);
  const needsReach = selected.some(
    ({ check, skip }) => skip === undefined && check.steps.some(({ request, hurl }) => request ?? hurl),
  );
  const connect: ConnectOptions = {
    ...addressOf(inputs.address),
    ...(inputs['ip-version'] ? { family: inputs['ip-version'] } : {}),
    ...(inputs.ca ? { ca: inputs.ca } : {}),
  };
  const runtime: Runtime = {
    clock: ports.clock,
    signal,
    reach: needsReach ? await world.reach() : (undefined as never),
    conformance: await conformanceFor(
      selected.filter(({ skip }) => skip === undefined).map(({ check }) => check),
      world,
    ),
    readFile: world.readFile,
    exec: world.exec,
    addSecret: ports.addSecret,
    baseUrl: inputs['base-url'],
    connect,
  };
  const skipped = (check: Check, reason: string): CheckOutcome => ({
    check,
    ok: true,
    skipped: reason,
    attempts: 0,
    elapsedMs: 0,
    failure: undefined,
    durations: [],
  });
  let stop: string | undefined;
  let done = 0;
  const timer = setTimeout(() => {
    stop = `the run took longer than ${formatDuration(inputs.timeout)}`;
    late.abort(new OutOfTime());
  }, inputs.timeout);
  const news = setInterval(() => ports.log.info(`${done} of ${selected.length} checks done`), 15_000);
  try {
    return await pool(selected, inputs.concurrency, async ({ check, specification, skip }) => {
      if (skip !== undefined) return skipped(check, skip);
      if (stop !== undefined && !late.signal.aborted) return skipped(check, stop);
      let outcome: CheckOutcome;
      try {
        outcome = await runCheck(check, specification, runtime);
      } catch (error) {
        if (!(error instanceof OutOfTime)) throw error;
        outcome = outOfTime(check, stop!);
      }
      done += 1;
      if (!outcome.ok) {
        ports.log.info(
          `${check.severity === 'warn' ? 'warning' : 'FAILED'}: ${check.name}: ${detailOf(outcome)}`,
        );
        if (inputs['fail-fast'] && check.severity === 'error')
          stop ??= `${check.name} failed before (fail-fast)`;
      }
      return outcome;
    });
  } finally {
    clearTimeout(timer);
    clearInterval(news);
  }
}

class OutOfTime extends Error {}

function outOfTime(check: Check, detail: string): CheckOutcome {
  const step = check.steps[0]!;
  return {
    check,
    ok: false,
    skipped: undefined,
    attempts: 1,
    elapsedMs: 0,
    durations: [],
    failure: { step, phase: 'timeout', detail, unmet: [], request: undefined, answer: undefined },
  };
}

function conclude(
  outcomes: CheckOutcome[],
  thresholds: ThresholdOutcome[],
  elapsedMs: number,
  inputs: SmokeInputs,
  ports: Ports,
  world: World,
): SmokeOutputs {
  const whole = redactTexts(reportOf(outcomes, thresholds, elapsedMs), ports.redactor);
  const durations = outcomes.flatMap((outcome) => outcome.durations);
  const { fatal, tolerated } = failuresOf(outcomes);
  const failed = [...fatal, ...tolerated];
  const redact = (text: string) => ports.redactor.redact(text);
  ports.summary(summaryOf(outcomes, thresholds, whole, durations, redact));
  annotationsOf(outcomes).forEach(({ level, message, place }) => ports.annotate(level, message, place));
  const results: SmokeOutputs = {
    passed: outcomes.filter(({ ok, skipped }) => ok && skipped === undefined).length,
    failed: failed.length,
    skipped: outcomes.filter(({ skipped }) => skipped !== undefined).length,
    ...publishReport(whole, ports.redactor, (json) =>
      world.writeFile(inputs['json-file'], 'report.json', json),
    ),
    'p95-ms': durations.length === 0 ? undefined : Math.round(quantile(durations, 0.95)!),
    'junit-file':
      inputs['junit-file'] === undefined
        ? undefined
        : world.writeFile(
            inputs['junit-file'],
            'junit.xml',
            junitXml(outcomes, thresholds, elapsedMs, redact),
          ),
  };
  if (whole.ok) {
    ports.log.info(whole.summary);
    return results;
  }
  throw new Failure('unhealthy', whole.summary, {
    remedy: isUnreachable(failed)
      ? 'Nothing was reached at all: check `base-url`, `address` and `via` before the application.'
      : 'The summary has each request with what was got and wanted, and a curl command to try it by hand.',
    // What failed stands in the log already, told when it did.
    details: thresholds
      .filter(({ ok }) => !ok)
      .map(({ detail }) => detail)
      .join('\n'),
    outputs: results,
  });
}
