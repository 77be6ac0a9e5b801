import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import ssh2 from 'ssh2';
import { BOOTSTRAP } from './bootstrap.ts';
import { connectFailure } from './connect.ts';
import { HostKeys, fingerprintOf } from './host-keys.ts';
import type { Server } from './server.ts';
import type { SessionFailure } from './session-failure.ts';
import { forwardFailure, openSshSession } from './ssh-session.ts';
import {
  type FakeSshServer,
  hostEd,
  newEd25519,
  pin,
  publicOf,
  runHere,
  server,
  sshServersForEach,
} from './testing/ssh-server.ts';

const fakeServer = sshServersForEach(afterEach);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
const ports = { clock: systemClock as Clock, log: memoryLog() };

test('a session runs programs with arguments, stdin, both streams and any exit code, by one constant exec string', async () => {
  const fake = await fakeServer();
  const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
  const { code, stdout, stderr } = await session.run({
    script: 'printf "<%s>" "$@"; cat; echo oops >&2; exit 7',
    args: ["it's", '$HOME'],
    input: 'data',
  });
  expect([code, String(stdout), String(stderr)]).toEqual([7, "<it's><$HOME>data", 'oops\n']);
  expect(fake.commands).toEqual([BOOTSTRAP]);
  expect(session.counts).toEqual({ connections: 1, execs: 1, forwards: 0 });
  await session.close();
});

/** An armour with nothing of a key in it. */
const pemOf = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;

describe('what can go wrong has its own code', () => {
  test('a key that is not let in, with its fingerprint', async () => {
    const fake = await fakeServer();
    const key = newEd25519();
    await expect(
      openSshSession(
        server(fake, pin(fake, hostEd), { key: { text: key, passphrase: undefined, input: 'ssh-key' } }),
        ports,
      ),
    ).rejects.toMatchObject({
      code: 'auth-refused',
      message: expect.stringContaining(fingerprintOf(publicOf(key))),
      // With the command that makes the user and lets in this very key.
      details: expect.stringMatching(
        new RegExp(
          `\\nid (\\S+) \\|\\| useradd --create-home --shell /bin/bash \\1; .*'restrict,port-forwarding ssh-ed25519 ${publicOf(key).toString('base64').replaceAll('+', '\\+')}'`,
        ),
      ),
    });
  });

  test.each([
    ['rsa', 'pkcs8'],
    ['ed25519', 'pkcs8'],
    ['ec', 'pkcs8'],
    ['rsa', 'pkcs1'],
  ] as const)('an encrypted %s key in %s form: passphrase needed, wrong, right', async (type, form) => {
    const fake = await fakeServer();
    const pair =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : type === 'ec'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('ed25519');
    const text = pair.privateKey.export({
      type: form as 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'open',
    }) as string;
    const attempt = (passphrase: string | undefined) =>
      openSshSession(server(fake, pin(fake, hostEd), { key: { text, passphrase, input: 'ssh-key' } }), ports);
    await expect(attempt(undefined)).rejects.toMatchObject({
      code: 'passphrase-needed',
      input: 'ssh-passphrase',
    });
    await expect(attempt('shut')).rejects.toMatchObject({
      code: 'passphrase-wrong',
      input: 'ssh-passphrase',
    });
    // It opens; the server does not know it.
    await expect(attempt('open')).rejects.toMatchObject({ code: 'auth-refused' });
  });

  test.each([
    [
      'a type that no SSH server takes',
      String(generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' })),
      'input `ssh-key` is a key of type ed448, which SSH servers do not take',
    ],
    ['PEM that holds no key', pemOf('PRIVATE KEY'), /^input `ssh-key` cannot be read as a private key: /],
    [
      'OpenSSH’s form that holds no key',
      pemOf('OPENSSH PRIVATE KEY'),
      /^input `ssh-key` cannot be read as a private key: /,
    ],
  ])('a private key of %s', async (_, text, message) => {
    const fake = await fakeServer();
    const key = { text, passphrase: undefined, input: 'ssh-key' as const };
    await expect(openSshSession(server(fake, pin(fake, hostEd), { key }), ports)).rejects.toMatchObject({
      code: 'bad-key',
      input: 'ssh-key',
      message: expect.stringMatching(message),
    });
  });

  test('a refused port, an unknown name, something else than SSH, silence', async () => {
    const fake = await fakeServer();
    const closed = net.createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as net.AddressInfo;
    closed.close();
    const open = (more: Partial<Server>) => openSshSession(server(fake, pin(fake, hostEd), more), ports);
    await expect(open({ port })).rejects.toMatchObject({ code: 'connection-refused' });
    await expect(open({ host: 'nowhere.invalid' })).rejects.toMatchObject({
      code: expect.stringMatching(/unknown-name|unreachable/),
    });
    // What the resolver of this machine says is not up to the test.
    const absent = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    for (const cause of [absent, new AggregateError([absent])]) {
      expect(connectFailure('nowhere.invalid', 22, cause)).toMatchObject({
        kind: 'input',
        code: 'unknown-name',
        input: 'host',
        message: 'no host is known by the name nowhere.invalid',
      });
    }
    const talker = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const mute = net.createServer((socket) => socket.on('error', () => {}));
    for (const one of [talker, mute]) {
      one.listen(0, '127.0.0.1');
      closers.push(() => one.close());
      await once(one, 'listening');
    }
    await expect(open({ port: (talker.address() as net.AddressInfo).port })).rejects.toMatchObject({
      code: expect.stringMatching(/not-ssh|unreachable/),
    });
    await expect(
      open({ port: (mute.address() as net.AddressInfo).port, connectTimeout: 300 }),
    ).rejects.toMatchObject({
      code: 'connect-timed-out',
    });
  });

  test.each<ssh2.Algorithms>([
    { hmac: ['hmac-sha1'], cipher: ['aes128-ctr'] },
    { compress: ['zlib@openssh.com'] },
    { compress: ['zlib'] },
  ])('a server that has only what is not safe is not spoken to: %j', async (algorithms) => {
    const fake = await fakeServer({ algorithms });
    const opening = openSshSession(server(fake, pin(fake, hostEd)), ports);
    await expect(opening).rejects.toMatchObject({ code: 'not-ssh' });
    expect(fake.authentications).toBe(0);
  });

  test('a cancelled opening ends at once with the reason', async () => {
    const mute = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    closers.push(() => mute.close());
    await once(mute, 'listening');
    const fake = await fakeServer();
    const controller = new AbortController();
    const opening = openSshSession(
      server(fake, pin(fake, hostEd), { port: (mute.address() as net.AddressInfo).port }),
      {
        ...ports,
        signal: controller.signal,
      },
    );
    setTimeout(() => controller.abort(new Error('no more')), 50);
    await expect(opening).rejects.toThrow('no more');
  });

  test('a cut connection is lost, never success', async () => {
    const fake = await fakeServer({
      onExec: (channel, { sockets }) => {
        channel.write('x');
        setTimeout(() => sockets.forEach((socket) => socket.destroy()), 50);
      },
    });
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    await expect(session.run({ script: 'true' })).rejects.toMatchObject({ code: 'lost', kind: 'lost' });
    expect(session.gone.aborted).toBe(true);
    await expect(session.run({ script: 'true' })).rejects.toMatchObject({ code: 'lost' });
  });

  test('a channel that closes without an exit code is lost, too', async () => {
    const fake = await fakeServer({ onExec: (channel) => channel.close() });
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    await expect(session.run({ script: 'true' })).rejects.toMatchObject({ code: 'lost' });
    await session.close();
  });

  test.each([
    [
      'nologin',
      'This account is currently not available.\n',
      1,
      'no-shell',
      '"This account is currently not available."',
    ],
    ['a start-up file with exit 1', '', 1, 'no-shell', 'and said nothing'],
    [
      'a banner before the reason',
      '*** Welcome to web1 ***\n\nYour password has expired.\n',
      1,
      'no-shell',
      '"Your password has expired."',
    ],
    [
      'a forced command',
      'PTY allocation request failed\nInteractive menu: 1) quit\n',
      0,
      'no-shell',
      '1) quit"',
    ],
    [
      'a shell that closes without a code',
      'System is going down.\n',
      undefined,
      'lost',
      '"System is going down."',
    ],
  ] as const)(
    'a login shell that runs nothing is told in its own words: %s',
    async (_, said, code, kind, words) => {
      const fake = await fakeServer({
        onExec: (channel) => {
          if (said !== '') channel.write(said);
          if (code === undefined) channel.close();
          else {
            channel.exit(code);
            channel.end();
          }
        },
      });
      const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
      await expect(session.run({ script: 'true' })).rejects.toMatchObject({
        code: kind,
        message: expect.stringContaining(words),
        ...(said === '' ? {} : { details: said.trim() }),
      });
      await session.close();
    },
  );

  test.each([
    ['nothing', ''],
    ['a question of its start-up files', 'Press Enter to go on: '],
  ])('a login shell that says %s and begins nothing is given up, with what it said', async (_, said) => {
    const fake = await fakeServer({ onExec: (channel) => void (said !== '' && channel.write(said)) });
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    const failure = await session
      .run({ script: 'true', beginWithin: 200 })
      .catch((error: unknown) => error as SessionFailure);
    expect(failure).toMatchObject({
      code: 'lost',
      message: `${session.name} let us in, but its shell began no program of ours within 200 ms`,
    });
    expect((failure as SessionFailure).details).toBe(said === '' ? undefined : said.trim());
    await session.close();
  });

  test('a program that takes too long is ended', async () => {
    const fake = await fakeServer();
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    await expect(session.run({ script: 'sleep 30', timeout: 200 })).rejects.toMatchObject({
      code: 'timed-out',
    });
    await session.close();
  });

  test.each([
    [1, 'open failed', 'forward-forbidden', 'refused'],
    [2, 'Connection refused', 'forward-refused', 'unhealthy'],
    [2, 'Name or service not known', 'forward-unknown-name', 'unhealthy'],
    [2, 'Temporary failure in name resolution', 'forward-unknown-name', 'unhealthy'],
    [4, 'no more', 'forward-failed', 'lost'],
  ])('a way that is not opened, reason %i, %s: %s', (reason, text, code, kind) => {
    const error = Object.assign(new Error(`(SSH) Channel open failure: ${text}`), { reason });
    expect(forwardFailure(error, 'db', 80, 'web')).toMatchObject({ code, kind });
  });
});

test('a forwarded connection carries bytes', async () => {
  const fake = await fakeServer();
  const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
  const socket = await session.forward('127.0.0.1', 80);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(String(bytes)).toBe('hello');
  await session.close();
});

test('at most two programs run at once; the others wait', async () => {
  let now = 0;
  let most = 0;
  const fake = await fakeServer({
    onExec(channel) {
      now += 1;
      most = Math.max(most, now);
      channel.once('data', (bytes: Buffer) => {
        const nonce = String(bytes).split('\n')[0];
        channel.write(`noise\n\n${nonce}\nok`);
        setTimeout(() => {
          now -= 1;
          channel.exit(0);
          channel.end();
        }, 20);
      });
    },
  });
  const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
  const outcomes = await Promise.all(Array.from({ length: 7 }, () => session.run({ script: 'true' })));
  expect(outcomes.map(({ stdout }) => String(stdout))).toEqual(Array(7).fill('ok'));
  expect(most).toBe(2);
  await session.close();
});

describe('the channel of a program to come', () => {
  const opened = async (fake: FakeSshServer, count: number) => {
    while (fake.commands.length < count) await new Promise((done) => setTimeout(done, 5));
  };

  test('is opened while the one before it runs', async () => {
    const fake = await fakeServer();
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    const first = session.run({ script: 'cat', input: 'one', followed: true });
    await opened(fake, 2);
    expect(String((await first).stdout)).toBe('one');
    expect(String((await session.run({ script: 'cat', input: 'two' })).stdout)).toBe('two');
    expect(fake.commands).toHaveLength(2);
    await session.close();
  });

  test('is opened anew where the server has closed it', async () => {
    const fake = await fakeServer({
      onExec(channel, { commands }) {
        if (commands.length === 2) channel.close();
        else runHere(commands.at(-1)!, channel, closers);
      },
    });
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    await session.run({ script: 'sleep 0.1', followed: true });
    expect(String((await session.run({ script: 'cat', input: 'two' })).stdout)).toBe('two');
    expect(fake.commands).toHaveLength(3);
    await session.close();
  });

  test('is opened later where the server allows one at a time', async () => {
    let sessions = 0;
    const fake = await fakeServer({
      mayOpen: () => sessions === 0,
      onExec(channel, { commands }) {
        sessions += 1;
        channel.on('close', () => (sessions -= 1));
        runHere(commands.at(-1)!, channel, closers);
      },
    });
    const session = await openSshSession(server(fake, pin(fake, hostEd)), ports);
    await session.run({ script: 'sleep 0.1', followed: true });
    expect(String((await session.run({ script: 'cat', input: 'two' })).stdout)).toBe('two');
    expect(fake.commands).toHaveLength(2);
    await session.close();
  });
});

test('a jump host is one more connection, checked like the server', async () => {
  const inner = await fakeServer();
  const outer = await fakeServer();
  outer.connections.length = 0;
  const jump = {
    host: '127.0.0.1',
    port: outer.port,
    user: 'deploy',
    hostKeys: HostKeys.parse(''),
    key: server(inner, '').key,
  };
  await expect(openSshSession(server(inner, pin(inner, hostEd), { jump }), ports)).rejects.toMatchObject({
    code: 'host-key-unknown',
    message: expect.stringContaining(`[127.0.0.1]:${outer.port}`),
  });
  expect(inner.connections).toHaveLength(0);
});
