import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A way to a port of a server that can be slow, lossy or cut. */
export interface Link {
  readonly address: '127.0.0.1';
  readonly port: number;
  /** How many connections it has accepted so far. */
  readonly connections: number;
  /** Bytes carried so far: `up` from the client to the server. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** Changes delay, loss and rate for what is sent from now on. */
  shape(options: LinkShape): void;
  /** Resets every connection that is open now. New ones are accepted. */
  cut(): void;
  /** Resets the open connections as soon as so many bytes more have been carried in one direction. */
  cutAfter(bytes: { readonly up?: number; readonly down?: number }): void;
  /** Carries nothing more, and says so to nobody, like a pulled cable; new connections get no answer. */
  freeze(): void;
  /** Resets the open connections, and every new one at once. */
  refuse(): void;
  /** After `freeze` or `refuse`: carries again. What was held back is delivered. */
  mend(): void;
  close(): Promise<void>;
}

export interface LinkShape {
  /** One-way delay in each direction, in milliseconds: half of the round trip. */
  readonly delayMs?: number;
  /** The share of chunks that are "lost": TCP sends them again after about 200 ms, so they come later. */
  readonly loss?: number;
  /** In each direction. */
  readonly bytesPerSecond?: number;
}

const RETRANSMISSION_MS = 200;
/** What may be under way in one direction of one connection before the sender is held back. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * A TCP proxy on 127.0.0.1 in front of `port` on 127.0.0.1, for kernels without netem.
 * The handshake costs its round trip too: what the client sends first is held back as if it had had to wait for it.
 */
export async function openLink(port: number, shape: LinkShape = {}): Promise<Link> {
  let delayMs = shape.delayMs ?? 0;
  let loss = shape.loss ?? 0;
  let bytesPerSecond = shape.bytesPerSecond ?? Infinity;
  let frozen = false;
  let refusing = false;
  let connections = 0;
  const carried = { up: 0, down: 0 };
  const limit = { up: Infinity, down: Infinity };
  const pairs = new Set<() => void>();
  const thawed = new Set<() => void>();

  const reset = () => {
    limit.up = limit.down = Infinity;
    for (const end of [...pairs]) end();
  };

  const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => {});
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    connections += 1;
    const start = Date.now();
    const opening = new Set<NodeJS.Timeout>();
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    // The server is reached half a round trip later; it speaks first in SSH.
    upstream.pause();
    const end = () => {
      pairs.delete(end);
      for (const timer of opening) clearTimeout(timer);
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    pairs.add(end);
    client.on('error', end);
    upstream.on('error', end);
    let closed = 0;
    for (const socket of [client, upstream]) {
      socket.on('close', () => {
        closed += 1;
        if (closed === 2) pairs.delete(end);
      });
    }
    carry('up', client, upstream, start + 2 * delayMs);
    carry('down', upstream, client, start + delayMs);

    function carry(direction: 'up' | 'down', from: Socket, to: Socket, notBefore: number): void {
      const queue: { chunk: Buffer | undefined; at: number }[] = [];
      let queued = 0;
      let lineFree = 0;
      let timer: NodeJS.Timeout | undefined;

      const enqueue = (chunk: Buffer | undefined) => {
        const sent = Math.max(Date.now(), notBefore, lineFree);
        const size = chunk?.length ?? 0;
        lineFree = sent + (size / bytesPerSecond) * 1000;
        const lost = loss > 0 && Math.random() < loss ? RETRANSMISSION_MS : 0;
        // In order: a chunk that is late makes all behind it late, as in TCP.
        const at = Math.max(lineFree + delayMs + lost, queue.at(-1)?.at ?? 0);
        queue.push({ chunk, at });
        queued += size;
        if (queued > WINDOW_BYTES) from.pause();
        deliver();
      };
      const deliver = () => {
        clearTimeout(timer);
        if (timer !== undefined) opening.delete(timer);
        timer = undefined;
        while (!frozen && queue[0] !== undefined && queue[0].at <= Date.now()) {
          const { chunk } = queue.shift() as { chunk: Buffer | undefined };
          if (to.destroyed) return;
          if (chunk === undefined) {
            to.end();
            continue;
          }
          queued -= chunk.length;
          to.write(chunk);
          carried[direction] += chunk.length;
          limit[direction] -= chunk.length;
          if (limit[direction] <= 0) {
            reset();
            return;
          }
          if (queued <= WINDOW_BYTES && from.isPaused()) from.resume();
        }
        if (frozen) {
          thawed.add(deliver);
        } else if (queue[0] !== undefined) {
          timer = setTimeout(deliver, queue[0].at - Date.now());
          opening.add(timer);
        }
      };
      from.on('data', enqueue);
      from.on('end', () => enqueue(undefined));
      from.on('close', () => thawed.delete(deliver));
      from.resume();
    }
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  return {
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get bytes() {
      return { ...carried };
    },
    shape: (options) => {
      delayMs = options.delayMs ?? delayMs;
      loss = options.loss ?? loss;
      bytesPerSecond = options.bytesPerSecond ?? bytesPerSecond;
    },
    cut: reset,
    cutAfter: ({ up, down }) => {
      limit.up = up ?? Infinity;
      limit.down = down ?? Infinity;
    },
    freeze: () => {
      frozen = true;
    },
    refuse: () => {
      refusing = true;
      reset();
    },
    mend: () => {
      frozen = false;
      refusing = false;
      for (const deliver of [...thawed]) {
        thawed.delete(deliver);
        deliver();
      }
    },
    close: () =>
      new Promise((resolve) => {
        reset();
        server.close(() => resolve());
      }),
  };
}
