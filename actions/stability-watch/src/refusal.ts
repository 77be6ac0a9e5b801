import { Failure } from '@deploy-actions/kit';
import type { Aim, ContainerScope } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { tail } from './binomial.ts';
import { type Limits, share } from './budget.ts';
import type { WatchInputs } from './fields.ts';
import { P95_ANSWERS } from './p95.ts';
import type { Pace } from './sampling.ts';

/** The inputs with a limit on the server's load. */
export function loadInputs(inputs: WatchInputs): string[] {
  return (['max-cpu', 'max-memory', 'max-disk'] as const).filter((input) => inputs[input] !== undefined);
}

/** Whether a target is asked over the network, and not by a program on the server. */
export function isRequest({ target }: Aim): boolean {
  return target.kind !== 'compose' && target.kind !== 'exec';
}

/** Refuses a watch that could not see what it is asked to judge. */
export function refuseBlind(
  inputs: WatchInputs,
  targets: readonly Aim[],
  scope: ContainerScope | undefined,
  pace: Pace,
): void {
  const log = inputs['access-log'];
  if (
    targets.length === 0 &&
    !scope &&
    !log &&
    loadInputs(inputs).length === 0 &&
    inputs.metrics.length === 0
  )
    throw new Failure('input', 'there is nothing to watch: neither `targets` nor a `project` on a server', {
      input: 'targets',
      remedy: 'Name an address in `targets`, or `project` and the server inputs.',
    });
  if (inputs['log-patterns'].length > 0 && !scope)
    throw new Failure('input', '`log-patterns` needs the inputs `project` and `host`', {
      input: 'log-patterns',
      remedy: 'Name the compose project whose logs are searched, and its server.',
    });
  if (log && inputs.host.length === 0)
    throw new Failure('input', '`access-log` is a log on a server, and input `host` is empty', {
      input: 'access-log',
      remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
    });
  if (inputs['access-log-format'] && !log)
    throw new Failure('input', '`access-log-format` is given without `access-log`', {
      input: 'access-log-format',
      remedy: 'Name the log in `access-log`, such as /var/log/proxy/access.log.',
    });
  const promql = inputs.metrics.find(({ source }) => source.kind === 'promql');
  if (promql && inputs['prometheus-url'] === undefined)
    throw new Failure(
      'input',
      `${promql.text} is asked of Prometheus, and input \`prometheus-url\` is empty`,
      {
        input: 'prometheus-url',
        remedy: 'Name its address, or write that of a /metrics page before a metric.',
      },
    );
  const [load] = loadInputs(inputs);
  if (load !== undefined && inputs.host.length === 0)
    throw new Failure('input', `\`${load}\` is about a server, and input \`host\` is empty`, {
      input: load,
      remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
    });
  const fewest = targets.some(isRequest)
    ? Math.floor((pace.duration / pace.interval) * inputs['requests-per-interval'])
    : 0;
  const needs: [limit: string, requests: number][] = [];
  if (inputs['max-p95'] !== undefined) needs.push(['max-p95', P95_ANSWERS]);
  if (inputs['max-error-rate'] !== undefined) needs.push(['max-error-rate', inputs['min-requests']]);
  for (const [input, requests] of needs) {
    // How much traffic there is, the log tells at the end.
    if (fewest >= requests || (log && fewest === 0)) continue;
    throw new Failure(
      'input',
      fewest === 0
        ? `\`${input}\` needs \`targets\` that are asked over the network, or \`access-log\``
        : `\`${input}\` is judged from ${requests} requests on, and this watch makes ${fewest} to a target`,
      {
        input,
        remedy: `Raise \`requests-per-interval\` or \`duration\`${input === 'max-p95' ? '' : ', or lower `min-requests`'}. `,
      },
    );
  }
}

/** Says how often the watch would blame a service that fails once in a thousand requests, where that is often. */
export function tellOdds({ maxErrors }: Limits, pace: Pace, log: Ports['log']): void {
  if (maxErrors === undefined) return;
  const all = Math.floor(
    (pace.duration / pace.interval) * pace.perInterval.reduce((sum, one) => sum + one, 0),
  );
  const alarm = tail(maxErrors + 1, all, 0.001);
  if (alarm > 0.05)
    log.info(
      `with max-errors ${maxErrors} and ${all} requests, a service that fails once in a thousand requests is blamed in ${share(alarm)} of the watches`,
    );
}

/** Holds the baseline against this watch; what it cannot say, and what rang in it already, is told before anything is asked. */
export function tellBaseline(
  { baseline, via, 'baseline-only': only }: WatchInputs,
  targets: readonly { name: string }[],
  { annotate, log }: Pick<Ports, 'annotate' | 'log'>,
): void {
  if (only && targets.length === 0)
    throw new Failure(
      'input',
      '`baseline-only` has nothing to measure: neither `targets` nor `access-log` is given',
      {
        input: 'targets',
        remedy: 'Name the addresses that the later watch asks as well.',
      },
    );
  if (!baseline) return;
  if (only)
    throw new Failure(
      'input',
      '`baseline` and `baseline-only` are given both: one is compared, the other made',
      {
        input: 'baseline-only',
        remedy: 'Leave one of them out.',
      },
    );
  if (baseline.via !== via)
    throw new Failure(
      'input',
      `the baseline was measured by way of ${baseline.via}, and this watch asks by ${via}`,
      {
        input: 'baseline',
        remedy: 'Measure both from the same place: give both steps the same `via`.',
      },
    );
  for (const { name } of targets) {
    const base = baseline.targets.get(name);
    if (!base) log.warning(`the baseline knows nothing of ${name}: it is judged by itself.`);
    else if (base.p95AtMostMs === undefined)
      log.info(`the baseline has too few answers of ${name} to compare times`);
  }
  if (baseline.alarm !== '')
    annotate('warning', `this was wrong before the watch, in the baseline already: ${baseline.alarm}`);
}
