import type { AddressFor, ConnectOptions } from '@deploy-actions/http';
import type { Expectations, TextMatch } from './expectation.ts';

/** Something that is ready or not. */
export type Target = HttpTarget | TcpTarget | WebSocketTarget | ComposeTarget | ExecTarget;

export interface HttpTarget {
  kind: 'http';
  url: string;
  /** Default GET. A HEAD that is answered 405 or 501 is tried as GET. */
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Most redirects that are followed; default 0. */
  redirects?: number;
  connect?: ConnectOptions;
  /** Addresses for the hosts and ports that redirects lead to. */
  addressFor?: AddressFor;
  expect: Expectations;
}

export interface TcpTarget {
  kind: 'tcp';
  host: string;
  port: number;
  connect?: ConnectOptions;
}

export interface WebSocketTarget {
  kind: 'ws';
  /** ws: or wss: */
  url: string;
  headers?: Record<string, string>;
  connect?: ConnectOptions;
}

/** A service of the compose project on the server: healthy by its own healthcheck, or up without one. */
export interface ComposeTarget {
  kind: 'compose';
  service: string;
}

/** A command inside a service's container on the server. */
export interface ExecTarget {
  kind: 'exec';
  service: string;
  command: readonly string[];
  output?: TextMatch;
}

/** Where a failed attempt was: a phase of the connection, or what came after it. */
export type AttemptPhase =
  | 'dns'
  | 'tcp'
  | 'proxy'
  | 'tls'
  | 'http'
  | 'body'
  | 'redirect'
  | 'expectation'
  | 'container'
  | 'exec'
  | 'ssh';

/** One look at a target. */
export interface Attempt {
  ok: boolean;
  /** Milliseconds that it took. */
  elapsedMs: number;
  phase?: AttemptPhase;
  /** What was got against what was wanted. */
  detail?: string;
  /** What code may go by: nobody listens there, or another version answers than the expected one. */
  reason?: 'connection-refused' | 'other-version' | undefined;
  /** The version that answered, where one was expected. */
  version?: string;
  /** No later attempt can succeed: stop waiting. */
  final?: boolean;
  status?: number;
}
