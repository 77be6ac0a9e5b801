import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { answer } from './answer.ts';
import type { Inside } from './call.ts';

/**
 * Answers calls of docker in this process, which takes a twentieth of the time that a process of Node for each call does. The
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
    const heard = wordsOf(client);
    const say = (...texts: string[]) => void client.write(texts.map((text) => `${text}\0`).join(''));
    const tell = (stream: 'out' | 'err', text: string) =>
      void client.write(`${stream} ${Buffer.byteLength(text)}\0${text}`);
    const run = async ({ words, env, isInteractive }: Inside): Promise<number> => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const asked = [isInteractive ? 'stdin' : '', String(variables.length), ...variables, ...words];
      say(`run ${asked.length}`, ...asked);
      return Number(await heard(1));
    };
    void (async () => {
      const [count = ''] = await heard(1);
      const [cwd = '', ...words] = await heard(1 + Number(count));
      const code = await answer(folder, words, {
        cwd,
        out: (text) => tell('out', text),
        err: (text) => tell('err', text),
        run,
        signal: gone.signal,
      });
      client.end(`exit ${code}\0`);
    })();
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

/** Answers what takes words from a client, each of which ends with a NUL. Of a client that is gone none come any more. */
function wordsOf(client: net.Socket): (count: number) => Promise<string[]> {
  let text = Buffer.alloc(0);
  let wanted: { count: number; resolve(words: string[]): void } | undefined;
  const give = () => {
    if (!wanted) return;
    const words = text.toString().split('\0');
    // What stands behind the last NUL has not come as a whole.
    if (words.length <= wanted.count) return;
    const taken = words.slice(0, wanted.count);
    text = text.subarray(Buffer.byteLength(taken.join('\0')) + 1);
    const { resolve } = wanted;
    wanted = undefined;
    resolve(taken);
  };
  client.on('data', (more: Buffer) => {
    text = Buffer.concat([text, more]);
    give();
  });
  return (count) =>
    new Promise((resolve) => {
      wanted = { count, resolve };
      give();
    });
}
