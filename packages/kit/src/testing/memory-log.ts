import type { Log } from '../log.ts';

/** A log that keeps its lines, for tests. */
export function memoryLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const keep = (prefix: string) => (text: string) => {
    for (const line of text.split('\n')) lines.push(prefix + line);
  };
  return {
    lines,
    info: keep(''),
    debug: keep('debug: '),
    notice: keep('notice: '),
    warning: keep('warning: '),
    async group(title, work) {
      lines.push(`> ${title}`);
      return await work();
    },
  };
}
