import { type Clock, formatDuration } from '@deploy-actions/kit';

/** How one phase of the rehearsal ended. */
export interface Phase {
  name: string;
  ms: number;
  outcome: string;
  ok: boolean;
}

export type Tell = (line: string) => void;

/** Shows what runs and for how long: one line when a phase begins, one when it ends, and a sign of life between. */
export interface Progress {
  /**
   * Runs a phase; `work` may tell what it is at, and in `detail` what stands in the log alone, and answers how it ended:
   * well, unless `ok` says otherwise.
   */
  phase<T>(
    name: string,
    work: (tell: Tell, detail: Tell) => Promise<{ outcome: string; ok?: boolean; value: T }>,
  ): Promise<T>;
  /** A line within the current phase. */
  tell(line: string): void;
  phases: readonly Phase[];
}

/**
 * After this long without a line the phase says that it is still at it. Work that takes long tells so by itself, the lab
 * every 8 s and the actions every 10 s: the phase speaks only where that does not come, so that nobody reads two tickers.
 */
const QUIET_MS = 12_000;

/**
 * Progress on a stream, with the details on another. `now` in the signs of life is the time since the rehearsal began, so that a log read
 * later still tells how long each step took.
 */
export function openProgress(write: Tell, clock: Clock, writeDetail: Tell = () => {}): Progress {
  const started = clock.now();
  const phases: Phase[] = [];
  const stamp = () => formatDuration(clock.now() - started).padStart(9);
  let lastLine = started;
  const print = (line: string) => {
    lastLine = clock.now();
    for (const part of line.split('\n')) write(`${stamp()}  ${part}`);
  };
  return {
    phases,
    tell: (line) => print(`    ${line}`),
    async phase(name, work) {
      const begun = clock.now();
      let latest = '';
      print(`▶ ${name}`);
      const life = setInterval(() => {
        if (clock.now() - lastLine < QUIET_MS) return;
        print(`    … ${name}, ${formatDuration(clock.now() - begun)} so far${latest ? `: ${latest}` : ''}`);
      }, 1000);
      try {
        const tell = (line: string) => {
          latest = line;
          print(`    ${line}`);
        };
        const detail = (line: string) => {
          latest = line;
          for (const part of line.split('\n')) writeDetail(`${stamp()}      ${part}`);
        };
        const { outcome, ok = true, value } = await work(tell, detail);
        const ms = clock.now() - begun;
        phases.push({ name, ms, outcome, ok });
        print(`${ok ? '✔' : '✘'} ${name}: ${outcome} (${formatDuration(ms)})`);
        return value;
      } catch (error) {
        const ms = clock.now() - begun;
        const reason = error instanceof Error ? error.message : String(error);
        phases.push({ name, ms, outcome: reason.split('\n')[0]!, ok: false });
        print(`✘ ${name}: ${reason} (${formatDuration(ms)})`);
        throw error;
      } finally {
        clearInterval(life);
      }
    },
  };
}

/** A table for a terminal: columns as wide as their widest cell, numbers to the right. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
