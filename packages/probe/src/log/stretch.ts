/** A log that is followed from one look to the next. */
export interface LogSource {
  /** Finds where it ends now, and answers its last lines, oldest first. Throws a Failure where it cannot be read. */
  begin(signal?: AbortSignal): Promise<string[]>;
  /** What was logged since the look before; `last`: no other look follows. Throws a Failure. */
  read(last: boolean, signal?: AbortSignal): Promise<LogStretch>;
}

export interface LogStretch {
  /** Whole lines: one that has no end yet waits for it. */
  lines: string[];
  /** What can no longer be read, each as the end of a sentence about the log. */
  gaps: string[];
  /** Bytes that are there and were left for the next look. */
  behind: number;
}

/** Bytes of a log that are read at a look. */
export const LARGEST_STRETCH = 8 * 2 ** 20;
/** Milliseconds for one question. */
export const READ_WITHIN = 60_000;

/** The whole lines of a text, without their ends; empty ones are left out. */
export function wholeLines(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.replace(/\r$/, '')]));
}
