// Stands in for MinIO, which the lab has no image of: its health, and objects that are put and got, in memory.
import { createServer } from 'node:http';

const objects = new Map();

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (request.url === '/minio/health/live') return response.end();
    if (request.method === 'PUT') {
      objects.set(request.url, Buffer.concat(parts));
      return response.end();
    }
    const found = objects.get(request.url);
    return response.writeHead(found ? 200 : 404).end(found);
  });
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen(9000);
