import { randomBytes } from 'node:crypto';
import { cut, formatDuration, quote as quoteWords } from '@deploy-actions/kit';
import { quote } from './quote.ts';
import type { Program } from './session.ts';
import { SessionFailure } from './session-failure.ts';

/**
 * The only exec string that is ever sent. One line, no backslash, no `!`, no data: sh, csh and fish read it
 * alike. It reads a nonce and the script's length as lines, the script byte by byte exact (`dd` reads no
 * further, which `head` of busybox and dash's own `sh -s` do), says the nonce on both streams, so that
 * whatever a login script printed before is told apart, and leaves the rest of stdin to the script.
 */
export const BOOTSTRAP =
  "exec sh -c 'read -r n && read -r k && s=$(dd bs=$k count=1 iflag=fullblock 2>/dev/null) && " +
  'echo && echo $n && echo >&2 && echo $n >&2 && eval "$s"\'';

/** Most bytes that a login script may print before we say that no shell of ours runs. */
const NOISE_LIMIT = 1024 * 1024;

/** What to write first on stdin, and what the answer begins with. */
export interface Envelope {
  nonce: string;
  head: Buffer;
}

export function envelope(program: Pick<Program, 'script' | 'args'>, nonce = newNonce()): Envelope {
  // Words stand behind `--`, so that none is an option of `set`.
  const args = program.args?.length ? `set -- ${quote(program.args)}\n` : '';
  const script = Buffer.from(args + program.script);
  return { nonce, head: Buffer.concat([Buffer.from(`${nonce}\n${script.length}\n`), script]) };
}

function newNonce(): string {
  return randomBytes(18).toString('hex');
}

/** Passes on what follows the line that is the nonce; keeps what came before. */
export interface AnswerStream {
  push(bytes: Buffer): void;
  readonly begun: boolean;
  /** What was printed before the nonce. */
  noise(): string;
}

/** Calls `tooNoisy` once, with what was printed last, when more than NOISE_LIMIT bytes come before the nonce. */
export function answerStream(
  nonce: string,
  onBytes: (bytes: Buffer) => void,
  tooNoisy: (noise: string) => void = () => {},
): AnswerStream {
  const mark = Buffer.from(`\n${nonce}\n`);
  // In pieces as they came: what writes a few bytes at a time would have the whole copied a hundred thousand times.
  let pieces: Buffer[] = [];
  let size = 0;
  // The end of what came, where a mark may have begun.
  let tail: Buffer = Buffer.alloc(0);
  let begun = false;
  let noisy = false;
  const keep = (whole: Buffer) => {
    pieces = [whole];
    size = whole.length;
  };
  return {
    get begun() {
      return begun;
    },
    noise: () => Buffer.concat(pieces).toString('utf8').trim(),
    push(bytes) {
      if (noisy) return;
      if (begun) {
        if (bytes.length > 0) onBytes(bytes);
        return;
      }
      const searched = Buffer.concat([tail, bytes]);
      pieces.push(bytes);
      size += bytes.length;
      const at = searched.indexOf(mark);
      if (at < 0) {
        tail = searched.subarray(Math.max(0, searched.length - mark.length + 1));
        if (size > NOISE_LIMIT) {
          noisy = true;
          keep(Buffer.concat(pieces).subarray(-2000));
          tooNoisy(pieces[0]!.toString('utf8').trim());
        }
        return;
      }
      begun = true;
      const rest = searched.subarray(at + mark.length);
      keep(Buffer.concat(pieces, size - rest.length - mark.length));
      if (rest.length > 0) onBytes(rest);
    },
  };
}

/** The Failure for a login shell that prints and prints, and never begins our program. */
export function endlessNoise(where: string, noise: string): SessionFailure {
  return new SessionFailure(
    'no-shell',
    `${where} let us in, but printed more than ${NOISE_LIMIT >> 20} MiB and ran no program of ours`,
    {
      remedy:
        'The login shell must be a real one, without a forced command; look at what its start-up files print.',
      details: cut(noise, 2000),
    },
  );
}

/** The Failure for a login shell that neither begins our program nor ends within so many milliseconds. */
export function muteShell(where: string, within: number, noise: readonly string[]): SessionFailure {
  const said = noise.filter((text) => text !== '').join('\n');
  return new SessionFailure(
    'lost',
    `${where} let us in, but its shell began no program of ours within ${formatDuration(within)}`,
    {
      remedy:
        'Look whether the server is overloaded or its disk hangs, and whether the start-up files of the login shell wait for something.',
      ...(said === '' ? {} : { details: cut(said, 2000) }),
    },
  );
}

/**
 * The Failure for a login shell that ended before our program began, with its own words: what it said last is the reason
 * more often than what it said first, which may be a banner. `code` null: it closed without one.
 */
export function noShell(where: string, code: number | null, noise: readonly string[]): SessionFailure {
  const said = noise.filter((text) => text !== '').join('\n');
  const last = said.split('\n').findLast((line) => line.trim() !== '');
  const ended = code === null ? 'closed without an exit code' : `exit code ${code}`;
  const words = last === undefined ? 'and said nothing' : `and said ${quoteWords(last.trim())}`;
  return new SessionFailure(
    code === null ? 'lost' : 'no-shell',
    `${where} let us in but ran no program of ours (${ended}), ${words}`,
    {
      remedy:
        'The login shell must be a real one (`getent passwd USER` shows it, `chsh -s /bin/sh USER` sets it), without a forced command, its start-up files must not end it, and `sh`, `dd` must be on its PATH.',
      ...(said === '' ? {} : { details: cut(said, 2000) }),
    },
  );
}
