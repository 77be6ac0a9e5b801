import { type RequestListener, type Server as HttpServer, createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, type Server, type Socket, createServer as createTcp } from 'node:net';
import type { TestCertificate } from './certificate.ts';

/** A real server on loopback, for tests of timing and faults. */
export interface TinyServer {
  /** `http://127.0.0.1:12345`, no slash at the end. */
  url: string;
  port: number;
  close(): Promise<void>;
}

export async function serveHttp(
  listener: RequestListener,
  host = '127.0.0.1',
  port = 0,
): Promise<TinyServer> {
  return await started(createHttp({ keepAliveTimeout: 60_000 }, listener), 'http', host, port);
}

export async function serveHttps(
  certificate: TestCertificate,
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<TinyServer> {
  return await started(
    createHttps({ cert: certificate.cert, key: certificate.key }, listener),
    'https',
    host,
    0,
  );
}

/** A server that handles bare connections: half-open ones, drips, nonsense. */
export async function serveTcp(
  onConnection: (socket: Socket) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<TinyServer> {
  return await started(
    createTcp((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    }),
    'http',
    host,
    port,
  );
}

async function started(
  server: Server | HttpServer,
  scheme: string,
  host: string,
  port: number,
): Promise<TinyServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, done);
  });
  const address = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${scheme}://${name}:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A port on loopback on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await serveTcp((socket) => socket.destroy());
  await server.close();
  return server.port;
}
