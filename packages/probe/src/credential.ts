/**
 * What of a header is secret: the values of headers that are named like credentials, of `Bearer X` and `Basic X` also X
 * alone. Other values, such as Host's, are wanted in every message.
 */
export function credentialsIn(name: string, value: string): string[] {
  if (!/authorization|cookie|token|secret|key|passw/i.test(name)) return [];
  const bare = /^(?:Bearer|Basic)\s+(\S+)/i.exec(value)?.[1];
  return [...(value.length >= 8 ? [value] : []), ...(bare === undefined ? [] : [bare])];
}
