import { createHash } from 'node:crypto';

/** The hash by which two operations are known for the same (`Operation.inputHash`). `parts` are what it means, as JSON. */
export function operationHash(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
