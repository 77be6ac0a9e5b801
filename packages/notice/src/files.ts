import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { formatBytes } from '@deploy-actions/kit';

/** A file that goes with a message. */
export interface Attachment {
  name: string;
  bytes: Uint8Array;
  /** Whether messengers show it as a picture. */
  picture: boolean;
}

/**
 * Reads files that go with a message. One that is missing or too large is told of and left out: a log that a
 * failed step never wrote must not stop the news of the failure.
 */
export function readAttachments(
  paths: readonly string[],
  workspace: string,
  most: number,
  log: { warning(text: string): void },
): Attachment[] {
  return paths.flatMap((path): Attachment[] => {
    const file = resolve(workspace, path);
    try {
      const { size } = statSync(file);
      if (size === 0 || size > most) {
        const why =
          size === 0
            ? 'is empty'
            : `has ${formatBytes(size)}, more than the ${formatBytes(most)} that can be sent`;
        log.warning(`The attachment ${path} ${why}; the message goes without it.`);
        return [];
      }
      return [
        { name: basename(file), bytes: readFileSync(file), picture: /\.(png|jpe?g|gif|webp)$/i.test(file) },
      ];
    } catch {
      log.warning(`The attachment ${path} cannot be read; the message goes without it.`);
      return [];
    }
  });
}
