import { formatDuration } from '@deploy-actions/kit';
import { DOCUMENT, PHASES } from './budget.ts';
import type { Release } from './journey.ts';
import { WATCH_SECONDS } from './production.ts';
import { textTable } from './progress.ts';
import type { Visitors } from './watch.ts';

/**
 * The table of the phases: what the team's own document allows each, and what each release took.
 * @param lines how many lines the example has
 */
export function tellPhases(releases: readonly Release[], lines: number): string {
  const rows = PHASES.map(({ name, steps, allowedMinutes, instead }) => [
    name,
    `${allowedMinutes} min`,
    ...releases.map((release) => {
      const own = release.steps.filter(({ label }) => steps.includes(label));
      if (own.length === 0) return instead ?? '–';
      return `${formatDuration(own.reduce((sum, { ms }) => sum + ms, 0))}${own.every(({ ok }) => ok) ? '' : ' ✘'}`;
    }),
  ]);
  return textTable(
    ['phase', 'the document allows', ...releases.map(({ version }) => version)],
    [
      ...rows,
      [
        'From the release to the message',
        `${DOCUMENT.allMinutes} min`,
        ...releases.map(({ ms }) => formatDuration(ms)),
      ],
      ['Lines of the workflow', String(DOCUMENT.workflowLines), ...releases.map(() => String(lines))],
    ],
    [1, ...releases.map((_, index) => index + 2)],
  );
}

/** What stands below the table. */
export const BELOW_THE_TABLE = `✘: here the bad release was found out. The watch was set to ${WATCH_SECONDS} s; the example's own is 5 minutes, as the document's.
The example's lines are counted without comments and empty ones, the document's are all that it says there are.`;

/** What visitors had of a release, as a sentence. */
export function tellVisitors(version: string, { served, failed, failures }: Visitors): string {
  const all = `${version}: ${served + failed} requests of visitors`;
  if (failed === 0) return `${all}, none failed.`;
  const reasons = failures.map(
    ({ reason, version: by, count }) => `${count} × ${reason}${by === '' ? '' : `, answered by ${by}`}`,
  );
  return `${all}, ${failed} failed: ${reasons.join('; ')}.`;
}

/** The failures that a release which answers errors is not the reason of. */
export function lostRequests({ failures }: Visitors, bad: string): Visitors['failures'] {
  return failures.filter(({ version }) => version !== bad);
}
