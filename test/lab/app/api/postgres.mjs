// A client for PostgreSQL's protocol, version 3: one connection, queries in turn, made again after it was lost.
import { connect as connectSocket } from 'node:net';

export function connect(url) {
  const { hostname, port, username, password, pathname } = new URL(url ?? 'postgres://shop@127.0.0.1/shop');
  let session;

  return {
    /** Rows as objects of strings. Rejects when the server says so or cannot be reached. */
    query: async (text, values = []) => {
      session ??= open().catch((error) => {
        session = undefined;
        throw error;
      });
      return (await session).query(text, values);
    },
    close: async () => (await session?.catch(() => undefined))?.end(),
  };

  function open() {
    return new Promise((resolve, reject) => {
      const socket = connectSocket({ host: hostname, port: Number(port || 5432), noDelay: true });
      const waiting = [];
      let input = Buffer.alloc(0);
      let ready = false;
      let current;

      const lost = (error) => {
        session = undefined;
        socket.destroy();
        reject(error);
        for (const query of waiting.splice(0)) query.reject(error);
      };
      socket.setTimeout(
        10_000,
        () => (waiting.length > 0 || !ready) && lost(new Error('the database does not answer')),
      );
      socket.on('error', (error) => lost(new Error(`database ${hostname}: ${error.code ?? error.message}`)));
      socket.on('close', () => lost(new Error(`database ${hostname}: connection closed`)));
      socket.on('connect', () => {
        const user = decodeURIComponent(username);
        const database = pathname.slice(1) || user;
        const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`, 'latin1');
        socket.write(Buffer.concat([int32(body.length + 4), body]));
      });
      socket.on('data', (chunk) => {
        input = Buffer.concat([input, chunk]);
        while (input.length >= 5) {
          const length = input.readInt32BE(1);
          if (input.length < length + 1) break;
          receive(String.fromCharCode(input[0]), input.subarray(5, length + 1));
          input = input.subarray(length + 1);
        }
      });

      function receive(type, body) {
        current ??= { rows: [], columns: [], error: undefined };
        if (type === 'R') {
          const kind = body.readInt32BE(0);
          if (kind === 3) socket.write(message('p', Buffer.from(`${decodeURIComponent(password)}\0`)));
          else if (kind !== 0)
            lost(new Error(`database ${hostname}: authentication ${kind} is not supported`));
        } else if (type === 'T') {
          current.columns = columns(body);
        } else if (type === 'D') {
          current.rows.push(row(body, current.columns));
        } else if (type === 'E') {
          current.error = new Error(fields(body).M);
        } else if (type === 'Z') {
          const { rows, error } = current;
          current = undefined;
          if (!ready) {
            ready = true;
            resolve({ query, end: () => socket.end(message('X', Buffer.alloc(0))) });
            return;
          }
          const query_ = waiting.shift();
          if (error === undefined) query_?.resolve(rows);
          else query_?.reject(error);
        }
        if (type === 'E' && !ready) lost(current.error);
      }

      function query(text, values) {
        return new Promise((resolve, reject) => {
          waiting.push({ resolve, reject });
          const parameters = values.map((value) => {
            if (value === null || value === undefined) return int32(-1);
            const bytes = Buffer.from(String(value));
            return Buffer.concat([int32(bytes.length), bytes]);
          });
          if (values.length === 0) {
            // The simple protocol takes several statements at once, as migrations have them.
            socket.write(message('Q', Buffer.from(`${text}\0`)));
            return;
          }
          const bind = Buffer.concat([
            Buffer.from('\0\0'),
            int16(0),
            int16(values.length),
            ...parameters,
            int16(0),
          ]);
          socket.write(
            Buffer.concat([
              message('P', Buffer.concat([Buffer.from(`\0${text}\0`), int16(0)])),
              message('B', bind),
              message('D', Buffer.from('P\0')),
              message('E', Buffer.concat([Buffer.from('\0'), int32(0)])),
              message('S', Buffer.alloc(0)),
            ]),
          );
        });
      }
    });
  }
}

function message(type, body) {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}
function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
function columns(body) {
  const names = [];
  let at = 2;
  for (let count = body.readInt16BE(0); count > 0; count -= 1) {
    const end = body.indexOf(0, at);
    names.push(body.toString('utf8', at, end));
    at = end + 19;
  }
  return names;
}
function row(body, names) {
  const values = {};
  let at = 2;
  for (const name of names) {
    const length = body.readInt32BE(at);
    at += 4;
    values[name] = length < 0 ? null : body.toString('utf8', at, at + length);
    at += Math.max(length, 0);
  }
  return values;
}
function fields(body) {
  const found = {};
  for (const part of body.toString('utf8').split('\0')) found[part[0]] ??= part.slice(1);
  return found;
}
