import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TlsOptions, createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Http, HttpError, openHttp } from './index.ts';

/** What is said of each answer; a status and body where it is taken. Names of fields and rules are RFC 9110's and 9112's. */
const OK = 'HTTP/1.1 200 OK\r\n';
const ANSWERS: [name: string, answer: string, wanted: string][] = [
  [
    '100 Continue unasked',
    `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    'the server sent 100 Continue, which nobody asked for',
  ],
  [
    '103 Early Hints',
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    '200 ok',
  ],
  [
    '101 unasked',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'the server sent 101 Switching Protocols, which nobody asked for',
  ],
  [
    'Transfer-Encoding, then Content-Length',
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'the answer is not HTTP: it has both Transfer-Encoding and Content-Length, as in request smuggling',
  ],
  [
    'Content-Length, then Transfer-Encoding',
    `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'the answer is not HTTP: it has both Transfer-Encoding and Content-Length, as in request smuggling',
  ],
  [
    'Content-Length twice, equal',
    `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
    'the answer is not HTTP: it has Content-Length more than once (2 and 2)',
  ],
  [
    'Content-Length twice, different',
    `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
    'the answer is not HTTP: it has Content-Length more than once (2 and 3)',
  ],
  [
    'Content-Length as a list',
    `${OK}Content-Length: 2, 2\r\n\r\nok`,
    'the answer is not HTTP: it has Content-Length more than once (2, 2)',
  ],
  ['a negative Content-Length', `${OK}Content-Length: -1\r\n\r\nok`, 'its Content-Length is no number'],
  ['more than Content-Length', `${OK}Content-Length: 2\r\n\r\nokay`, '200 ok'],
  [
    'less than Content-Length',
    `${OK}Content-Length: 9\r\n\r\nok`,
    'connection closed in the middle of the answer',
  ],
  [
    'bare LF in the head',
    'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
    'the answer is not HTTP: a line of its head ends with LF alone, not with CRLF',
  ],
  [
    'bare LF after one field',
    `${OK}A: b\nContent-Length: 2\r\n\r\nok`,
    'a line of its head ends with LF alone, not with CRLF',
  ],
  [
    'bare CR after one field',
    `${OK}A: b\rContent-Length: 2\r\n\r\nok`,
    'a line of its head ends with CR alone, not with CRLF',
  ],
  ['a folded field', `${OK}A: b\r\n c\r\nContent-Length: 2\r\n\r\nok`, '200 ok'],
  [
    'NUL in a field',
    `${OK}A: b\0c\r\nContent-Length: 2\r\n\r\nok`,
    'a header line holds a character that may not stand there, or no colon',
  ],
  [
    'a field without a colon',
    `${OK}nonsense\r\nContent-Length: 2\r\n\r\nok`,
    'a header line holds a character that may not stand there, or no colon',
  ],
  [
    'a chunk size that is none',
    `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n`,
    'the answer is broken HTTP: the size of a chunk is no hexadecimal number',
  ],
  [
    'chunks with bare LF',
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n`,
    'the answer is broken HTTP: the size of a chunk is no hexadecimal number',
  ],
  ['HTTP/0.9', 'hello', 'the answer is not HTTP: it does not begin with HTTP/1.1'],
  ['ICY', 'ICY 200 OK\r\n\r\nok', 'the answer is not HTTP: it does not begin with HTTP/1.1'],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 'the answer is not HTTP: it does not begin with HTTP/1.1'],
  ['frames of HTTP/2', '\0\0\x12\x04\0\0\0\0\0', 'the answer is not HTTP: it does not begin with HTTP/1.1'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok', 'the answer is not HTTP'],
  [
    'a status of four digits',
    'HTTP/1.1 1000 OK\r\nContent-Length: 2\r\n\r\nok',
    'its status is no number of three digits',
  ],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', '200 ok'],
  [
    '64 KiB of fields',
    `${OK}A: ${'x'.repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`,
    'the headers of the answer are larger than 64 KiB',
  ],
  ['Content-Encoding: none', `${OK}Content-Encoding: none\r\nContent-Length: 2\r\n\r\nok`, '200 ok'],
  ['Content-Encoding: identity', `${OK}Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nok`, '200 ok'],
  [
    'an unknown Content-Encoding',
    `${OK}Content-Encoding: klingon\r\nContent-Length: 2\r\n\r\nok`,
    `the answer's Content-Encoding "klingon" is not known`,
  ],
];

const TLS: [name: string, options: TlsOptions, wanted: string][] = [
  ['TLS 1.3', {}, '200 ok'],
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }, '200 ok'],
  [
    'TLS 1.1 alone',
    { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
    'no TLS version in common: the server speaks neither 1.2 nor 1.3',
  ],
  [
    'TLS 1.0 alone',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' },
    'no TLS version in common: the server speaks neither 1.2 nor 1.3',
  ],
  [
    'a client certificate, in 1.3',
    { requestCert: true, rejectUnauthorized: true },
    'the server wants a client certificate, which is not supported',
  ],
  [
    'a client certificate, in 1.2',
    { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' },
    'it wants a client certificate, which is not supported, or shares no cipher',
  ],
  [
    'HTTP/2 alone',
    { ALPNProtocols: ['h2'] },
    'the server does not speak HTTP/1.1 here, most likely HTTP/2 alone',
  ],
];

let http: Http;
let key: Buffer;
let cert: Buffer;
beforeAll(() => {
  http = openHttp();
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const words =
    'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
  execFileSync('openssl', [...words.split(' '), '-keyout', join(folder, 'k'), '-out', join(folder, 'c')], {
    stdio: 'ignore',
  });
  key = readFileSync(join(folder, 'k'));
  cert = readFileSync(join(folder, 'c'));
});
afterAll(() => http.close());

async function ask(server: Server, scheme: string): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const { status, body } = await http.request({ url, deadline: 5000, connect: { ca: cert.toString() } });
    return `${status} ${body.toString()}`;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return error.message;
  } finally {
    server.close();
  }
}

test.each(ANSWERS)('an answer is taken, or said what is wrong with: %s', async (_name, text, wanted) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text));
  });
  expect(await ask(server, 'http')).toContain(wanted);
});

test.each(TLS)('a handshake succeeds, or is said why not: %s', async (_name, options, wanted) => {
  const server = createTlsServer({ key, cert, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(`${OK}Content-Length: 2\r\n\r\nok`));
  });
  server.on('tlsClientError', () => {});
  const said = await ask(server, 'https');
  expect(said).toContain(wanted);
  expect(said).not.toMatch(/openssl|routines/i);
});

test('the documentation has these tables, with their counts', () => {
  const docs = readFileSync(join(__dirname, '../../../docs/conformance.md'), 'utf8');
  const rows = docs
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
  for (const [name, , wanted] of [...ANSWERS, ...TLS])
    expect(rows).toContainEqual([name, wanted.startsWith('200') ? 'taken' : wanted]);
  const taken = [...ANSWERS, ...TLS].filter(([, , wanted]) => wanted.startsWith('200')).length;
  const refused = ANSWERS.length + TLS.length - taken;
  expect(docs).toContain(`${taken} taken, ${refused} refused by name`);
});
