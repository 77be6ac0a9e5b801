import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { openHttp } from './index.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server whose accept queue is full for a while: its event loop stands still, and its backlog is one. */
const BUSY = `
const server = require('node:http').createServer((_q, s) => s.end('ok'));
server.listen({ port: 0, host: process.argv[1], backlog: 1 }, () => {
  console.log(server.address().port);
  process.stdin.once('data', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900));
});`;

test.each([
  ['127.0.0.1', 'localhost'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', 'localhost'],
])(
  'a server at %s with a full accept queue answers as %s: no address is given up early',
  async (host, name) => {
    const child = spawn(process.execPath, ['-e', BUSY, host], { stdio: ['pipe', 'pipe', 'inherit'] });
    ends.push(() => child.kill());
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line);
    const fill: Socket[] = [];
    ends.push(() => fill.forEach((socket) => socket.destroy()));
    child.stdin.write('x');
    for (let count = 0; count < 6; count += 1) {
      const socket = connect({ host, port });
      socket.on('error', () => {});
      fill.push(socket);
    }
    const http = openHttp();
    ends.push(() => http.close());
    const answer = await http.request({ url: `http://${name}:${port}/`, connectTimeout: 8000 });
    expect(answer.status).toBe(200);
  },
  20_000,
);

test('where no address answers, the first refusal is told, at once', async () => {
  const http = openHttp();
  ends.push(() => http.close());
  const started = performance.now();
  await expect(http.request({ url: 'http://localhost:1/' })).rejects.toThrow(
    'localhost:1: connection refused',
  );
  expect(performance.now() - started).toBeLessThan(1000);
});
