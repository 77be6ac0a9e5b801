/**
 * Where an exchange was when it failed, in the order in which they happen.
 *
 * - `dns`: the name did not resolve
 * - `tcp`: no connection (refused, unreachable, reset while connecting, or the dialer said no)
 * - `proxy`: the proxy refused or answered nonsense
 * - `tls`: handshake or certificate
 * - `http`: connected, but no answer that is HTTP, or none in time
 * - `body`: the answer's head came, its body did not (cut off, too slow, too large, not decodable)
 * - `redirect`: too many, a loop, or one that must not be followed
 */
export type HttpPhase = 'dns' | 'tcp' | 'proxy' | 'tls' | 'http' | 'body' | 'redirect';

export interface HttpErrorDetails {
  phase: HttpPhase;
  /** The system's or library's code, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
  code?: string;
  timedOut?: boolean;
  /** Whether the server may have received the request: repeating one that changes something is not safe. */
  sent?: boolean;
  /** Status of the answer whose body failed, or of the redirect. */
  status?: number;
  cause?: unknown;
}

/**
 * An exchange that gave no answer. Its message names the host and port only: paths and queries may hold
 * tokens (a Telegram bot's URL does).
 */
export class HttpError extends Error {
  readonly phase: HttpPhase;
  readonly code: string | undefined;
  readonly timedOut: boolean;
  readonly sent: boolean;
  readonly status: number | undefined;

  constructor(message: string, details: HttpErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'HttpError';
    this.phase = details.phase;
    this.code = details.code;
    this.timedOut = details.timedOut ?? false;
    this.sent = details.sent ?? false;
    this.status = details.status;
  }
}

/** The code of a system error; of the first inner one where several addresses were tried. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return codeOf(error.errors[0]) ?? stringCode(error);
  }
  return stringCode(error);
}

function stringCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const NO_VERSION = 'no TLS version in common: the server speaks neither 1.2 nor 1.3';
const HANDSHAKE_FAILURE =
  'the server ended the TLS handshake: it wants a client certificate, which is not supported, or shares no cipher';
const NO_NAME = 'the server has no certificate for this name';
const WEAK = "the server's key or certificate is too weak to be taken";

const SENTENCES: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed by the other side',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'address not available here',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain ends in an unknown self-signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the certificate is signed by an unknown authority, or its chain is incomplete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS',
  EPROTO: 'the TLS handshake failed',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: NO_VERSION,
  ERR_SSL_UNSUPPORTED_PROTOCOL: NO_VERSION,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server wants a client certificate, which is not supported',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': HANDSHAKE_FAILURE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: HANDSHAKE_FAILURE,
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'the server wants another client certificate',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    'the server does not speak HTTP/1.1 here, most likely HTTP/2 alone',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: NO_NAME,
  ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME: NO_NAME,
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR:
    'the server failed in the TLS handshake, as one without a certificate does',
  ERR_SSL_DH_KEY_TOO_SMALL: WEAK,
  ERR_SSL_EE_KEY_TOO_SMALL: WEAK,
  ERR_SSL_CA_MD_TOO_WEAK: WEAK,
};

/** What a system error means, in words; its code stays with it in brackets. */
export function inWords(error: unknown): string {
  const code = codeOf(error);
  const sentence = code === undefined ? undefined : SENTENCES[code];
  if (sentence) return `${sentence} (${code})`;
  const written = error instanceof Error ? error.message : String(error);
  // Of OpenSSL's line only its reason says something: `…:error:0A00042E:SSL routines:ssl3_read_bytes:reason:file:…`.
  const message = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(written)?.[1] ?? written.trim();
  return code && !message.includes(code) ? `${message} (${code})` : message;
}
