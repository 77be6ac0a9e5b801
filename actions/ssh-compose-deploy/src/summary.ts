import type { LocalImage, ServiceChange } from '@deploy-actions/compose';
import { parseReference } from '@deploy-actions/image';
import type { RunResult } from '@deploy-actions/host';
import { codeSpan, escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';

/** How a service went, for the output `services`, the record and the tables. */
export interface ServiceOutcome {
  service: string;
  action: ServiceChange['action'];
  from: string;
  to: string;
  /** Names of what changed. */
  reasons: string[];
}

/** What a person recognises of an image: its tag, and its digest cut short. */
export function shortImage(image: string): string {
  if (image === '') return '';
  const at = image.indexOf('@sha256:');
  return at < 0 ? image : `${image.slice(0, at)}@${image.slice(at + 1, at + 20)}…`;
}

/** The digest that an image reference meant on the server, where it is known. */
export function withDigest(image: string, images: readonly LocalImage[]): string {
  if (image === '' || image.includes('@sha256:')) return image;
  let wanted;
  try {
    wanted = parseReference(image);
  } catch {
    return image;
  }
  const found = images.find((one) => {
    if (one.digest === '' || one.tag !== (wanted.tag ?? 'latest')) return false;
    try {
      return parseReference(one.repository).repository === wanted.repository;
    } catch {
      return false;
    }
  });
  return found ? `${image}@${found.digest}` : image;
}

/** The reference with the digest that the server knows for its repository. */
export function digestAmong(image: string, digests: readonly string[] | undefined): string | undefined {
  if (image.includes('@sha256:')) return image;
  try {
    const { repository } = parseReference(image);
    const found = digests?.map(parseReference).find((one) => one.repository === repository);
    return found?.digest && `${image}@${found.digest}`;
  } catch {
    return undefined;
  }
}

/** The plan as text lines for the log: names, digests and names of changed keys. */
export function planLines(changes: readonly ServiceChange[]): string[] {
  const width = Math.max(...changes.map((change) => change.service.length));
  return changes.map((change) => {
    const images =
      change.from === change.to
        ? shortImage(change.to)
        : [shortImage(change.from), shortImage(change.to)].filter(Boolean).join(' -> ');
    const why = change.reasons.length > 0 ? ` (${change.reasons.join(', ')})` : '';
    return `${change.service.padEnd(width)}  ${change.action.padEnd(8)}  ${images}${why}`;
  });
}

/** The same as a Markdown table. */
export function servicesMarkdown(changes: readonly ServiceOutcome[]): string {
  return markdownTable(
    ['Service', 'Action', 'Image before', 'Image after', 'Because of'],
    changes.map((change) => [
      codeSpan(change.service),
      change.action,
      codeSpan(shortImage(change.from)),
      codeSpan(shortImage(change.to)),
      change.reasons.map((reason) => codeSpan(reason)).join(', '),
    ]),
  );
}

/** Phases with their durations, one column for each server. */
export function phasesMarkdown(results: readonly { name: string; result: RunResult | undefined }[]): string {
  const phases: string[] = [];
  for (const { result } of results) {
    for (const { name } of result?.phases ?? []) if (!phases.includes(name)) phases.push(name);
  }
  const several = results.length > 1;
  const cell = (result: RunResult | undefined, phase: string) => {
    const times = (result?.phases ?? []).filter((one) => one.name === phase);
    return times.length === 0 ? '' : formatDuration(times.reduce((sum, one) => sum + one.ms, 0));
  };
  return markdownTable(
    ['Phase', ...results.map(({ name }) => (several ? escapeMarkdown(name) : 'Duration'))],
    [
      ...phases.map((phase) => [phase, ...results.map(({ result }) => cell(result, phase))]),
      [
        '**total**',
        ...results.map(({ result }) => (result ? `**${formatDuration(result.elapsedMs)}**` : 'not known')),
      ],
    ],
  );
}

/** What happened on each server. */
export function serversMarkdown(rows: readonly { name: string; outcome: string; detail: string }[]): string {
  return markdownTable(
    ['Server', 'Outcome', 'Detail'],
    rows.map((row) => [codeSpan(row.name), escapeMarkdown(row.outcome), escapeMarkdown(row.detail)]),
  );
}
