import { randomUUID } from 'node:crypto';
import { complaintOf } from '@deploy-actions/engine/complaint';
import { READ_LOG_FILE } from '@deploy-actions/engine/watch';
import { Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import type { LogPlace } from './place.ts';
import { LARGEST_STRETCH, READ_WITHIN } from './stretch.ts';

/** Where reading goes on. A file is known by its inode, and by what stood before the place: an inode may be used again. */
export interface Position {
  inode: string;
  from: number;
  /** The last bytes before `from`. */
  before: Buffer;
}

/** A file, as `stat` tells of it. */
export interface Seen {
  inode: string;
  size: number;
  /** When it was last written to, in seconds since 1970 by the clock of where it lies. */
  time: number;
}

/** A file beside the log that by its name was rotated away from it. */
export interface Beside extends Seen {
  name: string;
}

/** What was read of one file, and what lay beside it then. */
export interface FilePart {
  /** `current`: it is the log itself; `rotated`: it lies beside it by now; `gone`, and `short` where it ends before the place. */
  word: 'current' | 'rotated' | 'gone' | 'short';
  inode: string;
  size: number;
  /** Where `bytes` begin. */
  start: number;
  bytes: Buffer;
  /** The log itself; undefined where it is not there. */
  now: Seen | undefined;
  beside: readonly Beside[];
}

/** Bytes by which a place in a file is known again. */
export const KNOWN_BY = 256;
const LINE_END = 10;

const UNREADABLE = {
  absent: ['there is no such file', 'See `access_log` or the like in the configuration of the proxy.'],
  closed: [
    'the login user may not read it',
    'Let that user read it, such as by the group adm: usermod -aG adm deploy.',
  ],
  special: [
    'it is no file that can be read again, such as the output of a container',
    'Where it is the output of a container, write container://NAME.',
  ],
  stopped: ['the container does not run', 'Name the container that has the traffic.'],
  bare: [
    'the container has no program to read it with (stat, dd)',
    'Let it log to its output, or mount the folder of the log on the server.',
  ],
} as const;

/**
 * Reads a file of the log from the place on; of the log itself its end, without one. Throws an `input` Failure where there is
 * no log to read.
 */
export async function readLogPart(
  session: Session,
  { path, container, text }: Extract<LogPlace, { kind: 'file' }>,
  dockerHost: string | undefined,
  at: Position | undefined,
  signal: AbortSignal | undefined,
): Promise<FilePart> {
  const mark = randomUUID();
  const { code, stdout, stderr } = await session.run({
    script: READ_LOG_FILE.text(),
    args: [
      dockerHost ?? '',
      container ?? '',
      path,
      mark,
      at?.inode ?? '',
      at === undefined ? '' : String(at.from - at.before.length),
      String(LARGEST_STRETCH + KNOWN_BY),
    ],
    timeout: READ_WITHIN,
    signal,
  });
  if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, dockerHost);
  const beside: Beside[] = [];
  let now: Seen | undefined;
  let rest = stdout;
  for (;;) {
    const end = rest.indexOf(LINE_END);
    const head = rest.toString('utf8', 0, Math.max(0, end));
    rest = rest.subarray(end + 1);
    const [, said = '', figures = ''] = head.startsWith(`${mark} `)
      ? (/^\S+ ([a-z]+) ?(.*)$/.exec(head) ?? [])
      : [];
    if (said in UNREADABLE && figures === '') {
      const [why, remedy] = UNREADABLE[said as keyof typeof UNREADABLE];
      throw new Failure('input', `the log ${text} of ${session.name} cannot be read: ${why}`, {
        input: 'access-log',
        remedy,
      });
    }
    const numbers = /^(\d{1,20}) (\d{1,15}) (\d{1,15})(?: \/(?:\S+\/)?([A-Za-z0-9._@+:-]{1,255}))?$/.exec(
      figures,
    );
    const [, inode = '', size = '', third = '', name] = numbers ?? [];
    if (said === 'beside') {
      // A name of other characters is none that a rotation gives.
      if (name !== undefined) beside.push({ inode, size: Number(size), time: Number(third), name });
    } else if (numbers && said === 'now') {
      now = inode === '0' ? undefined : { inode, size: Number(size), time: Number(third) };
    } else if (numbers && isWord(said)) {
      const start = Number(third);
      const bytes = rest.subarray(0, Math.max(0, Number(size) - start));
      return { word: said, inode, size: Number(size), start, bytes, now, beside };
    } else throw new Error(`${session.name} did not tell of the log ${text}`);
  }
}

function isWord(text: string): text is FilePart['word'] {
  return text === 'current' || text === 'rotated' || text === 'gone' || text === 'short';
}

/** Whether the part is of the file that the place is in. */
export function isOf(at: Position, { word, bytes }: FilePart): boolean {
  const found = word === 'current' || word === 'rotated';
  return found && bytes.subarray(0, at.before.length).equals(at.before);
}

/** The place where a file begins. */
export function beginningOf(inode: string): Position {
  return { inode, from: 0, before: Buffer.alloc(0) };
}
