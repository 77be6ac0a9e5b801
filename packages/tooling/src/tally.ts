/** Counts single tests, prints each failure and skip as it comes, and the last line of `npm test`. */
export interface Tally {
  passed(count?: number): void;
  failed(name: string, details?: string): void;
  /** A test that cannot run here, and why. */
  skipped(name: string, reason: string): void;
  readonly counts: { passed: number; failed: number; skipped: number };
  /** Failures and skips again, and the line that ends it all. */
  summary(): string;
}

export function newTally(say: (line: string) => void): Tally {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  /** The skipped tests of each reason. */
  const skips = new Map<string, string[]>();
  return {
    counts,
    passed(count = 1) {
      counts.passed += count;
    },
    failed(name, details = '') {
      counts.failed += 1;
      failures.push(name);
      say(`FAILED ${name}${details === '' ? '' : `\n${indent(details)}`}`);
    },
    skipped(name, reason) {
      counts.skipped += 1;
      const names = skips.get(reason) ?? [];
      skips.set(reason, [...names, name]);
      // What is missing is said once, not with every test that wants it.
      if (names.length === 0) say(`skipped ${name}, and what else needs it: ${reason}`);
    },
    summary() {
      const numbers = `${counts.passed} passed, ${counts.failed} failed`;
      return [
        ...[...skips].map(([reason, names]) =>
          names.length === 1 ? `skipped ${names[0]!}: ${reason}` : `skipped ${names.length} tests: ${reason}`,
        ),
        ...failures.map((name) => `failed ${name}`),
        counts.skipped > 0 ? `${numbers}, ${counts.skipped} skipped` : numbers,
      ].join('\n');
    },
  };
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}
