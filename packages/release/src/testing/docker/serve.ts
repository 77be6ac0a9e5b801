import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { answer } from './answer.ts';

/**
 * Answers calls of docker in this process, which takes a twentieth of the time that a process for each call does. The
 * client is `docker-client`, which finds the port in that file. Answers what ends it.
 */
export function serve(folder: string, portFile: string): () => void {
  const clients = new Set<net.Socket>();
  const server = net.createServer((client) => {
    clients.add(client);
    const gone = new AbortController();
    client.on('close', () => {
      clients.delete(client);
      gone.abort();
    });
    // A client that was killed is gone, and nothing else.
    client.on('error', () => undefined);
    let asked = Buffer.alloc(0);
    client.on('data', (more: Buffer) => {
      asked = Buffer.concat([asked, more]);
      const [count, cwd, ...words] = asked.toString().split('\0');
      // Behind the last word there is a NUL too.
      if (words.length <= Number(count)) return;
      words.pop();
      client.removeAllListeners('data');
      if (takesProcess(words)) {
        client.end('process\0');
        return;
      }
      const say = (text: string) => void client.write(`${text}\0`);
      void answer(folder, words, {
        cwd: cwd!,
        out: (text) => say(`1${text}`),
        err: (text) => say(`2${text}`),
        signal: gone.signal,
      }).then((code) => client.end(`exit ${code}\0`));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    writeFileSync(portFile, `${(server.address() as net.AddressInfo).port}\n`);
  });
  server.unref();
  return () => {
    server.close();
    for (const client of clients) client.destroy();
  };
}

/** What runs in a container has the stdin, the environment and the group of the client's process. */
function takesProcess(words: readonly string[]): boolean {
  return words.includes('exec');
}
