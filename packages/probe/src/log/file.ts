import type { Session } from '@deploy-actions/shell';
import { type Interval, betweenOf } from './between.ts';
import { KNOWN_BY, type FilePart, type Position, beginningOf, isOf, readLogPart } from './part.ts';
import type { LogPlace } from './place.ts';
import { LARGEST_STRETCH, type LogSource, type LogStretch, wholeLines } from './stretch.ts';

/** What a part has behind a place. */
interface Taken {
  lines: string[];
  /** Where reading goes on: behind the last whole line. */
  next: Position;
  /** What stands behind that, of a line without an end. */
  torn: string;
  /** Whether it had whole lines. */
  isFresh: boolean;
  /** Bytes that are there and were not read. */
  left: number;
}

const LINE_END = 10;
/** Copies in which what an emptied log had is looked for. */
const MOST_COPIES = 3;

const GONE = 'was rotated, and what was logged before could no longer be read';
const EMPTIED = 'was emptied or replaced, and what was logged before could no longer be read';
const ABSENT = 'was rotated, and is not there again';

/** A file that was the log, and the place up to which it was read. */
interface Rotated {
  at: Position;
  /** What it has from there on, where that was asked already. */
  part?: FilePart;
}

/**
 * A log file, on the server or in a container, also where it is rotated meanwhile, once or several times between two looks:
 * by another name, or by a copy before it is emptied. What it had is counted once, or told as a gap.
 */
export function fileLog(
  session: Session,
  place: Extract<LogPlace, { kind: 'file' }>,
  dockerHost: string | undefined,
): LogSource {
  const ask = (at: Position | undefined, signal?: AbortSignal) =>
    readLogPart(session, place, dockerHost, at, signal);
  let current: Position;
  /** Rotated files into which the proxy may still write: it does until it has opened the new one. */
  let leaving: Position[] = [];
  let interval: Interval = { newest: 0, known: [] };
  /** Whether it was rotated at the look before: between two questions of that it may have been once more. */
  let turned = false;

  const remember = ({ beside, now }: FilePart) => {
    interval = { newest: now?.time ?? interval.newest, known: beside };
  };

  /** The copy that was made before the log was emptied, which has the place that was read up to. */
  async function copyOf(at: Position, part: FilePart, signal?: AbortSignal): Promise<Rotated | undefined> {
    // The place where a file begins is in every file.
    if (part.word === 'gone' || at.from === 0) return undefined;
    const copies = part.beside
      .filter(({ size, time }) => size >= at.from && time >= interval.newest)
      .sort((one, other) => one.time - other.time);
    for (const { inode } of copies.slice(0, MOST_COPIES)) {
      const copy = { ...at, inode };
      const its = await ask(copy, signal);
      if (isOf(copy, its)) return { at: copy, part: its };
    }
    return undefined;
  }

  /** Whether a file is somebody's copy of the one that `part` is of, read up to `at`. */
  async function isCopy(
    at: Position,
    part: FilePart,
    whole: FilePart,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (at.from > 0) return isOf(at, await ask({ ...at, inode: whole.inode }, signal));
    const length = Math.min(part.bytes.length, whole.bytes.length);
    return length > 0 && part.bytes.subarray(0, length).equals(whole.bytes.subarray(0, length));
  }

  return {
    async begin(signal) {
      const part = await ask(undefined, signal);
      current = behind(part.inode, part.start, part.bytes, Buffer.alloc(0));
      remember(part);
      // It begins in the middle of a line unless it begins with the file.
      const first = part.start === 0 ? 0 : part.bytes.indexOf(LINE_END) + 1;
      const end = part.bytes.lastIndexOf(LINE_END) + 1;
      return wholeLines(part.bytes.toString('utf8', first, Math.max(first, end)));
    },
    async read(last, signal) {
      const stretch: LogStretch = { lines: [], gaps: [], behind: 0 };
      const take = (at: Position, part: FilePart): Taken => {
        const taken = takenOf(at, part);
        stretch.lines.push(...taken.lines);
        stretch.behind += taken.left;
        return taken;
      };
      const was = current;
      const part = await ask(was, signal);
      const isKnown = isOf(was, part);
      if (!part.now) {
        // The next file is not there yet.
        if (isKnown) current = take(was, part).next;
        stretch.gaps.push(...(isKnown ? [] : [GONE]), ...(last ? [ABSENT] : []));
        turned = true;
        return stretch;
      }
      const stays = isKnown && part.word === 'current';
      const rotated = stays ? undefined : isKnown ? { at: was, part } : await copyOf(was, part, signal);
      const followed = new Set([was, ...leaving, ...(rotated ? [rotated.at] : [])].map(({ inode }) => inode));
      const late = leaving;
      leaving = [];
      const finish = async ({ at, part: given }: Rotated, isNew: boolean) => {
        const its = given ?? (await ask(at, signal));
        if (!isOf(at, its)) {
          stretch.gaps.push(GONE);
          return;
        }
        const { next, torn, isFresh, left } = take(at, its);
        if (left > 0 || (!last && (isNew || isFresh))) leaving.push(next);
        else if (torn !== '') stretch.lines.push(torn);
      };
      for (const at of late) await finish({ at }, false);
      if (rotated) await finish(rotated, true);
      const between =
        stays && !turned && was.from > 0 ? { inodes: [], gaps: [] } : betweenOf(interval, part, followed);
      for (const inode of between.inodes) {
        const at = beginningOf(inode);
        const whole = await ask(at, signal);
        if (!(await isCopy(was, part, whole, signal))) await finish({ at, part: whole }, true);
      }
      // A file of which it is known what became of it is not told twice.
      if (!stays && !rotated && (part.word !== 'gone' || between.gaps.length === 0))
        stretch.gaps.push(part.word === 'gone' ? GONE : EMPTIED);
      stretch.gaps.push(...between.gaps);
      turned = !stays;
      remember(part);
      current = stays ? was : beginningOf(part.now.inode);
      const its = stays ? part : await ask(current, signal);
      if (isOf(current, its)) current = take(current, its).next;
      return stretch;
    },
  };
}

function takenOf(at: Position, part: FilePart): Taken {
  const bytes = part.bytes.subarray(at.before.length);
  const end = bytes.lastIndexOf(LINE_END) + 1;
  const left = Math.max(0, part.size - part.start - part.bytes.length);
  const lines = wholeLines(bytes.toString('utf8', 0, end));
  const torn = bytes.toString('utf8', end);
  if (end > 0 || bytes.length < LARGEST_STRETCH)
    return { lines, next: behind(part.inode, at.from, bytes, at.before), torn, isFresh: end > 0, left };
  // No line is so long. It counts as one that cannot be read.
  const next = { inode: part.inode, from: at.from + bytes.length, before: bytes.subarray(-KNOWN_BY) };
  return { lines: [torn.slice(0, 80)], next, torn: '', isFresh: true, left };
}

/** The place behind the last whole line of what was read from `from` on. */
function behind(inode: string, from: number, bytes: Buffer, before: Buffer): Position {
  const end = bytes.lastIndexOf(LINE_END) + 1;
  const known = Buffer.concat([before, bytes.subarray(0, end)]);
  return { inode, from: from + end, before: Buffer.from(known.subarray(-KNOWN_BY)) };
}
