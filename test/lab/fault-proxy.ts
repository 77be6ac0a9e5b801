import { type IncomingMessage, type ServerResponse, createServer, request as send } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What becomes of one answer. */
export type Fault =
  /** This instead of what the server says. */
  | { answer: number; headers?: Record<string, string>; body?: string }
  /** The body breaks off after so many bytes, and the connection with it. */
  | { truncate: number }
  /** One bit of the body is another. */
  | { corrupt: true }
  /** A redirect to the same path at another origin. */
  | { redirect: string }
  /** One byte of the body in so many milliseconds. */
  | { drip: number };

export interface ProxiedRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface FaultProxy {
  /** `127.0.0.1:port` */
  host: string;
  requests: ProxiedRequest[];
  /** Bytes that went to clients, heads included. */
  bytes(): number;
  /** Asked for every request; undefined lets the answer through. */
  fault: ((request: ProxiedRequest) => Fault | undefined) | undefined;
  close(): Promise<void>;
}

/** An HTTP proxy in front of one server (`host:port`) that spoils answers as it is told. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  let closedBytes = 0;
  const [hostname, port] = target.split(':') as [string, string];

  const server = createServer((incoming, outgoing) => {
    const asked = { method: incoming.method!, url: incoming.url!, headers: incoming.headers };
    requests.push(asked);
    const fault = proxy.fault?.(asked);
    if (fault && 'answer' in fault) {
      outgoing.writeHead(fault.answer, { 'content-type': 'application/json', ...fault.headers });
      outgoing.end(asked.method === 'HEAD' ? undefined : (fault.body ?? ''));
    } else if (fault && 'redirect' in fault) {
      outgoing.writeHead(307, { location: `${fault.redirect}${asked.url}` }).end();
    } else {
      forward(incoming, outgoing, fault);
    }
  });

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined) {
    const onward = send(
      {
        hostname,
        port,
        method: incoming.method,
        path: incoming.url,
        headers: { ...incoming.headers, host: target },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const body = Buffer.concat(chunks);
          outgoing.writeHead(answer.statusCode!, answer.headers);
          if (incoming.method === 'HEAD' || !fault) return void outgoing.end(body);
          if ('corrupt' in fault) {
            if (body.length > 0) body[body.length >> 1]! ^= 1;
            outgoing.end(body);
          } else if ('truncate' in fault) {
            outgoing.write(body.subarray(0, fault.truncate), () => outgoing.destroy());
          } else if ('drip' in fault) {
            drip(outgoing, body, fault.drip);
          }
        });
      },
    );
    onward.on('error', () => outgoing.destroy());
    onward.end();
  }

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      closedBytes += socket.bytesWritten;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

  const proxy: FaultProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fault: undefined,
    bytes: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, closedBytes),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return proxy;
}

function drip(outgoing: ServerResponse, body: Buffer, every: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent >= body.length || outgoing.destroyed) {
      clearInterval(timer);
      outgoing.end();
    } else {
      outgoing.write(body.subarray(sent, (sent += 1)));
    }
  }, every);
}
