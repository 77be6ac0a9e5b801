import { createServer } from 'node:net';

/** Below the range from which Linux takes the ports of outgoing connections, so that a port stays free over a restart. */
const FIRST = 20_000;
const COUNT = 10_000;

const given = new Set<number>();

/** Ports on 127.0.0.1 that nothing listens on now. Another process may still be faster: callers try again. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
