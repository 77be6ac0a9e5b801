// A client for Redis: one connection, commands in turn, made again after it was lost. Replies are strings or numbers.
import { connect as connectSocket } from 'node:net';

export function connectRedis(url) {
  const { hostname, port } = new URL(url ?? 'redis://127.0.0.1:6379');
  let socket;
  let waiting = [];
  let input = Buffer.alloc(0);

  return (...words) =>
    new Promise((resolve, reject) => {
      socket ??= open();
      const deadline = setTimeout(() => lose(new Error('redis does not answer')), 5_000);
      waiting.push({
        resolve: (value) => (clearTimeout(deadline), resolve(value)),
        reject: (error) => (clearTimeout(deadline), reject(error)),
      });
      const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    });

  function open() {
    const opened = connectSocket({ host: hostname, port: Number(port || 6379), noDelay: true });
    opened.on('error', (error) => lose(new Error(`redis ${hostname}: ${error.code ?? error.message}`)));
    opened.on('close', () => opened === socket && lose(new Error(`redis ${hostname}: connection closed`)));
    opened.on('data', (chunk) => {
      input = Buffer.concat([input, chunk]);
      for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
        const line = input.toString('utf8', 1, end);
        const kind = String.fromCharCode(input[0]);
        if (kind === '$' && line !== '-1') {
          const stop = end + 2 + Number(line);
          if (input.length < stop + 2) return;
          waiting.shift()?.resolve(input.toString('utf8', end + 2, stop));
          input = input.subarray(stop + 2);
          continue;
        }
        input = input.subarray(end + 2);
        if (kind === '-') waiting.shift()?.reject(new Error(line));
        else waiting.shift()?.resolve(kind === ':' ? Number(line) : kind === '$' ? null : line);
      }
    });
    return opened;
  }

  function lose(error) {
    socket?.destroy();
    socket = undefined;
    input = Buffer.alloc(0);
    for (const command of waiting.splice(0)) command.reject(error);
  }
}
