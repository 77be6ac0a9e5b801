import type { HostKeys } from './host-keys.ts';

/** One machine that SSH reaches: the server itself or the jump host before it. */
export interface Hop {
  host: string;
  port: number;
  user: string;
  /** What the host may present. There is no session without it. */
  hostKeys: HostKeys;
  key: PrivateKey;
}

/** A private key as the user gave it; read (and its passphrase tried) when the session opens. */
export interface PrivateKey {
  text: string;
  passphrase: string | undefined;
  /** The input that it came from, for messages. */
  input: 'ssh-key' | 'jump-ssh-key';
}

/** A server to deploy to, from the server inputs by `serversOf`. */
export interface Server extends Hop {
  /** For logs and tables: `host`, or `host:port` where two servers share the host. */
  name: string;
  jump: Hop | undefined;
  /** Absolute folder of the application on the server. */
  path: string;
  /** Milliseconds until a connection must stand, authenticated. */
  connectTimeout: number;
  /** DOCKER_HOST for commands on the server (rootless engines). */
  dockerHost: string | undefined;
}
