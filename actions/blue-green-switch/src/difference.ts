import { escapeMarkdown } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';

/** What would change in a file of the user's on a server. */
export interface Difference {
  server: string;
  file: string;
  /** One sentence each. */
  changes: readonly string[];
  /** Added and removed lines. */
  diff: readonly string[];
}

/** Shows each difference once, for all servers that have the same: the lines in the log, what they mean in the summary. */
export function tellDiffs(differences: readonly Difference[], { log, summary }: Ports): void {
  const same = new Map<string, Difference[]>();
  for (const one of differences) {
    const key = JSON.stringify([one.file, one.changes, one.diff]);
    same.set(key, [...(same.get(key) ?? []), one]);
  }
  for (const alike of same.values()) {
    const [{ file, changes, diff }] = alike as [Difference];
    const servers = alike.map(({ server }) => server).join(', ');
    log.info(`${servers}: ${file}`);
    for (const change of changes) log.info(`  ${change}`);
    for (const line of diff) log.info(line);
    const count = (sign: string) => diff.filter((line) => line.startsWith(sign)).length;
    summary(
      `### ${escapeMarkdown(file)} on ${escapeMarkdown(servers)}\n\n${changes.map((change) => `- ${escapeMarkdown(change)}\n`).join('')}\n${count('+ ')} lines are added and ${count('- ')} removed; the log shows them.\n`,
    );
  }
}
