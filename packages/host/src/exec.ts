import { randomBytes } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import { type Program, type Session, SessionFailure } from '@deploy-actions/shell';
import { type Frame, frameReader } from './frames.ts';
import { failureKind } from './result.ts';

/** A name that nobody else has. */
export function freshName(): string {
  return randomBytes(12).toString('hex');
}

/**
 * Runs an entry script and hands over its frames as they come. Throws the Failure that the script refused
 * with, and a `lost` SessionFailure when it ended early: its frames alone say what happened.
 */
export async function runEntry(
  session: Session,
  program: Omit<Program, 'onStdout' | 'onStderr'> & { onStderr?: Program['onStderr'] },
  onFrame: (frame: Frame) => void,
): Promise<void> {
  const refused: Record<string, string> = {};
  const stderr: Buffer[] = [];
  let broken: unknown;
  const read = frameReader((frame) => {
    if (frame.type === 'kind' || frame.type === 'message' || frame.type === 'remedy') {
      refused[frame.type] = frame.payload.toString('utf8');
    } else onFrame(frame);
  });
  const { code } = await session.run({
    ...program,
    onStdout(bytes) {
      if (broken !== undefined) return;
      try {
        read(bytes);
      } catch (error) {
        broken = error;
      }
    },
    onStderr(bytes) {
      if (program.onStderr) program.onStderr(bytes);
      if (stderr.length < 50) stderr.push(bytes.subarray(0, 4000));
    },
  });
  const details = Buffer.concat(stderr).toString('utf8').trim();
  if (refused['kind'] !== undefined) {
    throw new Failure(failureKind(refused['kind']), refused['message'] ?? 'the server refused', {
      remedy: refused['remedy'] || undefined,
      details: details || undefined,
    });
  }
  if (broken !== undefined) throw broken;
  if (code !== 0) {
    throw new SessionFailure('lost', `a program on ${session.name} was ended early (exit code ${code})`, {
      details: details || undefined,
    });
  }
}
