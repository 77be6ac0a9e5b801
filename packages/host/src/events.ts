import type { RunEvent } from './run.ts';

/**
 * Most bytes of a line that are passed on; the rest is left out. Far more than the log shows of a line: the log takes
 * secrets out of the whole and cuts then, so that none is shown in part where it lies across the cut.
 */
const LONGEST_LINE = 1024 * 1024;

/** Turns the bytes of a log into events. Lines that begin with the run's token are the program's own word. */
export interface EventReader {
  push(bytes: Buffer): void;
  /** Tells a last line without a newline. */
  end(): void;
}

export function eventReader(
  token: string | undefined,
  onEvent: ((event: RunEvent) => void) | undefined,
): EventReader {
  let pieces: Buffer[] = [];
  let length = 0;
  const mark = token === undefined ? undefined : `\x1e${token} `;
  const tell = (line: Buffer) => {
    const text = line.toString('utf8').replace(/\r+$/, '');
    if (mark === undefined || !text.startsWith(mark)) {
      onEvent?.({ type: 'line', text: text.slice(text.lastIndexOf('\r') + 1) });
      return;
    }
    const word = text.slice(mark.length);
    const phase = /^phase (\d+) (.*)$/.exec(word);
    if (phase) onEvent?.({ type: 'phase', name: phase[2]!, at: Number(phase[1]) });
    else onEvent?.({ type: 'warning', text: word.replace(/^warning /, '') });
  };
  const add = (bytes: Buffer) => {
    const kept = bytes.subarray(0, LONGEST_LINE - length);
    if (kept.length > 0) pieces.push(kept);
    length += kept.length;
  };
  const flush = () => {
    tell(Buffer.concat(pieces, length));
    pieces = [];
    length = 0;
  };
  return {
    push(bytes) {
      let data = bytes;
      for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
        add(data.subarray(0, end));
        flush();
        data = data.subarray(end + 1);
      }
      // Copied: the bytes may be reused by whoever read them.
      add(Buffer.from(data));
    },
    end() {
      if (length > 0) flush();
    },
  };
}
