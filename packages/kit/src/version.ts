/**
 * Whether the version that answers is the expected one: the same text, or both are hexadecimal names of a
 * commit of which one is the beginning of the other (at least seven characters, as git abbreviates).
 */
export function sameVersion(expected: string, got: string): boolean {
  if (expected === got) return true;
  const [short, long] = expected.length < got.length ? [expected, got] : [got, expected];
  return (
    /^[0-9a-f]{7,}$/i.test(short) &&
    /^[0-9a-f]{40}$/i.test(long) &&
    long.toLowerCase().startsWith(short.toLowerCase())
  );
}
