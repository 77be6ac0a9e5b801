import type { Beside, FilePart } from './part.ts';

/** What lay beside a log at a look. */
export interface Interval {
  /** When the log was written to last, in seconds since 1970. */
  newest: number;
  known: readonly Beside[];
}

/** What came beside a log since a look, apart from what is followed already. */
export interface Between {
  /** Files that had a rotation of their own between two looks, oldest first. */
  inodes: string[];
  /** What cannot be read, each as the end of a sentence about the log. */
  gaps: string[];
}

const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|Z)$/;

/**
 * Finds the files that were the log for a while that no look fell into. They were written to after the look before, which
 * tells them from older ones that are compressed or get another name; an inode that was an older file's may be theirs by now.
 */
export function betweenOf(
  { newest, known }: Interval,
  { now, beside }: Pick<FilePart, 'now' | 'beside'>,
  followed: ReadonlySet<string>,
): Between {
  const found: Between = { inodes: [], gaps: [] };
  const fresh = beside
    .filter(
      ({ inode, size, time }) => size > 0 && time >= newest && inode !== now?.inode && !followed.has(inode),
    )
    .sort((one, other) => one.time - other.time);
  for (const { inode, size, time, name } of fresh) {
    const before = known.find((one) => one.inode === inode);
    if (before?.size === size && before.time === time) continue;
    if (COMPRESSED.test(name)) {
      // gzip and logrotate give it the time of what it is made of, which is gone then.
      const isOlder = known.some(
        (one) => one.time === time && !beside.some(({ inode: kept }) => kept === one.inode),
      );
      if (!isOlder) found.gaps.push(`was rotated, and ${name} is compressed: what it has was not seen`);
    } else if (before && before.size <= size) {
      // Either it was written to after it was rotated, or another file has its inode.
      found.gaps.push(`has ${size - before.size} bytes in ${name} that were not seen`);
    } else found.inodes.push(inode);
  }
  return found;
}
