import type { Story } from '../story.ts';
import { metricsOf } from '../metrics/dora.ts';
import type { PastDeployment } from '../metrics/deployments.ts';
import { linksOf, sentenceOf } from '../story.ts';
import { checkOf, reportOf, stepRecord } from './samples.ts';

/** Deployments of the past, one a day. */
export function pastOf(count: number, text = (index: number) => `1.${index}.0`): PastDeployment[] {
  return [...Array(count).keys()].map((index) => ({
    deploymentId: `${index}-deploy`,
    release: `r${index}`,
    version: text(index),
    sha: 'a'.repeat(40),
    actor: 'octo',
    runUrl: 'https://github.com/org/shop/actions/runs/7',
    outcome: index % 5 === 3 ? ('rolled-back' as const) : ('success' as const),
    reached: true,
    at: Date.UTC(2026, 0, 1 + index, 9),
    durationMs: 40_000 + ((index * 7919) % 30_000),
    recoveredAt: index % 5 === 3 ? Date.UTC(2026, 0, 1 + index, 9, 20) : undefined,
  }));
}

/** A run that went wrong after it was deployed, with all that a page can show. */
export function storyOf(more: Partial<Story> = {}): Story {
  const past = pastOf(16);
  const record = {
    ...stepRecord(),
    status: 'rolled-back' as const,
    rollback: 'flip' as const,
    reason: 'Friday release',
    backup: 'pg-20260101',
    approvals: [{ user: 'ada', state: 'approved', comment: 'Go' }],
  };
  return {
    status: 'rolled-back',
    sentence: sentenceOf('rolled-back', record, 'org/shop'),
    why: '2 of 14 checks failed: checkout answers 502',
    repository: 'org/shop',
    record,
    reports: [
      reportOf('verify', { elapsedMs: 2100 }),
      reportOf('deploy', {
        elapsedMs: 61_000,
        summary: '1.4.0 is deployed and healthy on web1 (production).',
      }),
      reportOf('health', { elapsedMs: 3400 }),
      reportOf('smoke', {
        ok: false,
        elapsedMs: 8200,
        summary: '2 of 14 checks failed',
        checks: [...Array(14).keys()].map((index) =>
          checkOf(`GET /api/v1/resource-number-${index}/with/a/rather/long/path?and=query`, {
            ok: index % 7 !== 3,
            elapsedMs: 40 + index * 55,
            ...(index % 7 === 3 ? { phase: 'http', detail: 'status 502, wanted 200', attempts: 3 } : {}),
          }),
        ),
      }),
      reportOf('rollback', { elapsedMs: 1800, summary: 'The traffic goes from green back to blue' }),
    ],
    watched: [...Array(30).keys()].map((index) => ({
      untilMs: (index + 1) * 10_000,
      requests: 100,
      errors: index === 28 ? 3 : 0,
      restarts: index === 29 ? 1 : 0,
      p95Ms: 40 + ((index * 17) % 23),
    })),
    steps: record.phases,
    warnings: ['The smoke checks took 1 m 20 s, more than the 1 m 0 s of `max-smoke-time`'],
    links: linksOf('https://shop.example.org', record.run_url, 'https://github.com/org/shop/commit/cccccc', [
      { name: 'Dashboard', url: 'https://grafana.example.org/d/1' },
    ]),
    logs: [{ name: 'deploy.log', tail: `${'pulling web\n'.repeat(12)}error: upstream ${'x'.repeat(300)}` }],
    past,
    metrics: metricsOf(past, Date.UTC(2026, 0, 20), [3_600_000, 7_200_000]),
    ...more,
  };
}

/** The same story with one text in the place of every text of others. */
export function storySaying(text: string): Story {
  const fill = <T>(value: T): T => {
    if (typeof value === 'string') return text as T;
    if (Array.isArray(value)) return value.map(fill) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one as unknown)])) as T;
  };
  const story = storyOf();
  const filled = fill(story);
  // Words of our own, which decide how it is drawn.
  return {
    ...filled,
    status: story.status,
    metrics: story.metrics,
    reports: filled.reports.map((one, index) => ({
      ...one,
      ok: false,
      ...(index === 0 ? { kind: 'deploy' as const } : {}),
    })),
    past: filled.past!.map((one) => ({ ...one, outcome: 'failure' as const })),
  };
}
