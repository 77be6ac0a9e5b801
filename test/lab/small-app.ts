/**
 * An application of one file: small, with a WebSocket, a slow answer and its own version. By its environment: APP_FAULT is
 * `errors` (500, but for /health) or `sick` (500 everywhere); PORT, or 8080; READY_AFTER milliseconds it listens and answers
 * 503, so that who is led to it too early loses requests; STOPS=at-once: it does not wait for what is under way, so that
 * what is lost then is lost by the change.
 */
export const SMALL_APP = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
const { APP_VERSION: version, APP_FAULT: fault, STOPS: stops } = process.env;
const ready = Date.now() + Number(process.env.READY_AFTER ?? 0);
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const url = new URL(request.url, 'http://app');
    const answer = () => {
      const fails = fault === 'sick' || (fault === 'errors' && url.pathname !== '/health');
      response.statusCode = Date.now() < ready ? 503 : fails ? 500 : 200;
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-app-version', version);
      response.end(JSON.stringify({ version, path: url.pathname, host: request.headers.host }));
    };
    if (url.pathname === '/slow') setTimeout(answer, Number(url.searchParams.get('ms') ?? 1500));
    else answer();
  });
});
server.keepAliveTimeout = 75000;
server.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nX-App-Version: ' + version + '\\r\\nSec-WebSocket-Accept: ' + key + '\\r\\n\\r\\n');
  socket.on('error', () => {});
  socket.on('data', () => {});
});
server.listen(Number(process.env.PORT ?? 8080));
process.on('SIGTERM', () => (stops === 'at-once' ? process.exit(0) : server.close(() => process.exit(0))));
`;
