import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { type Socket, connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type SecureContext,
  type TLSSocket,
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  getCACertificates,
} from 'node:tls';
import { HttpError, type HttpPhase, codeOf, inWords } from './error.ts';
import { type Limit, TimeLimit, orEnded } from './limit.ts';

/** Opens a byte stream to a host and port as seen from somewhere else, such as through an SSH session. */
export type Dial = (host: string, port: number) => Promise<Duplex>;

export interface ConnectOptions {
  /** Connect to this address (or name) instead of resolving the URL's host, as curl's `--connect-to`. */
  address?: string;
  /** Connect to this port instead of the URL's. */
  addressPort?: number;
  /** Use only IPv4 or IPv6 addresses. */
  family?: 4 | 6;
  /** Name for SNI and for the certificate's check, when it is not the URL's host. */
  servername?: string;
  /** PEM certificates that are trusted besides the usual ones. */
  ca?: string;
  /** Take any certificate. Only for looking at it: never for sending secrets. */
  insecure?: boolean;
  dial?: Dial;
}

export interface Certificate {
  subject: string;
  issuer: string;
  /** Names that it is for, such as `DNS:example.org`. */
  names: string;
  validFrom: Date;
  validTo: Date;
  fingerprint256: string;
  serialNumber: string;
}

export interface ConnectTimings {
  /** Milliseconds; 0 where the step was not needed. */
  dns: number;
  tcp: number;
  tls: number;
}

export interface Connection {
  socket: Duplex;
  timings: ConnectTimings;
  /** Address that answered, where it is known. */
  remoteAddress: string | undefined;
  certificate: Certificate | undefined;
  /** What TLS found wrong after the handshake: in TLS 1.3 a server says only then that it wants a certificate. */
  late: { error?: Error };
}

export interface Endpoint {
  host: string;
  port: number;
  secure: boolean;
}

/** `host:port`, IPv6 in brackets. */
export function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Opens a connection, with TLS where the endpoint wants it. Throws HttpError with the phase that failed, or
 * the limit's reason. A deadline is the caller's.
 */
export async function connect(
  endpoint: Endpoint,
  options: ConnectOptions,
  limit: Limit,
): Promise<Connection> {
  limit.throwIfEnded();
  const host = options.address ?? endpoint.host;
  const port = options.addressPort ?? endpoint.port;
  const timings: ConnectTimings = { dns: 0, tcp: 0, tls: 0 };
  const started = performance.now();
  let socket: Duplex;
  if (options.dial) {
    socket = await dialed(options.dial, host, port, limit);
  } else {
    const addresses = await resolve(host, options.family, limit);
    timings.dns = performance.now() - started;
    socket = await reach(host, port, addresses, limit);
  }
  timings.tcp = performance.now() - started - timings.dns;
  const remoteAddress = 'remoteAddress' in socket ? (socket.remoteAddress as string | undefined) : undefined;
  const late: Connection['late'] = {};
  if (!endpoint.secure) return { socket, timings, remoteAddress, certificate: undefined, late };
  const secured = performance.now();
  const tlsSocket = await secure(socket, endpoint, options, limit);
  timings.tls = performance.now() - secured;
  tlsSocket.on('error', (error) => (late.error ??= error));
  return { socket: tlsSocket, timings, remoteAddress, certificate: certificateOf(tlsSocket), late };
}

const LOCALHOST: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const pending = new Map<string, Promise<LookupAddress[]>>();

/** Resolves a name; lookups of the same name at the same time are one. */
async function resolve(host: string, family: 4 | 6 | undefined, limit: Limit): Promise<LookupAddress[]> {
  const literal = isIP(host);
  if (literal !== 0) {
    if (family !== undefined && literal !== family) {
      throw new HttpError(`${host} is not an IPv${family} address`, { phase: 'dns' });
    }
    return [{ address: host, family: literal }];
  }
  if (host.toLowerCase() === 'localhost') {
    // RFC 6761: always loopback. Both addresses, whatever the machine's hosts file says of it.
    return LOCALHOST.filter((one) => family === undefined || one.family === family);
  }
  const key = `${family ?? 0} ${host}`;
  let found = pending.get(key);
  if (!found) {
    found = systemLookup(host, { all: true, family: family ?? 0 }).finally(() => pending.delete(key));
    pending.set(key, found);
  }
  try {
    return await orEnded(found, limit);
  } catch (error) {
    if (limit.ended) throw reasonIn('dns', host, limit);
    const words =
      family && codeOf(error) === 'ENOTFOUND' ? `no IPv${family} address (ENOTFOUND)` : inWords(error);
    throw new HttpError(`${host}: ${words}`, { phase: 'dns', code: codeOf(error), cause: error });
  }
}

/** Milliseconds after which the next address is tried beside the ones that have not answered (RFC 8305, section 5). */
const ATTEMPT_DELAY = 250;

/**
 * Connects to the first address that answers. They are tried in turns of family, each soon after the one before it and as
 * soon as that fails; none is given up before the limit, since a full queue or a far server takes its time.
 * Source: RFC 8305, sections 4 and 5.
 */
function reach(host: string, port: number, addresses: LookupAddress[], limit: Limit): Promise<Duplex> {
  return new Promise((done, fail) => {
    const waiting = inTurns(addresses);
    const open = new Set<Socket>();
    let first: unknown;
    let timer: NodeJS.Timeout | undefined;
    const settle = (kept?: Socket) => {
      leave();
      clearTimeout(timer);
      for (const socket of open) if (socket !== kept) socket.destroy();
    };
    const leave = limit.onEnd(() => {
      settle();
      fail(reasonIn('tcp', authority(host, port), limit));
    });
    const next = () => {
      clearTimeout(timer);
      const address = waiting.shift();
      if (address === undefined) {
        if (open.size > 0) return;
        settle();
        fail(
          new HttpError(`${authority(host, port)}: ${inWords(first)}`, {
            phase: 'tcp',
            code: codeOf(first),
            cause: first,
          }),
        );
        return;
      }
      const socket = connectTcp({ host: address.address, port, family: address.family, noDelay: true });
      open.add(socket);
      socket.once('connect', () => {
        settle(socket);
        socket.removeAllListeners('error');
        done(socket);
      });
      socket.on('error', (error) => {
        if (!open.delete(socket)) return;
        first ??= error;
        next();
      });
      if (waiting.length > 0) timer = setTimeout(next, ATTEMPT_DELAY);
    };
    next();
  });
}

/** Addresses in turns of family, in the order in which the resolver gives them otherwise. */
function inTurns(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [one, other] = [0, 1].map((which) =>
    addresses.filter(({ family }) => (family === addresses[0]?.family) === (which === 0)),
  ) as [LookupAddress[], LookupAddress[]];
  return Array.from({ length: Math.max(one.length, other.length) }, (_, index) => index).flatMap((index) =>
    [one[index], other[index]].filter((address) => address !== undefined),
  );
}

async function dialed(dial: Dial, host: string, port: number, limit: Limit): Promise<Duplex> {
  const opening = dial(host, port);
  try {
    return await orEnded(opening, limit);
  } catch (error) {
    if (limit.ended) {
      void opening.then((late) => late.destroy()).catch(() => {});
      throw reasonIn('tcp', authority(host, port), limit);
    }
    if (error instanceof HttpError) throw error;
    throw new HttpError(`${authority(host, port)}: ${inWords(error)}`, {
      phase: 'tcp',
      code: codeOf(error),
      cause: error,
    });
  }
}

const contexts = new Map<string, SecureContext>();

function contextFor(ca: string): SecureContext {
  let context = contexts.get(ca);
  if (!context) {
    context = createSecureContext({ ca: [...getCACertificates('default'), ca] });
    contexts.set(ca, context);
  }
  return context;
}

function secure(
  socket: Duplex,
  endpoint: Endpoint,
  options: ConnectOptions,
  limit: Limit,
): Promise<TLSSocket> {
  const name = options.servername ?? endpoint.host;
  const where = authority(endpoint.host, endpoint.port);
  return new Promise((done, fail) => {
    const tls = connectTls({
      socket,
      host: name,
      // RFC 6066: no address in SNI.
      servername: isIP(name) === 0 ? name : '',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: !options.insecure,
      checkServerIdentity: (_host, certificate) =>
        options.insecure ? undefined : checkServerIdentity(name, certificate),
      ...(options.ca ? { secureContext: contextFor(options.ca) } : {}),
    });
    const settle = () => {
      leave();
      tls.removeAllListeners('error');
      tls.removeAllListeners('close');
      // A late error of a socket that was given up must not end the process.
      tls.on('error', () => {});
    };
    const failed = (error: unknown) => {
      settle();
      tls.destroy();
      socket.destroy();
      fail(error);
    };
    const leave = limit.onEnd(() => failed(reasonIn('tls', where, limit)));
    tls.once('secureConnect', () => {
      settle();
      done(tls);
    });
    tls.once('error', (error) => {
      failed(
        new HttpError(`${where}: ${inWords(error)}`, { phase: 'tls', code: codeOf(error), cause: error }),
      );
    });
    tls.once('close', () => {
      failed(
        new HttpError(`${where}: connection closed during the TLS handshake`, {
          phase: 'tls',
          code: 'ECONNRESET',
        }),
      );
    });
  });
}

function certificateOf(socket: TLSSocket): Certificate | undefined {
  const peer = socket.getPeerCertificate();
  if (!peer || Object.keys(peer).length === 0) return undefined;
  const text = (name: object | undefined) =>
    Object.entries(name ?? {})
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(', ');
  return {
    subject: text(peer.subject),
    issuer: text(peer.issuer),
    names: peer.subjectaltname ?? '',
    validFrom: new Date(peer.valid_from),
    validTo: new Date(peer.valid_to),
    fingerprint256: peer.fingerprint256,
    serialNumber: peer.serialNumber,
  };
}

const WAITING: Record<HttpPhase, string> = {
  dns: 'the name did not resolve',
  tcp: 'no connection',
  proxy: 'no answer from the proxy',
  tls: 'no TLS handshake',
  http: 'no answer',
  body: 'the answer did not end',
  redirect: 'no answer',
};

/** The error of a limit that ended: of a time limit the phase's own, else the reason as it is. */
export function reasonIn(
  phase: HttpPhase,
  where: string,
  limit: Limit,
  details: { sent?: boolean; status?: number } = {},
): unknown {
  const { reason } = limit;
  if (!(reason instanceof TimeLimit)) return reason;
  return new HttpError(`${where}: ${WAITING[phase]} within ${Math.round(reason.ms)} ms`, {
    phase,
    timedOut: true,
    ...details,
  });
}
