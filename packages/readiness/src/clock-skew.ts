/** When the look was asked for and when its answer was there, in milliseconds since 1970 by the runner's clock. */
export interface Clockwork {
  asked: number;
  answered: number;
}

/**
 * How far the server's clock is ahead, by its own times at the beginning and the end of the look: the mean of both ways, and half
 * of the time that was spent on them (RFC 5905, section 8). Undefined where the server told no time.
 */
export function skewOf(
  began: string,
  ended: string,
  { asked, answered }: Clockwork,
): { ms: number; give: number } | undefined {
  const [first, last] = [timeOf(began), timeOf(ended)];
  if (first === undefined || last === undefined) return undefined;
  const ms = (first.ms - asked + (last.ms - answered)) / 2;
  const onTheWay = Math.max(0, answered - asked - (last.ms - first.ms)) / 2;
  return { ms: Math.round(ms), give: Math.ceil(onTheWay + Math.max(first.give, last.give)) };
}

/** `date +%s.%N`; some print no part of a second, or the letters. */
function timeOf(text: string): { ms: number; give: number } | undefined {
  const [, seconds, part] = /^(\d{9,11})\.?(\d*)/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return part === ''
    ? { ms: Number(seconds) * 1000 + 500, give: 500 }
    : { ms: Number(`${seconds}.${part}`) * 1000, give: 0 };
}
