import { randomUUID } from 'node:crypto';
import { complaintOf } from '@deploy-actions/engine/complaint';
import { READ_LOG_FILE } from '@deploy-actions/engine/watch';
import { Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import type { LogPlace } from './place.ts';
import { LARGEST_STRETCH, type LogSource, type LogStretch, READ_WITHIN, wholeLines } from './stretch.ts';

type FilePlace = Extract<LogPlace, { kind: 'file' }>;

/** Where reading goes on. A file is known by its inode, and by what stood before the place: an inode may be used again. */
interface Position {
  inode: string;
  from: number;
  /** The last bytes before `from`. */
  before: Buffer;
}

interface Part {
  word: 'current' | 'rotated' | 'gone' | 'short';
  inode: string;
  size: number;
  start: number;
  bytes: Buffer;
}

/** Bytes by which a place in a file is known again. */
const KNOWN_BY = 256;
/** Files that one look reads at most: the one before the rotation, and the one behind it. */
const ROUNDS = 4;
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

/** A log file, on the server or in a container, also where it is rotated meanwhile. */
export function fileLog(session: Session, place: FilePlace, dockerHost: string | undefined): LogSource {
  let position: Position | undefined;
  /** The file of that inode was seen to be rotated at the look before: what its writers still had to say is there by now. */
  let leaving = false;
  const ask = (at: Position | undefined, signal?: AbortSignal) =>
    readPart(session, place, dockerHost, at, signal);
  return {
    async begin(signal) {
      const part = await ask(undefined, signal);
      position = behind(part.inode, part.start, part.bytes, Buffer.alloc(0));
      // It begins in the middle of a line unless it begins with the file.
      const first = part.start === 0 ? 0 : part.bytes.indexOf(LINE_END) + 1;
      const end = part.bytes.lastIndexOf(LINE_END) + 1;
      return wholeLines(part.bytes.toString('utf8', first, Math.max(first, end)));
    },
    async read(last, signal) {
      const stretch: LogStretch = { lines: [], gaps: [], behind: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        const at: Position = position!;
        const part = await ask(at, signal);
        const startOver = () => (position = { inode: part.inode, from: 0, before: Buffer.alloc(0) });
        if (part.word === 'gone') {
          stretch.gaps.push('was rotated, and what was logged before could no longer be read');
          startOver();
          continue;
        }
        const known = part.bytes.subarray(0, at.before.length).equals(at.before);
        if (part.word === 'short' || !known) {
          stretch.gaps.push('was emptied or replaced, and what was logged before could no longer be read');
          startOver();
          continue;
        }
        const fresh = part.bytes.subarray(at.before.length);
        const end = fresh.lastIndexOf(LINE_END) + 1;
        stretch.lines.push(...wholeLines(fresh.toString('utf8', 0, end)));
        const torn = fresh.length - end;
        const left = Math.max(0, part.size - part.start - part.bytes.length);
        if (end > 0) position = behind(part.inode, at.from, fresh, at.before);
        else if (fresh.length >= LARGEST_STRETCH) {
          // No line is so long. It counts as one that cannot be read.
          stretch.lines.push(fresh.toString('utf8', 0, 80));
          position = { inode: part.inode, from: at.from + fresh.length, before: fresh.subarray(-KNOWN_BY) };
        }
        if (left > 0) {
          stretch.behind = left;
          break;
        }
        if (part.word === 'current') {
          leaving = false;
          break;
        }
        // The proxy writes into the old file until it has opened the new one.
        if (!leaving && !last) {
          leaving = true;
          break;
        }
        if (torn > 0) stretch.lines.push(fresh.toString('utf8', end));
        leaving = false;
        const { inode } = await ask(undefined, signal);
        position = { inode, from: 0, before: Buffer.alloc(0) };
      }
      return stretch;
    },
  };
}

/** The place behind the last whole line of what was read from `from` on. */
function behind(inode: string, from: number, bytes: Buffer, before: Buffer): Position {
  const end = bytes.lastIndexOf(LINE_END) + 1;
  const known = Buffer.concat([before, bytes.subarray(0, end)]);
  return { inode, from: from + end, before: Buffer.from(known.subarray(-KNOWN_BY)) };
}

async function readPart(
  session: Session,
  { path, container, text }: FilePlace,
  dockerHost: string | undefined,
  at: Position | undefined,
  signal: AbortSignal | undefined,
): Promise<Part> {
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
  const end = stdout.indexOf(LINE_END);
  const head = stdout.toString('utf8', 0, Math.max(0, end));
  const [, said = ''] = /^\S+ ([a-z]+)/.exec(head) ?? [];
  if (head === `${mark} ${said}` && said in UNREADABLE) {
    const [why, remedy] = UNREADABLE[said as keyof typeof UNREADABLE];
    throw new Failure('input', `the log ${text} of ${session.name} cannot be read: ${why}`, {
      input: 'access-log',
      remedy,
    });
  }
  const [, word, inode, size, start] =
    /^\S+ (current|rotated|gone|short) (\d{1,20}) (\d{1,15}) (\d{1,15})$/.exec(head) ?? [];
  if (word === undefined || !head.startsWith(`${mark} `))
    throw new Error(`${session.name} did not tell of the log ${text}`);
  const bytes = stdout.subarray(end + 1, end + 1 + Math.max(0, Number(size) - Number(start)));
  return { word: word as Part['word'], inode: inode!, size: Number(size), start: Number(start), bytes };
}
