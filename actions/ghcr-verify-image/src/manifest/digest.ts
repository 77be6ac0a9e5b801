import { createHash } from 'node:crypto';
import { Problem } from '../problem.ts';

/** `sha256:<hex>` of some bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Throws a `digest-mismatch` Problem unless the bytes are what the digest names. */
export function checkDigest(bytes: Uint8Array, expected: string, what: string): void {
  const actual = digestOf(bytes);
  if (actual === expected) return;
  throw new Problem('digest-mismatch', `${what}: the bytes are ${actual}, but ${expected} was asked for`, {
    remedy:
      'Something between the registry and here changed the answer, or the registry is damaged: do not deploy this image; check proxies and mirrors, then push it again.',
  });
}

/** The first twelve digits, for people. */
export function shortDigest(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}
