import net from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from '@deploy-actions/kit';
import { SessionFailure } from './session-failure.ts';

/**
 * A TCP connection to the server, with Nagle off: small packets would wait for delayed acknowledgements
 * otherwise (the SSH library leaves it on). SessionFailure `unknown-name`, `connection-refused`, `unreachable`
 * or the signal's reason.
 */
export async function connectTcp(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true, signal: undefined });
    const cancel = () => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', cancel, { once: true });
    const settle = () => {
      signal.removeEventListener('abort', cancel);
      socket.off('error', fail);
    };
    const fail = (error: Error) => {
      settle();
      reject(connectFailure(host, port, error));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      settle();
      // The SSH client takes over its errors; one in between must not end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** Several addresses tried in turn (AggregateError) give the code of the first. */
function codeOf(error: unknown): string {
  const one = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  return one.errors?.[0]?.code ?? one.code ?? '';
}

export function connectFailure(host: string, port: number, cause: unknown): SessionFailure {
  const nothing = 'Nothing was changed.';
  switch (codeOf(cause)) {
    case 'ENOTFOUND':
      return new SessionFailure('unknown-name', `no host is known by the name ${host}`, {
        cause,
        input: 'host',
        remedy: 'Check the name in `host`.',
      });
    case 'EAI_AGAIN':
      return new SessionFailure('unreachable', `the name ${host} could not be looked up just now`, {
        cause,
        remedy: `${nothing} Run it again.`,
      });
    case 'ECONNREFUSED':
      return new SessionFailure('connection-refused', `${host} refuses connections on port ${port}`, {
        cause,
        remedy: `${nothing} Check \`port\`, that the SSH server runs, and the firewall.`,
      });
    case 'ETIMEDOUT':
      return new SessionFailure('connect-timed-out', `${host} does not answer on port ${port}`, {
        cause,
        remedy: `${nothing} Check the address and the firewall.`,
      });
    default:
      return new SessionFailure(
        'unreachable',
        `${host}, port ${port}, cannot be reached: ${messageOf(cause)}`,
        {
          cause,
          remedy: `${nothing} Check the address, the network and the firewall.`,
        },
      );
  }
}
