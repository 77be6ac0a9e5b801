import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { type Http, openHttp } from './index.ts';
import { failure } from './testing/http-rig.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that sends `head` and then `block` for as long as the client reads; and a client. */
async function endless(
  encoding: string,
  head: Buffer,
  block: Buffer,
): Promise<{ url: string; http: Http; sent: () => number }> {
  let sent = 0;
  const blocks = Buffer.concat(Array<Buffer>(Math.ceil(65_536 / block.length)).fill(block));
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': encoding });
    response.write(head);
    const more = () => {
      while (!response.destroyed && response.write(blocks)) sent += blocks.length;
    };
    response.on('drain', more);
    more();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const http = openHttp();
  closing.push(
    () => http.close(),
    () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, http, sent: () => sent };
}

const EMPTY = Buffer.from([0, 0, 0, 0xff, 0xff]);
const GZIP = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

test.each([
  ['zlib', 'deflate', Buffer.from([0x78, 0x01]), EMPTY],
  ['raw deflate', 'deflate', Buffer.alloc(0), EMPTY],
  ['gzip', 'gzip', GZIP, EMPTY],
  ['members of gzip that hold nothing', 'gzip', Buffer.alloc(0), gzipSync('')],
  ['gzip in gzip', 'gzip, gzip', Buffer.alloc(0), gzipSync(gzipSync(''))],
])(
  'blocks of %s without content and without end are given up at the limit, in little memory',
  async (_name, encoding, head, block) => {
    const { url, http, sent } = await endless(encoding, head, block);
    const before = process.memoryUsage.rss();
    const error = await failure(http.request({ url, maxBytes: 10 * 2 ** 20, deadline: 20_000 }));
    expect(error).toMatchObject({ phase: 'body', code: 'TOO_LARGE' });
    // 10 MiB are read; the rest is what the sockets hold.
    expect(sent()).toBeLessThan(30 * 2 ** 20);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
    const cut = await http.request({ url, maxBytes: 1000, overflow: 'cut', deadline: 20_000 });
    expect(cut).toMatchObject({ status: 200, truncated: true });
  },
  60_000,
);

test.each([
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const)(
  'what unpacks to a gigabyte is ended at the limit: %s',
  async (encoding, compress) => {
    const zeros = compress(Buffer.alloc(64 * 2 ** 20));
    const { url, http } = await endless(encoding, zeros, Buffer.alloc(65_536));
    const before = process.memoryUsage.rss();
    expect(await failure(http.request({ url, maxBytes: 2 ** 20 }))).toMatchObject({ code: 'TOO_LARGE' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
  },
  60_000,
);

test('a coded body as large as the limit is read whole, in pieces that wait for each other', async () => {
  const noise = Buffer.from(Array.from({ length: 2 ** 20 }, (_, index) => (index * 7919) % 251));
  const coded = gzipSync(noise);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    let at = 0;
    const more = () => {
      if (at >= coded.length) return void response.end();
      response.write(coded.subarray(at, (at += 777)));
      setImmediate(more);
    };
    more();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const http = openHttp();
  closing.push(
    () => http.close(),
    () => new Promise((done) => server.close(done)),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (let round = 0; round < 2; round += 1) {
    const answer = await http.request({ url, maxBytes: noise.length });
    expect(answer.body.equals(noise)).toBe(true);
    expect(answer.truncated).toBe(false);
  }
});
