import os from 'node:os';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { formatDuration, messageOf } from '@deploy-actions/kit';
import type { ClientChannel } from 'ssh2';
import { BOOTSTRAP } from './bootstrap.ts';
import { connectTcp } from './connect.ts';
import { lanes } from './lanes.ts';
import { aborted, runStarted } from './program-run.ts';
import { type Connection, connectHop } from './ssh-connection.ts';
import type { Server } from './server.ts';
import type { Outcome, Program, Session, SessionPorts } from './session.ts';
import { SessionFailure } from './session-failure.ts';

/** Execs at once on one connection: sshd refuses above MaxSessions (10 as it comes, 2 on hardened hosts). */
const CHANNELS = 2;

/** See `openSession`. */
export async function openSshSession(server: Server, ports: SessionPorts): Promise<Session> {
  const counts = { connections: 0, execs: 0, forwards: 0 };
  const deadline = new AbortController();
  const done = new AbortController();
  const cancel = () => deadline.abort(cancelled(ports.signal!.reason));
  if (ports.signal?.aborted) throw cancelled(ports.signal.reason);
  ports.signal?.addEventListener('abort', cancel, { once: true });
  ports.clock.sleep(server.connectTimeout, done.signal).then(
    () => {
      deadline.abort(
        new SessionFailure(
          'connect-timed-out',
          `no session with ${server.host}, port ${server.port}, came about within ${formatDuration(server.connectTimeout)}`,
          {
            input: 'connect-timeout',
            remedy: 'Nothing was changed. Check the address and the firewall, or raise `connect-timeout`.',
          },
        ),
      );
    },
    () => {},
  );
  const opening = { clock: ports.clock, signal: deadline.signal };
  let jump: Connection | undefined;
  try {
    const { jump: first } = server;
    if (first) {
      jump = await connectHop(first, () => connectTcp(first.host, first.port, deadline.signal), opening);
      counts.connections += 1;
    }
    const connection = await connectHop(
      server,
      () =>
        jump
          ? within(forwardOver(jump, server.host, server.port, server.jump!.host), deadline.signal)
          : connectTcp(server.host, server.port, deadline.signal),
      opening,
    );
    counts.connections += 1;
    return sessionOver(server.name, connection, jump, counts, ports);
  } catch (error) {
    jump?.close();
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  } finally {
    done.abort();
    ports.signal?.removeEventListener('abort', cancel);
  }
}

function sessionOver(
  name: string,
  connection: Connection,
  jump: Connection | undefined,
  counts: { connections: number; execs: number; forwards: number },
  ports: SessionPorts,
): Session {
  const lane = lanes(CHANNELS);
  // The channel of a program to come. Where it could not be opened or has been closed, that one opens its own.
  let ahead: Promise<OpenChannel | undefined> | undefined;
  const open = async (): Promise<OpenChannel> => {
    const opened = ahead;
    ahead = undefined;
    const spare = await opened;
    // The library ends our side of a channel that the server closes.
    return spare?.channel.writable ? spare : await openChannel(connection, name);
  };
  const start = async (program: Program): Promise<Outcome> => {
    connection.gone.throwIfAborted();
    counts.execs += 1;
    const { channel, ended } = await open();
    if (program.followed) ahead ??= openChannel(connection, name).catch(() => undefined);
    return await runStarted(
      {
        stdin: channel,
        stdout: channel,
        stderr: channel.stderr,
        ended,
        abandon: () => channel.close(),
      },
      program,
      { name, clock: ports.clock, gone: connection.gone },
    );
  };
  return {
    name,
    counts,
    gone: connection.gone,
    proof: connection.proof,
    run: (program) => lane(() => start(program)),
    async forward(host, port) {
      counts.forwards += 1;
      return await forwardOver(connection, host, port, name);
    },
    async close() {
      connection.close();
      jump?.close();
    },
  };
}

interface OpenChannel {
  channel: ClientChannel;
  ended: Promise<number | null>;
}

async function openChannel(connection: Connection, name: string): Promise<OpenChannel> {
  const opened = new Promise<OpenChannel>((resolve, reject) => {
    connection.client.exec(BOOTSTRAP, (error, channel) => {
      if (error) {
        reject(
          new SessionFailure(
            'no-shell',
            `${name} opens no session to run a program in: ${messageOf(error)}`,
            {
              cause: error,
              remedy:
                'Its SSH server must allow at least two sessions per connection (MaxSessions) and no forced command.',
            },
          ),
        );
      } else {
        // Listened to at once: the exit code may stand in the very packet after this answer.
        const ended = exitOf(channel);
        ended.catch(() => {});
        resolve({ channel, ended });
      }
    });
  });
  return await within(opened, connection.gone);
}

/** The exit code once both streams have been read to their ends; null when none came. */
async function exitOf(channel: ClientChannel): Promise<number | null> {
  let code: number | null = null;
  channel.on('exit', (exitCode: number | null, signal?: string) => {
    // As shells do: 128 and the number of the signal.
    const number =
      signal === undefined
        ? undefined
        : (os.constants.signals as Record<string, number>)[
            signal.startsWith('SIG') ? signal : `SIG${signal}`
          ];
    code = exitCode ?? (number === undefined ? null : 128 + number);
  });
  await Promise.all([once(channel, 'close'), once(channel.stderr, 'close')]);
  return code;
}

/** RFC 4254, 5.1: reasons for which a channel is not opened. */
const ADMINISTRATIVELY_PROHIBITED = 1;
const CONNECT_FAILED = 2;

async function forwardOver(
  connection: Connection,
  host: string,
  port: number,
  name: string,
): Promise<Duplex> {
  connection.gone.throwIfAborted();
  const opened = new Promise<Duplex>((resolve, reject) => {
    connection.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (error) reject(forwardFailure(error, host, port, name));
      else resolve(channel);
    });
  });
  return await within(opened, connection.gone);
}

/** Tells apart why sshd opened no way, by its reason code and, where that is not enough, its text. */
export function forwardFailure(error: Error, host: string, port: number, name: string): SessionFailure {
  const { reason } = error as { reason?: unknown };
  if (Number(reason) === ADMINISTRATIVELY_PROHIBITED) {
    return new SessionFailure('forward-forbidden', `${name} forbids forwarding to ${host}:${port}`, {
      cause: error,
      remedy: 'Allow it in sshd_config: AllowTcpForwarding local (or yes), and PermitOpen if it is set.',
    });
  }
  // OpenSSH gives one reason for all that fails later; only the text tells them apart.
  if (Number(reason) === CONNECT_FAILED) {
    if (/not known|resol|no address|name or service/i.test(error.message)) {
      return new SessionFailure('forward-unknown-name', `${name} knows no host by the name ${host}`, {
        cause: error,
      });
    }
    return new SessionFailure(
      'forward-refused',
      `${name} got no connection to ${host}:${port}: ${plain(error)}`,
      {
        cause: error,
      },
    );
  }
  return new SessionFailure('forward-failed', `${name} opened no way to ${host}:${port}: ${plain(error)}`, {
    cause: error,
  });
}

function plain(error: Error): string {
  return messageOf(error).replace(/^\(SSH\) Channel open failure: /, '');
}

/** The work's value, or the signal's Failure if that comes first. */
async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, aborted(signal, over.signal)]);
  } finally {
    work.catch(() => {});
    over.abort();
  }
}

function cancelled(reason: unknown): unknown {
  return reason instanceof Error && reason.name !== 'AbortError'
    ? reason
    : new SessionFailure('cancelled', 'opening the session was cancelled', { cause: reason });
}
