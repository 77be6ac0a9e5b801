import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import ssh2 from 'ssh2';
import { HostKeys } from '../host-keys.ts';
import type { Server } from '../server.ts';

const { utils, Server: SshServer } = ssh2;
/** The server's keys. */
export const hostEd = newEd25519();
export const hostRsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs1',
  format: 'pem',
}) as string;
/** The key that is let in. */
export const userKey = newEd25519();
export const publicOf = (key: string) => (utils.parseKey(key) as ssh2.ParsedKey).getPublicSSH() as Buffer;

/** One in some three hundred that the library makes is malformed, and OpenSSH refuses it, too. */
export function newEd25519(): string {
  for (;;) {
    const key = utils.generateKeyPairSync('ed25519').private;
    if (!(utils.parseKey(key) instanceof Error)) return key;
  }
}

/** A small real SSH server on loopback: what sshd does at the edges, at will. */
export interface FakeSshServer {
  port: number;
  authentications: number;
  connections: ssh2.Connection[];
  commands: string[];
  sockets: Set<net.Socket>;
}

interface FakeSshOptions {
  hostKeys?: string[];
  algorithms?: ssh2.Algorithms;
  /** In the place of running the command here. */
  onExec?: (channel: ssh2.ServerChannel, fake: FakeSshServer) => void;
  /** Whether a channel may be opened. */
  mayOpen?: () => boolean;
}

/** Starts such servers for the tests of a file; after each test they end, by the runner's `afterEach`. */
export function sshServersForEach(
  afterEach: (work: () => void) => void,
): (options?: FakeSshOptions) => Promise<FakeSshServer> {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });
  return (options = {}) => startServer(options, closers);
}

async function startServer(options: FakeSshOptions, closers: (() => void)[]): Promise<FakeSshServer> {
  const fake: FakeSshServer = {
    port: 0,
    authentications: 0,
    connections: [],
    commands: [],
    sockets: new Set(),
  };
  const { hostKeys = [hostEd, hostRsa], algorithms } = options;
  const server = new SshServer({ hostKeys, algorithms }, (connection) => {
    fake.connections.push(connection);
    connection.on('error', () => {});
    connection.on('authentication', (context) => {
      fake.authentications += 1;
      if (
        context.method === 'publickey' &&
        context.username === 'deploy' &&
        context.key.data.equals(publicOf(userKey))
      ) {
        context.accept();
      } else context.reject();
    });
    connection.on('session', (accept, reject) => {
      if (options.mayOpen?.() === false) return void reject();
      accept().on('exec', (acceptExec, _reject, { command }) => {
        fake.commands.push(command);
        const channel = acceptExec();
        if (options.onExec) options.onExec(channel, fake);
        else runHere(command, channel, closers);
      });
    });
    connection.on('tcpip', (accept) => {
      accept().end('hello');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  fake.port = (server.address() as net.AddressInfo).port;
  const inner = (server as unknown as { _srv: net.Server })._srv;
  inner.on('connection', (socket) => fake.sockets.add(socket));
  closers.push(() => {
    for (const socket of fake.sockets) socket.destroy();
    server.close();
  });
  return fake;
}

/** Runs a command here, and answers by the channel; `closers` gets what ends it. */
export function runHere(command: string, channel: ssh2.ServerChannel, closers: (() => void)[]): void {
  const child = spawn('sh', ['-c', command], { stdio: 'pipe', detached: true });
  closers.push(() => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
  });
  channel.pipe(child.stdin);
  child.stdin.on('error', () => {});
  child.stdout.on('data', (bytes: Buffer) => channel.write(bytes));
  child.stderr.on('data', (bytes: Buffer) => channel.stderr.write(bytes));
  child.on('close', (code) => {
    channel.exit(code ?? 255);
    channel.end();
  });
}

/** It as a server that is logged in to, with these pins. */
export function server(fake: FakeSshServer, pins: string, more: Partial<Server> = {}): Server {
  return {
    name: 'web',
    host: '127.0.0.1',
    port: fake.port,
    user: 'deploy',
    hostKeys: HostKeys.parse(pins),
    key: { text: userKey, passphrase: undefined, input: 'ssh-key' },
    jump: undefined,
    path: '/srv/app',
    connectTimeout: 20_000,
    dockerHost: undefined,
    ...more,
  };
}

/** The line of known_hosts for one of its keys. */
export const pin = (fake: FakeSshServer, key: string, type = 'ssh-ed25519') =>
  `[127.0.0.1]:${fake.port} ${type} ${publicOf(key).toString('base64')}`;
