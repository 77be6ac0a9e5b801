import {
  type Report,
  codeBlock,
  codeSpan,
  escapeMarkdown,
  folded,
  formatDuration,
  latencyOf,
  markdownTable,
  quantile,
} from '@deploy-actions/kit';
import type { PollResult, Tick } from '@deploy-actions/probe';
import type { Watched } from './watched.ts';

/** One target and how its wait ended. */
export interface TargetOutcome {
  watched: Watched;
  result: PollResult;
}

const SHOWN_ROWS = 60;

/** The outcomes as the report that every consumer reads. */
export function reportOf(outcomes: TargetOutcome[], elapsedMs: number): Report {
  const bad = outcomes.filter(({ result }) => !result.ok);
  return {
    kind: 'health',
    ok: bad.length === 0,
    summary: headline(outcomes, bad, elapsedMs),
    elapsedMs,
    checks: outcomes.map(({ watched, result }) => {
      const measured = latencyOf(goodTimes(result.timeline));
      return {
        name: watched.name,
        ok: result.ok,
        attempts: result.attempts,
        elapsedMs: Math.round(result.elapsedMs),
        ...(result.ok ? {} : { phase: result.last?.phase ?? 'timeout', detail: whyNot({ watched, result }) }),
        ...(measured ? { latency: measured } : {}),
      };
    }),
  };
}

function headline(outcomes: TargetOutcome[], bad: TargetOutcome[], elapsedMs: number): string {
  if (bad.length === 0) {
    const what =
      outcomes.length === 1 ? `${outcomes[0]!.watched.name} is` : `all ${outcomes.length} targets are`;
    return `${what} ready after ${formatDuration(elapsedMs)}`;
  }
  if (outcomes.length === 1) return failureText(bad[0]!);
  return `${bad.length} of ${outcomes.length} targets are not ready: ${failureText(bad[0]!)}${bad.length > 1 ? '; the others are below' : ''}`;
}

/** One target's failure in one sentence: the phase, what was got against what was wanted, how often, how long. */
export function failureText({ watched, result }: TargetOutcome): string {
  return `${watched.name} is not ready after ${formatDuration(result.elapsedMs)}: ${whyNot({ watched, result })}`;
}

const PHASES: Record<string, string> = {
  dns: 'DNS',
  tcp: 'TCP',
  tls: 'TLS',
  http: 'HTTP',
  body: 'HTTP body',
  redirect: 'redirect',
  proxy: 'proxy',
  ssh: 'SSH',
};

function whyNot({ watched, result }: TargetOutcome): string {
  const { last, attempts, phases } = result;
  if (last?.phase === 'container' && last.final) return last.detail!;
  const many = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  if (!last) return 'it was not asked once';
  if (last.ok) return `it answered well, but not ${watched.rules.successes} times in a row (${many})`;
  const phase = PHASES[last.phase ?? ''] ?? last.phase ?? 'failed';
  const kinds = Object.entries(phases).map(([name, count]) => `${PHASES[name] ?? name} ${count}`);
  const good = attempts - Object.values(phases).reduce((sum, count) => sum + count, 0);
  if (good > 0) kinds.push(`good ${good}`);
  const how = kinds.length > 1 ? `: ${kinds.join(', ')}` : '';
  return `${phase}: ${last.detail ?? 'failed'} (${many}${how})`;
}

/** What a person can do about the first target that is not ready. */
export function remedyFor(bad: TargetOutcome[]): string {
  const { last } = bad[0]!.result;
  switch (last?.phase) {
    case 'dns':
      return 'Check the name; a service of a compose network is known by its name only there, and from the server only what the server resolves.';
    case 'tcp':
      return last.reason === 'connection-refused'
        ? 'Nothing listens there: check that the port is published and on which address the service listens (127.0.0.1 inside a container is the container itself), and its logs.'
        : 'Check the address, the firewall, and that the port is published.';
    case 'tls':
      return 'Check the certificate, its name and its chain; `ca` trusts a certificate authority of your own.';
    case 'expectation':
      return last.reason === 'other-version'
        ? 'Another version answers: the new one is not up yet, or the traffic does not go to it.'
        : 'It answers, but not as expected: see its logs, or correct what is expected.';
    case 'container':
      return 'Its last log lines are below.';
    case 'http':
    case 'body':
      return 'It takes connections but does not answer as HTTP does, or not in time: see its logs, or raise `request-timeout`.';
    default:
      return 'See the logs of the service.';
  }
}

const BARS: Record<string, string> = {
  dns: '▁',
  tcp: '▂',
  proxy: '▂',
  ssh: '▂',
  tls: '▃',
  http: '▄',
  body: '▅',
  redirect: '▅',
  container: '▂',
  exec: '▅',
  expectation: '▆',
  ok: '█',
};

/** The wait in 30 cells from start to end: how far the best attempt of each stretch of time came. */
export function sparkline(timeline: readonly Tick[], elapsedMs: number, cells = 30): string {
  const order = Object.keys(BARS);
  const best = new Array<string | undefined>(cells);
  for (const { atMs, outcome } of timeline) {
    const cell = Math.min(cells - 1, Math.floor((atMs / Math.max(1, elapsedMs)) * cells));
    const before = best[cell];
    if (before === undefined || order.indexOf(outcome) > order.indexOf(before)) best[cell] = outcome;
  }
  return best.map((outcome) => (outcome === undefined ? '·' : (BARS[outcome] ?? '▁'))).join('');
}

/** The job summary: failures first, a timeline for each target, and how fast the good answers came. */
export function summaryOf(
  outcomes: TargetOutcome[],
  report: Report,
  evidence: readonly string[] = [],
): string {
  const ordered = [...outcomes].sort((a, b) => Number(a.result.ok) - Number(b.result.ok));
  const rows = ordered
    .slice(0, SHOWN_ROWS)
    .map(({ watched, result }) => [
      result.ok ? '✅' : '❌',
      escapeMarkdown(watched.name),
      formatDuration(result.elapsedMs),
      String(result.attempts),
      codeSpan(sparkline(result.timeline, result.elapsedMs)),
      result.ok ? latency(result.timeline) : escapeMarkdown(whyNot({ watched, result })),
    ]);
  const left = outcomes.length - rows.length;
  return [
    `### ${report.ok ? '✅' : '❌'} health-wait: ${escapeMarkdown(report.summary)}`,
    '',
    markdownTable(
      ['', 'Target', report.ok ? 'Ready after' : 'After', 'Attempts', 'Timeline', 'Answers'],
      rows,
    ),
    '',
    ...(left > 0 ? [`_and ${left} more_`, ''] : []),
    ...times(outcomes),
    '<sub>Timeline from start to end: ▁ DNS, ▂ TCP, ▃ TLS, ▄ HTTP, ▆ answer not as expected, █ good.</sub>',
    '',
    ...evidence.flatMap((text) => [folded('Logs', codeBlock(text)), '']),
  ].join('\n');
}

/** Time to ready and time of the answers over all targets. */
function times(outcomes: readonly TargetOutcome[]): string[] {
  const ready = outcomes.filter(({ result }) => result.ok).map(({ result }) => result.elapsedMs);
  const answers = outcomes.flatMap(({ result }) => goodTimes(result.timeline));
  if (ready.length < 2) return [];
  const both = (values: number[]) =>
    `p50 ${formatDuration(quantile(values, 0.5) ?? 0)}, p95 ${formatDuration(quantile(values, 0.95) ?? 0)}`;
  return [`Time to ready: ${both(ready)}. Good answers: ${both(answers)}.`, ''];
}

/** What the good answers took, in milliseconds. */
function goodTimes(timeline: readonly Tick[]): number[] {
  return timeline.filter(({ outcome }) => outcome === 'ok').map(({ elapsedMs }) => elapsedMs);
}

function latency(timeline: readonly Tick[]): string {
  const times = goodTimes(timeline);
  const at = (share: number) => formatDuration(quantile(times, share) ?? 0);
  return times.length > 1 ? `p50 ${at(0.5)}, p95 ${at(0.95)}` : `in ${at(0.5)}`;
}
