/** A set of HTTP status codes, as people write it. */
export interface StatusSet {
  readonly text: string;
  has(status: number): boolean;
}

/**
 * Reads `200`, `2xx`, `200-399` and lists of them, separated by commas or spaces. Undefined for anything
 * else, so that the caller can name the input.
 */
export function parseStatusSet(text: string): StatusSet | undefined {
  const ranges: [number, number][] = [];
  for (const part of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const match = /^([1-5])xx$/i.exec(part) ?? /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(part);
    if (!match) return undefined;
    const low = match[1]!.length === 1 ? Number(match[1]) * 100 : Number(match[1]);
    const high = match[1]!.length === 1 ? low + 99 : Number(match[2] ?? match[1]);
    if (high < low) return undefined;
    ranges.push([low, high]);
  }
  if (ranges.length === 0) return undefined;
  return {
    text: text.trim(),
    has: (status) => ranges.some(([low, high]) => status >= low && status <= high),
  };
}
