import { type MemberOutcome, succeeded } from '@deploy-actions/host';
import { escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';
import type { Color } from '@deploy-actions/ledger';

function endingOf(outcome: MemberOutcome): string {
  if (!succeeded(outcome)) return outcome.result?.failure?.message ?? 'lost';
  if (outcome.undone !== undefined)
    return outcome.undone ? 'switched, and back again' : 'switched, and could not go back';
  return outcome.result!.fields['changed'] === 'false' ? 'nothing to do' : 'switched';
}

/** The job summary: a row per server, and the canary's steps. */
export function switchMarkdown(outcomes: readonly MemberOutcome[], target: Color): string {
  const head = ['Server', 'From', 'To', 'How', 'Overlap', 'Left on the old colour', 'Time', 'Outcome'];
  const rows = outcomes.map((one) => {
    const of = (name: string) => escapeMarkdown(one.result?.fields[name] ?? '–');
    const overlap = one.result?.fields['overlap_ms'];
    return [
      escapeMarkdown(one.name),
      of('from'),
      of('to'),
      of('mechanism'),
      overlap === undefined ? '–' : formatDuration(Number(overlap)),
      of('drain_left'),
      formatDuration(one.result?.elapsedMs ?? 0),
      escapeMarkdown(endingOf(one)),
    ];
  });
  const steps = outcomes.flatMap((one) =>
    (one.result?.fields['gates'] ?? '').split(';').flatMap((text) => {
      const [share, count, errors, p95, ...source] = text.split(' ');
      if (!share || count === undefined) return [];
      return [
        [
          escapeMarkdown(one.name),
          escapeMarkdown(share),
          count,
          `${Number(errors) / 100} %`,
          `${p95} ms`,
          escapeMarkdown(source.join(' ')),
        ],
      ];
    }),
  );
  const canary =
    steps.length === 0
      ? ''
      : `\n\n${markdownTable(['Server', 'Share', 'Requests', 'Failed', 'p95', 'Seen by'], steps)}`;
  return `### Traffic to ${target}\n\n${markdownTable(head, rows)}${canary}\n`;
}
