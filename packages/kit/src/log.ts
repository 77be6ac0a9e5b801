/** Where an action tells what it does. Implementations escape and redact; callers pass plain text. */
export interface Log {
  info(text: string): void;
  debug(text: string): void;
  /** Shown as an annotation of the run. */
  notice(text: string): void;
  warning(text: string): void;
  /** Folds what `work` logs under a title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}

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
