import {
  type CheckResult,
  type Failure,
  codeSpan,
  cut,
  escapeMarkdown,
  markdownTable,
} from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';
import type { CheckRow } from './checks/verdict.ts';
import type { Decisions } from './decisions.ts';
import type { Collected } from './notes/collect.ts';
import { markdownNotes } from './notes/render.ts';

export interface Prepared {
  decided: Decisions | undefined;
  extras: { 'previous-version': string; deployment: string };
  failure: Failure | undefined;
  rows: readonly CheckRow[];
  collected: Collected | undefined;
  run: Pick<Workflow, 'repository' | 'serverUrl' | 'sha'>;
  parts: readonly CheckResult[];
}

const SHOWN_CHECKS = 60;
const SHOWN_NOTES = 200_000;

/** The job summary: what is deployed, or why not, the checks, and what is new. */
export function renderSummary({ decided, extras, failure, rows, collected, run, parts }: Prepared): string {
  const text: string[] = [
    failure === undefined
      ? `### ${escapeMarkdown(decided!.version)} is ready to be deployed`
      : `### Not deployed: ${escapeMarkdown(failure.message)}`,
  ];
  if (failure?.remedy) text.push(escapeMarkdown(failure.remedy));
  if (decided) {
    const facts: [string, string][] = [
      ['Version', codeSpan(decided.version)],
      [
        'Commit',
        `[${codeSpan(decided.sha.slice(0, 12))}](${run.serverUrl}/${run.repository}/commit/${decided.sha})`,
      ],
      ['Ref', codeSpan(decided.ref)],
      ['Deployment', codeSpan(decided['deployment-id'])],
      ['Environment', escapeMarkdown(decided.environment)],
      ['Previous version', codeSpan(extras['previous-version'])],
      ['Images', decided.images.split('\n').map(codeSpan).join('<br>')],
      ['Reason', escapeMarkdown(decided.reason)],
    ];
    text.push(
      markdownTable(
        ['', ''],
        facts.filter(([, value]) => value !== ''),
      ),
    );
  }
  for (const part of parts.filter((one) => !one.ok && one.severity === 'warn'))
    text.push(`${escapeMarkdown(part.name)}: left out, ${escapeMarkdown(part.detail ?? '')}`);
  if (rows.length > 0) {
    text.push(
      markdownTable(
        ['Check', 'State'],
        rows
          .slice(0, SHOWN_CHECKS)
          .map((row) => [escapeMarkdown(row.name), `${SIGNS[row.state]} ${escapeMarkdown(row.detail)}`]),
      ),
    );
    if (rows.length > SHOWN_CHECKS) text.push(`… and ${rows.length - SHOWN_CHECKS} more`);
  }
  if (collected) {
    const page = `${run.serverUrl}/${run.repository}`;
    text.push(`### What is new\n\n${cut(markdownNotes(collected, { page, sha: run.sha }), SHOWN_NOTES)}`);
  }
  return text.join('\n\n');
}

const SIGNS: Record<CheckRow['state'], string> = { good: '✅', bad: '❌', pending: '⏳', absent: '❔' };
