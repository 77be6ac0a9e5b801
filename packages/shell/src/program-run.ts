import type { Readable, Writable } from 'node:stream';
import { type Clock, Failure, formatDuration } from '@deploy-actions/kit';
import { type AnswerStream, answerStream, endlessNoise, envelope, muteShell, noShell } from './bootstrap.ts';
import type { Outcome, Program } from './session.ts';
import { SessionFailure } from './session-failure.ts';

/** A process elsewhere that was started with the bootstrap: an SSH channel or a local child. */
export interface Started {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Resolves when the process has ended and both streams are read to their ends; null: no exit code came. */
  ended: Promise<number | null>;
  /** Ends it without ceremony. */
  abandon(): void;
}

/**
 * Sends a program to a started bootstrap and reads its answer. `gone` aborts when the connection is lost.
 * Only a numeric exit code is an outcome.
 */
export async function runStarted(
  started: Started,
  program: Program,
  ports: { name: string; clock: Clock; gone: AbortSignal },
): Promise<Outcome> {
  const { nonce, head } = envelope(program);
  const stop = new AbortController();
  const unfit = new AbortController();
  const tooMuch = () => {
    unfit.abort(
      new SessionFailure('lost', `a program on ${ports.name} printed more than ${MOST_COLLECTED >> 20} MiB`),
    );
  };
  const tooNoisy = (noise: string) => unfit.abort(endlessNoise(ports.name, noise));
  const out = collector(nonce, program.onStdout, tooMuch, tooNoisy);
  const err = collector(nonce, program.onStderr, tooMuch, tooNoisy);
  // Both are drained always: an unread stdout would stop stderr too.
  started.stdout.on('data', out.stream.push);
  started.stderr.on('data', err.stream.push);
  // By the machine's own timer: a wait for another's word is no step of a policy that a test's clock could shorten.
  const within = program.beginWithin ?? BEGIN_MS;
  const mute = setTimeout(() => {
    if (!out.stream.begun)
      unfit.abort(muteShell(ports.name, within, [out.stream.noise(), err.stream.noise()]));
  }, within);
  const interrupted = Promise.race([
    aborted(unfit.signal, stop.signal),
    aborted(ports.gone, stop.signal),
    aborted(program.signal, stop.signal),
    expiry(program, ports, stop.signal),
  ]);
  interrupted.catch(() => {});
  try {
    // An input that fails would leave the program waiting for the rest of it for ever.
    const inputFailed = new Promise<never>((_, reject) => {
      send(started.stdin, head, program.input).catch(reject);
    });
    const code = await Promise.race([started.ended, interrupted, inputFailed]);
    if (code === null) {
      const noise = [out.stream.noise(), err.stream.noise()];
      if (!out.stream.begun && noise.some((text) => text !== '')) throw noShell(ports.name, null, noise);
      throw new SessionFailure('lost', `the connection to ${ports.name} was cut while a program ran there`);
    }
    if (!out.stream.begun) throw noShell(ports.name, code, [out.stream.noise(), err.stream.noise()]);
    return { code, stdout: out.collected(), stderr: err.collected() };
  } catch (error) {
    started.abandon();
    throw error;
  } finally {
    clearTimeout(mute);
    stop.abort();
  }
}

/** Milliseconds for a login shell to begin our script: start-up files take seconds, a server that hangs takes for ever. */
const BEGIN_MS = 60_000;

/** What a program prints is kept up to this, unless somebody takes it as it comes. */
const MOST_COLLECTED = 64 * 2 ** 20;

function collector(
  nonce: string,
  onBytes: ((bytes: Buffer) => void) | undefined,
  tooMuch: () => void,
  tooNoisy: (noise: string) => void,
): { stream: AnswerStream; collected(): Buffer } {
  const chunks: Buffer[] = [];
  let size = 0;
  const keep = (bytes: Buffer) => {
    size += bytes.length;
    if (size > MOST_COLLECTED) tooMuch();
    else chunks.push(bytes);
  };
  const stream = answerStream(nonce, onBytes ?? keep, tooNoisy);
  return { stream, collected: () => Buffer.concat(chunks) };
}

/** Writes all of it, at the pace of the other side. A program that ends without reading is no error. */
async function send(stdin: Writable, head: Buffer, input: Program['input']): Promise<void> {
  let broken = false;
  stdin.on('error', () => {
    broken = true;
  });
  stdin.write(head);
  if (input !== undefined) {
    const chunks =
      typeof input === 'string' || Buffer.isBuffer(input) ? [Buffer.from(input as string)] : input;
    for await (const chunk of chunks) {
      if (broken || stdin.destroyed) return;
      if (!stdin.write(chunk)) await drained(stdin);
    }
  }
  stdin.end();
}

function drained(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) stdin.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stdin.on(event, done);
  });
}

/** Rejects with the signal's reason when it aborts; never settles otherwise. */
export function aborted(signal: AbortSignal | undefined, until?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (!signal) return;
    const fail = () => {
      const { reason } = signal;
      reject(
        reason instanceof Failure
          ? reason
          : new SessionFailure('cancelled', 'the work was cancelled', { cause: reason }),
      );
    };
    if (signal.aborted) fail();
    else {
      signal.addEventListener('abort', fail, { once: true });
      until?.addEventListener('abort', () => signal.removeEventListener('abort', fail), { once: true });
    }
  });
}

async function expiry(
  program: Program,
  ports: { name: string; clock: Clock },
  until: AbortSignal,
): Promise<never> {
  const { timeout } = program;
  if (timeout === undefined) return await new Promise<never>(() => {});
  await ports.clock.sleep(timeout, until);
  throw new SessionFailure(
    'timed-out',
    `a program on ${ports.name} took longer than ${formatDuration(timeout)}`,
  );
}
