import type { Log } from '../log.ts';

/** A line of a log, and the title of the group that it is folded into. */
export interface LogEntry {
  level: 'info' | 'debug' | 'notice' | 'warning';
  text: string;
  group: string | undefined;
}

/** A log that keeps its lines, for tests: as texts, and one by one with where they stand. */
export interface MemoryLog extends Log {
  lines: string[];
  entries: LogEntry[];
}

export function memoryLog(): MemoryLog {
  const lines: string[] = [];
  const entries: LogEntry[] = [];
  const open: string[] = [];
  const keep = (level: LogEntry['level'], prefix: string) => (text: string) => {
    for (const line of text.split('\n')) {
      lines.push(prefix + line);
      entries.push({ level, text: line, group: open.at(-1) });
    }
  };
  return {
    lines,
    entries,
    info: keep('info', ''),
    debug: keep('debug', 'debug: '),
    notice: keep('notice', 'notice: '),
    warning: keep('warning', 'warning: '),
    async group(title, work) {
      lines.push(`> ${title}`);
      open.push(title);
      try {
        return await work();
      } finally {
        open.pop();
      }
    },
  };
}
