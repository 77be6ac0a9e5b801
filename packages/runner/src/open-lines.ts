/** How many of the last lines are remembered: more than any evidence has. */
const REMEMBERED = 2000;

/**
 * What stands open in the log of a step, outside of its groups, which GitHub shows folded. What a failure brings as its
 * evidence may stand there already, such as the last words of a command that was heard while it ran: those are not told
 * twice.
 */
export interface OpenLines {
  /** Remembers a text that was printed outside of a group. */
  take(text: string): void;
  /** The part of an evidence that is still to be told: without its beginning, as far as that stands open in this order. */
  untold(evidence: string): string;
}

export function openLines(): OpenLines {
  const open: string[] = [];
  return {
    take(text) {
      open.push(...text.split('\n'));
      if (open.length > REMEMBERED) open.splice(0, open.length - REMEMBERED);
    },
    untold(evidence) {
      const lines = evidence.split('\n');
      let at = 0;
      const told = lines.findIndex((line) => {
        if (line.trim() === '') return false;
        const found = open.indexOf(line, at);
        at = found + 1;
        return found < 0;
      });
      return told < 0 ? '' : lines.slice(told).join('\n');
    },
  };
}
