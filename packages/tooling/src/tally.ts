import { stripVTControlCharacters } from 'node:util';

/** Lines at the end for all reasons together: a service that runs tests shows the last forty or so of a log. */
const REASON_LINES = 36;
/** Lines of one failure's reason at the end; fewer when there are many failures. */
const MOST_LINES = 8;
const FEWEST_LINES = 2;
/** Characters of such a line. */
const LINE_LENGTH = 200;

/** Counts single tests, prints each failure and skip as it comes, and the last line of `npm test`. */
export interface Tally {
  passed(count?: number): void;
  /** `details` say why, and are printed at once unless somebody `told` them already; the end has their first lines. */
  failed(name: string, details?: string, told?: 'told'): void;
  /** A test that cannot run here, and why. */
  skipped(name: string, reason: string): void;
  readonly counts: { passed: number; failed: number; skipped: number };
  /** Skips and failures again, these with how their reason begins, and the line that ends it all. */
  summary(): string;
}

export function newTally(say: (line: string) => void): Tally {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: { name: string; details: string }[] = [];
  /** The skipped tests of each reason. */
  const skips = new Map<string, string[]>();
  return {
    counts,
    passed(count = 1) {
      counts.passed += count;
    },
    failed(name, details = '', told) {
      counts.failed += 1;
      failures.push({ name, details });
      say(`FAILED ${name}${details === '' || told ? '' : `\n${indent(details)}`}`);
    },
    skipped(name, reason) {
      counts.skipped += 1;
      const names = skips.get(reason) ?? [];
      skips.set(reason, [...names, name]);
      // What is missing is said once, not with every test that wants it.
      if (names.length === 0) say(`skipped ${name}, and what else needs it: ${reason}`);
    },
    summary() {
      const lines = Math.max(FEWEST_LINES, Math.min(MOST_LINES, Math.floor(REASON_LINES / failures.length)));
      const numbers = `${counts.passed} passed, ${counts.failed} failed`;
      return [
        ...[...skips].map(([reason, names]) =>
          names.length === 1 ? `skipped ${names[0]!}: ${reason}` : `skipped ${names.length} tests: ${reason}`,
        ),
        ...failures.flatMap(({ name, details }) => [`failed ${name}`, ...beginningOf(details, lines)]),
        counts.skipped > 0 ? `${numbers}, ${counts.skipped} skipped` : numbers,
      ].join('\n');
    },
  };
}

/** The first lines that say something, each cut to what a log shows well. */
function beginningOf(details: string, lines: number): string[] {
  return stripVTControlCharacters(details)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, lines)
    .map((line) => {
      const whole = `    ${line.trimEnd()}`;
      return whole.length <= LINE_LENGTH ? whole : `${whole.slice(0, LINE_LENGTH - 1)}…`;
    });
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}
