import { randomBytes } from 'node:crypto';
import { Failure, formatDuration, messageOf } from '@deploy-actions/kit';
import { type Program, type Session, SessionFailure } from '@deploy-actions/shell';
import { type Frame, frameReader } from './frames.ts';
import { failureCause } from './result.ts';

/** A name that nobody else has. */
export function freshName(): string {
  return randomBytes(12).toString('hex');
}

/** Milliseconds without a frame after which whoever follows gives up: a program of ours says `alive` far more often. */
export const SILENCE_MS = 60_000;

/** Bytes on stderr after which a server is not listened to any longer; ours print a few lines there. */
const MOST_NOISE = 16 * 2 ** 20;

/** Milliseconds for an answer that a server has at hand. */
export const ANSWER_MS = 60_000;

/** What ends an exec whose server hangs; each must say one of them. */
type Limit =
  | {
      /** Milliseconds without a frame, and without a piece of input taken, after which the exec is given up. */
      silence: number;
    }
  | {
      /** Milliseconds for the whole exec. */
      timeout: number;
    };

/**
 * Runs an entry script and hands over its frames as they come. Throws the Failure that the script refused
 * with, and a `lost` SessionFailure when it ended early, sent something else than frames (or a frame that `onFrame`
 * throws on), nothing for `silence` or nothing that ends it within `timeout`: its frames alone say what happened.
 */
export async function runEntry(
  session: Session,
  program: Omit<Program, 'onStdout' | 'onStderr' | 'timeout'> & { onStderr?: Program['onStderr'] } & Limit,
  onFrame: (frame: Frame) => void,
): Promise<void> {
  const { signal, ...limited } = program;
  const { silence, ...rest } = { silence: undefined, ...limited };
  const refused: Record<string, string> = {};
  const stderr: Buffer[] = [];
  let noise = 0;
  // Whatever is wrong with what came, nothing more is read, and the program over there loses its reader.
  const enough = new AbortController();
  const read = frameReader((frame) => {
    if (['kind', 'code', 'message', 'remedy'].includes(frame.type)) {
      refused[frame.type] = frame.payload.toString('utf8');
    } else onFrame(frame);
  });
  const watch = silence === undefined ? undefined : silenceWatch(silence, session.name, enough);
  const details = () => Buffer.concat(stderr).toString('utf8').trim() || undefined;
  let code: number;
  try {
    ({ code } = await session.run({
      ...rest,
      ...(rest.input !== undefined && watch ? { input: touching(rest.input, watch.heard) } : {}),
      signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
      onStdout(bytes) {
        if (enough.signal.aborted) return;
        watch?.heard();
        try {
          read(bytes);
        } catch (error) {
          enough.abort(error instanceof Failure ? error : garbled(session.name, error, details()));
        }
      },
      onStderr(bytes) {
        noise += bytes.length;
        if (noise > MOST_NOISE && !enough.signal.aborted) {
          const what = new Error(`it printed more than ${MOST_NOISE >> 20} MiB beside its answer`);
          enough.abort(garbled(session.name, what, details()));
        }
        if (enough.signal.aborted) return;
        program.onStderr?.(bytes);
        if (stderr.length < 50) stderr.push(bytes.subarray(0, 4000));
      },
    }));
  } finally {
    watch?.end();
  }
  if (refused['kind'] !== undefined) {
    const { kind, code: why } = failureCause(refused['kind'], refused['code']);
    throw new Failure(kind, refused['message'] ?? 'the server refused', {
      code: why,
      remedy: refused['remedy'] || undefined,
      details: details(),
    });
  }
  // The program may have ended by itself in the moment in which its last frame was found to be none.
  enough.signal.throwIfAborted();
  if (code !== 0) {
    throw new SessionFailure('lost', `a program on ${session.name} was ended early (exit code ${code})`, {
      details: details(),
    });
  }
}

function garbled(name: string, cause: unknown, details: string | undefined): SessionFailure {
  return new SessionFailure('lost', `${name} did not answer as a program of ours does: ${messageOf(cause)}`, {
    cause,
    details,
    remedy:
      'Look at what else answers there; the program itself goes on. Run this again to hear what became of it.',
  });
}

/**
 * Aborts `enough` once nothing has been heard for so long. By the machine's own timers: a wait for another's word is no
 * step of a policy that a test's clock could shorten.
 */
function silenceWatch(
  silence: number,
  name: string,
  enough: AbortController,
): { heard(): void; end(): void } {
  const timer = setTimeout(() => {
    enough.abort(
      new SessionFailure('lost', `${name} stayed connected but said nothing for ${formatDuration(silence)}`, {
        remedy:
          'Look whether the server is overloaded; the program there goes on. Run this again to follow it.',
      }),
    );
  }, silence);
  return {
    heard: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  };
}

/** The same input, and a word at each piece that the other side took. */
async function* touching(input: NonNullable<Program['input']>, heard: () => void): AsyncGenerator<Buffer> {
  const chunks = typeof input === 'string' || Buffer.isBuffer(input) ? [Buffer.from(input as string)] : input;
  for await (const chunk of chunks) {
    heard();
    yield chunk;
  }
}
