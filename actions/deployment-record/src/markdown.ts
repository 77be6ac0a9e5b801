import { codeSpan, cut, escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';
import { aboutFigures, figuresOf } from './figures.ts';
import { ICONS, type Story, kindName } from './story.ts';

/** Checks that failed and are named in a text. */
const SHOWN = 40;

/** The run in Markdown: for the job's summary, and for the comment on a pull request. What others wrote is literal in it. */
export function storyMarkdown(story: Story): string {
  const { record, reports, links, metrics } = story;
  const text = [`### ${ICONS[story.status]} ${escapeMarkdown(story.sentence)}`];
  if (story.why !== '') text.push(escapeMarkdown(cut(story.why, 1000)));
  const facts: [string, string][] = [
    ['Environment', escapeMarkdown(record.environment)],
    ['Version', codeSpan(record.version)],
    ['Commit', codeSpan(record.git_sha.slice(0, 12))],
    ['Deployment', codeSpan(record.deployment_id)],
    ['Duration', record.duration_ms > 0 ? formatDuration(record.duration_ms) : ''],
    ['Reason', escapeMarkdown(record.reason)],
    ['Approved', record.approvals.map(({ user, state }) => escapeMarkdown(`${user}, ${state}`)).join('<br>')],
    // The addresses were checked when the links were made, and hold no character that ends one here.
    ['Links', links.map(({ name, url }) => `[${escapeMarkdown(name)}](<${url}>)`).join('<br>')],
  ];
  text.push(
    markdownTable(
      ['', ''],
      facts.filter(([, value]) => value !== ''),
    ),
  );
  if (reports.length > 0)
    text.push(
      markdownTable(
        ['Phase', 'Time', 'What'],
        reports.map(({ kind, ok, elapsedMs, summary }) => [
          `${ok ? '✅' : '❌'} ${escapeMarkdown(kindName(kind))}`,
          elapsedMs > 0 ? formatDuration(elapsedMs) : '',
          escapeMarkdown(cut(summary, 300)),
        ]),
      ),
    );
  const failed = reports.flatMap(({ kind, checks }) =>
    checks.filter(({ ok, skipped }) => !ok && !skipped).map((check) => ({ kind, ...check })),
  );
  if (failed.length > 0) {
    const lines = failed
      .slice(0, SHOWN)
      .map(
        ({ kind, name, detail = '' }) =>
          `- ${escapeMarkdown(kindName(kind))}: ${escapeMarkdown(cut(name, 200))}${detail === '' ? '' : `: ${escapeMarkdown(cut(detail, 300))}`}`,
      );
    if (failed.length > SHOWN) lines.push(`- … and ${failed.length - SHOWN} more`);
    text.push(`Failed checks:\n\n${lines.join('\n')}`);
  }
  if (metrics !== undefined)
    text.push(
      `${aboutFigures(metrics)}\n\n${markdownTable(
        ['', ''],
        figuresOf(metrics).map(({ name, value }) => [name, escapeMarkdown(value)]),
      )}`,
    );
  for (const warning of story.warnings) text.push(`⚠️ ${escapeMarkdown(warning)}`);
  return text.join('\n\n');
}
