import type { RunEvent } from './run.ts';

/** Longest line that is passed on; what is longer is told in pieces. */
const LONGEST_LINE = 64 * 1024;

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
  let pending: Buffer = Buffer.alloc(0);
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
  return {
    push(bytes) {
      let data = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes;
      for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
        tell(data.subarray(0, end));
        data = data.subarray(end + 1);
      }
      while (data.length > LONGEST_LINE) {
        tell(data.subarray(0, LONGEST_LINE));
        data = data.subarray(LONGEST_LINE);
      }
      pending = Buffer.from(data);
    },
    end() {
      if (pending.length > 0) tell(pending);
      pending = Buffer.alloc(0);
    },
  };
}
