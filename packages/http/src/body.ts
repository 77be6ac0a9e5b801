import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { HttpError } from './error.ts';

/**
 * What to do with the rest of a body: `more` may come, `wait` until the collector resumes it, since what has come is not
 * decoded yet, or `enough`: a limit is reached.
 */
export type Appetite = 'more' | 'wait' | 'enough';

/** What a collector says when nobody asks it: decoding goes on beside reading. */
export interface Flow {
  /** A body that was told to wait may go on. */
  resume(): void;
  /** No more bytes are wanted. */
  enough(): void;
}

/** Takes the chunks of an answer's body and answers the decoded whole, never more than `maxBytes` of it. */
export interface BodyCollector {
  push(chunk: Buffer): Appetite;
  /** All bytes have come. */
  end(): Promise<{ body: Buffer; truncated: boolean }>;
  /** What has come so far is all there will be. */
  destroy(): void;
}

/** The Content-Encoding values that are decoded (RFC 9110, section 8.4.1; zstd where Node has it). */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

const KNOWN = new Set([
  'gzip',
  'x-gzip',
  'deflate',
  'br',
  ...('createZstdDecompress' in zlib ? ['zstd'] : []),
]);

/**
 * Never more than `maxBytes` are kept and little more is read, coded or not: an endless run of empty blocks unpacks to
 * nothing, and what comes faster than it is decoded waits with the server.
 *
 * @param encoding value of Content-Encoding; empty or `identity` for none
 * @param overflow what to do when the body, decoded, is larger: `error` rejects, `cut` keeps the beginning
 */
export function collectBody(
  encoding: string,
  maxBytes: number,
  overflow: 'error' | 'cut',
  where: string,
  flow: Flow,
): BodyCollector {
  const encodings = encoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    // `none` is no registered name, but some servers send it, and it can mean only one thing.
    .filter((name) => name !== '' && name !== 'identity' && name !== 'none');
  const plain = collectPlain(maxBytes, overflow, where);
  if (encodings.length === 0) return plain;
  const unknown = encodings.find((name) => !KNOWN.has(name));
  if (unknown !== undefined || encodings.length > 2)
    throw undecodable(where, unknown ?? encodings.join(', '));
  return collectDecoded(encodings.reverse(), plain, maxBytes, where, flow);
}

function collectPlain(maxBytes: number, overflow: 'error' | 'cut', where: string): PlainCollector {
  let chunks: Buffer[] = [];
  let size = 0;
  let full = false;
  return {
    push(chunk) {
      if (full) return 'enough';
      const room = maxBytes - size;
      full = chunk.length > room;
      chunks.push(full ? chunk.subarray(0, room) : chunk);
      size += Math.min(chunk.length, room);
      return full ? 'enough' : 'more';
    },
    fill() {
      full = true;
    },
    async end() {
      if (full && overflow === 'error') {
        throw new HttpError(`${where}: the answer is larger than ${maxBytes} bytes`, {
          phase: 'body',
          code: 'TOO_LARGE',
          sent: true,
        });
      }
      const body = Buffer.concat(chunks, size);
      chunks = [];
      return { body, truncated: full };
    },
    destroy() {
      chunks = [];
    },
  };
}

interface PlainCollector extends BodyCollector {
  /** Takes no more: there is more than fits. */
  fill(): void;
}

/** Coded bytes that are read beyond the limit for decoded ones: a coding may make a small body a little larger. */
const CODED_MARGIN = 64 * 1024;

/** Decodes as the bytes come, so that a small answer which unpacks to gigabytes stops at the limit. */
function collectDecoded(
  encodings: string[],
  plain: PlainCollector,
  maxBytes: number,
  where: string,
  flow: Flow,
): BodyCollector {
  let failure: unknown;
  let full = false;
  let overflowed = false;
  let bytes = 0;
  let head: Transform | undefined;
  const stages: Transform[] = [];
  let settle = () => {};
  let finished: Promise<void> = Promise.resolve();
  const build = (first: Buffer) => {
    for (const name of encodings) stages.push(decoder(name, first, where));
    head = stages[0]!;
    for (let i = 1; i < stages.length; i += 1) stages[i - 1]!.pipe(stages[i]!);
    finished = new Promise((done) => {
      for (const stage of stages) {
        stage.on('error', (error) => {
          failure ??= error;
          done();
          flow.enough();
        });
      }
      stages
        .at(-1)!
        .on('data', (chunk: Buffer) => {
          if (!full && plain.push(chunk) === 'enough') stop();
        })
        .on('end', done);
      settle = done;
    });
  };
  const stop = () => {
    full = true;
    for (const stage of stages) stage.destroy();
    settle();
    flow.enough();
  };
  return {
    push(chunk) {
      if (full || failure || overflowed) return 'enough';
      if (chunk.length === 0) return 'more';
      bytes += chunk.length;
      if (!head) build(chunk);
      if (bytes > maxBytes + CODED_MARGIN) {
        overflowed = true;
        return 'enough';
      }
      if (head!.write(chunk)) return 'more';
      head!.once('drain', flow.resume);
      return 'wait';
    },
    async end() {
      if (bytes > 0 && !full && !failure) head!.end();
      await finished;
      // What was read of it is decoded; that it breaks off there is our doing.
      if (overflowed) plain.fill();
      else if (failure && !full) {
        throw new HttpError(
          `${where}: the ${encodings.join(', ')} answer cannot be decoded: ${(failure as Error).message}`,
          {
            phase: 'body',
            code: 'UNDECODABLE',
            sent: true,
            cause: failure,
          },
        );
      }
      return await plain.end();
    },
    destroy() {
      for (const stage of stages) stage.destroy();
      plain.destroy();
    },
  };
}

function decoder(name: string, first: Buffer, where: string): Transform {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      // Meant is the zlib format; some servers send the bare one (RFC 9110, section 8.4.1.2).
      return (first[0]! & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      if ('createZstdDecompress' in zlib) return zlib.createZstdDecompress();
  }
  throw undecodable(where, name);
}

function undecodable(where: string, name: string): HttpError {
  return new HttpError(`${where}: the answer's Content-Encoding "${name}" is not known`, {
    phase: 'body',
    code: 'UNDECODABLE',
    sent: true,
  });
}
