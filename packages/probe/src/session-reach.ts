import { PassThrough } from 'node:stream';
import {
  type Dial,
  HttpError,
  type HttpRequest,
  openHttp,
  limited,
  connect,
  authority,
} from '@deploy-actions/http';
import type { Log, Redactor } from '@deploy-actions/kit';
import { type Session, SessionFailure } from '@deploy-actions/shell';
import { askWithCurl, connectWithCurl } from './curl.ts';
import type { Reach } from './reach.ts';

/**
 * Targets as the server sees them: each connection is a channel of the one SSH session (direct-tcpip), so a
 * private port or the server's `localhost` needs no open port anywhere. Where sshd forbids forwarding
 * (`AllowTcpForwarding no`), curl or wget on the server asks instead, and the log says so once.
 */
export function throughSession(session: Session, options: { log: Log; redactor?: Redactor }): Reach {
  const http = openHttp({ redactor: options.redactor });
  let forbidden = false;

  const dial: Dial = async (host, port) => {
    try {
      return await session.forward(host, port);
    } catch (error) {
      throw forwardError(error, host, port);
    }
  };
  const forbid = () => {
    if (!forbidden) {
      options.log.info(
        `${session.name} forbids TCP forwarding (AllowTcpForwarding): curl or wget there asks instead, a little slower`,
      );
    }
    forbidden = true;
  };

  /** Through a channel; where the server forbids that, by the other way, from then on. */
  async function either<T>(forward: () => Promise<T>, fallback: () => Promise<T>): Promise<T> {
    if (!forbidden) {
      try {
        return await forward();
      } catch (error) {
        if (!isForbidden(error)) throw error;
        forbid();
      }
    }
    return await fallback();
  }

  return {
    request: (request: HttpRequest) =>
      either(
        () => http.request({ ...request, proxy: 'none', connect: { ...request.connect, dial } }),
        () => askWithCurl(session, request),
      ),
    open: (endpoint, how, timeout, signal, talk) =>
      either(
        () => limited(signal, timeout, (limit) => connect(endpoint, { ...how, dial }, limit)),
        async () => {
          const host = how.address ?? endpoint.host;
          const port = how.addressPort ?? endpoint.port;
          if (talk) {
            throw new HttpError(
              `${authority(host, port)}: ${session.name} forbids TCP forwarding, without which only http, https and tcp can be tried`,
              { phase: 'tcp' },
            );
          }
          await connectWithCurl(session, host, port, timeout);
          return {
            socket: new PassThrough(),
            timings: { dns: 0, tcp: 0, tls: 0 },
            remoteAddress: undefined,
            certificate: undefined,
            late: {},
          };
        },
      ),
    close: () => http.close(),
  };
}

const FORBIDDEN = 'FORWARD_FORBIDDEN';

function isForbidden(error: unknown): boolean {
  return error instanceof HttpError && error.code === FORBIDDEN;
}

/** Why a channel to `host:port` could not be had, as the phase that failed as seen from the server. */
function forwardError(error: unknown, host: string, port: number): unknown {
  if (!(error instanceof SessionFailure)) return error;
  const where = `${authority(host, port)} (from the server)`;
  const as = (words: string, phase: 'dns' | 'tcp', code: string) =>
    new HttpError(`${where}: ${words}`, { phase, code, cause: error });
  switch (error.code) {
    case 'forward-refused':
      return as('connection refused (ECONNREFUSED)', 'tcp', 'ECONNREFUSED');
    case 'forward-unknown-name':
      return as('the name does not resolve (ENOTFOUND)', 'dns', 'ENOTFOUND');
    case 'forward-forbidden':
      return as(error.message, 'tcp', FORBIDDEN);
    default:
      return as(error.message, 'tcp', error.code);
  }
}
