import type { Duplex } from 'node:stream';
import { type Clock, messageOf } from '@deploy-actions/kit';
import { NodeSSH } from 'node-ssh';
import ssh2, { type Client, type ParsedKey } from 'ssh2';
import {
  HOST_KEY_ALGORITHMS,
  HostKeys,
  type KeyVerdict,
  fingerprintOf,
  keyTypeOf,
  knownHostsName,
  signatureAlgorithmsOf,
} from './host-keys.ts';
import { badKey, passphraseNeeded, passphraseWrong, readableKey } from './private-key.ts';
import type { Hop, PrivateKey } from './server.ts';
import type { Proof } from './session.ts';
import { SessionFailure } from './session-failure.ts';

/** An authenticated connection to one hop. */
export interface Connection {
  client: Client;
  /** Aborts with a `lost` SessionFailure when the connection ends for any reason. */
  gone: AbortSignal;
  proof: Proof;
  close(): void;
}

/** Seconds of silence after which a dead link is seen: (count + 1) times the interval. */
const KEEPALIVE = { keepaliveInterval: 5000, keepaliveCountMax: 2 };

/** Tries for a server that hangs up before it says who it is: sshd does so at random above MaxStartups. */
const HANG_UP_TRIES = 4;

/**
 * Connects, checks the host key and authenticates. `dial` gives a fresh stream to the host's port; it is called
 * again only where another try can help: after a hang-up, or for another key type of a host that is pinned by
 * fingerprint alone. `signal` aborts with the Failure to throw.
 */
export async function connectHop(
  hop: Hop,
  dial: () => Promise<Duplex>,
  ports: { clock: Clock; signal: AbortSignal },
): Promise<Connection> {
  // Types hold no longer at run time; a session that trusts anybody must not come about there either.
  if (!HostKeys.is(hop.hostKeys)) throw new TypeError('a session needs pinned host keys');
  const key = parsedKey(hop.key);
  let { algorithms, fingerprintOnly } = hop.hostKeys.algorithmsFor(hop.host, hop.port);
  const presented: Buffer[] = [];
  for (let hangUps = 0; ;) {
    const attempt = await tryOnce(hop, key, await dial(), algorithms, ports.signal);
    if ('connection' in attempt) return attempt.connection;
    const { error, shown } = attempt;
    ports.signal.throwIfAborted();
    if (shown) {
      presented.push(shown.key);
      const shownAlgorithms = signatureAlgorithmsOf(keyTypeOf(shown.key));
      const others = algorithms.filter((name) => !shownAlgorithms.includes(name));
      if (shown.verdict.verdict === 'mismatch' && fingerprintOnly && others.length > 0) {
        algorithms = others;
        continue;
      }
      if (shown.verdict.verdict !== 'pinned') throw hostKeyFailure(hop, presented, shown.verdict);
    }
    if (/no matching host key/i.test(messageOf(error))) {
      // The host has none of the pinned types. Ask for any, to be able to show what it has.
      if (presented.length > 0) throw hostKeyFailure(hop, presented, { verdict: 'mismatch', lines: [] });
      if (algorithms !== HOST_KEY_ALGORITHMS) {
        algorithms = HOST_KEY_ALGORITHMS;
        fingerprintOnly = false;
        continue;
      }
    }
    if (!isHangUp(error) || ++hangUps >= HANG_UP_TRIES) throw handshakeFailure(hop, key, error);
    await ports.clock.sleep(250 * 2 ** hangUps, ports.signal);
  }
}

/**
 * What is offered besides the library's defaults for key exchange and ciphers: no SHA-1 to authenticate messages, and no
 * compression, whose length tells of what is inside.
 */
const ALGORITHMS = {
  hmac: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
  ] as ssh2.MacAlgorithm[],
  compress: ['none'] as ssh2.CompressionAlgorithm[],
};

type Attempt =
  { connection: Connection } | { error: unknown; shown: { key: Buffer; verdict: KeyVerdict } | undefined };

async function tryOnce(
  hop: Hop,
  key: ParsedKey,
  sock: Duplex,
  algorithms: readonly string[],
  signal: AbortSignal,
): Promise<Attempt> {
  const ssh = new NodeSSH();
  const gone = new AbortController();
  const lost = (error?: unknown) => {
    gone.abort(
      new SessionFailure(
        'lost',
        `the connection to ${hop.host} was lost`,
        error === undefined ? {} : { cause: error },
      ),
    );
  };
  let shown: { key: Buffer; verdict: KeyVerdict } | undefined;
  const cancel = () => sock.destroy();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    await ssh.connect({
      sock: sock as never,
      username: hop.user,
      // Straight to the key: asking for `none` first costs a round trip.
      authHandler: [{ type: 'publickey', username: hop.user, key }] as never,
      hostVerifier(presented: Buffer) {
        // The library drops its own listener when the connection is ready; an error must find one always.
        ssh.connection?.on('error', lost);
        ssh.connection?.on('close', () => lost());
        shown = { key: presented, verdict: hop.hostKeys.check(hop.host, hop.port, presented) };
        return shown.verdict.verdict === 'pinned';
      },
      algorithms: { ...ALGORITHMS, serverHostKey: [...algorithms] as never },
      readyTimeout: 0,
      ...KEEPALIVE,
    });
    const client = ssh.connection;
    // Without a verdict nobody looked at the host's key: then there is no session, whatever the library says.
    if (!client || shown?.verdict.verdict !== 'pinned') throw new Error('the host key was not checked');
    const proof: Proof = {
      hostKey: `${keyTypeOf(shown.key)} ${fingerprintOf(shown.key)}`,
      line: shown.verdict.line,
      key: `${key.type} ${fingerprintOf(key.getPublicSSH())}`,
    };
    return { connection: { client, gone: gone.signal, proof, close: () => ssh.dispose() } };
  } catch (error) {
    sock.destroy();
    return { error, shown };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function parsedKey(key: PrivateKey): ParsedKey {
  const { text, passphrase } = readableKey(key);
  const parsed = ssh2.utils.parseKey(text, passphrase) as ParsedKey | ParsedKey[] | Error;
  if (!(parsed instanceof Error)) return Array.isArray(parsed) ? parsed[0]! : parsed;
  if (/no passphrase given/.test(parsed.message)) throw passphraseNeeded(key);
  if (/passphrase/i.test(parsed.message)) throw passphraseWrong(key, parsed);
  throw badKey(key, parsed);
}

/** What to tell about a host key that is not pinned: never more than a fingerprint and a public line. */
function hostKeyFailure(hop: Hop, presented: readonly Buffer[], verdict: KeyVerdict): SessionFailure {
  const key = presented[0]!;
  const where = knownHostsName(hop.host, hop.port);
  const shown = presented.map((one) => `${fingerprintOf(one)} (${keyTypeOf(one)})`).join(', ');
  const line = `${where} ${keyTypeOf(key)} ${key.toString('base64')}`;
  const details = `The line of known-hosts for what ${where} presented:\n${line}`;
  const compare =
    'on the server, `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` (or the file of its type) prints it';
  if (verdict.verdict === 'revoked') {
    return new SessionFailure(
      'host-key-revoked',
      `${where} presented a key that known-hosts, line ${verdict.line}, marks as revoked: ${shown}`,
      { input: 'known-hosts', remedy: 'Nothing was sent to it. Find out who answers at this address.' },
    );
  }
  if (verdict.verdict === 'unknown') {
    const what = hop.hostKeys.empty
      ? `input \`known-hosts\` is required and is empty; ${where} presented ${shown}`
      : `known-hosts has no line for ${where}, which presented ${shown}`;
    return new SessionFailure('host-key-unknown', what, {
      input: 'known-hosts',
      remedy: `Compare the fingerprint out of band (${compare}), then add to known-hosts: ${line}`,
      details,
    });
  }
  const lines = 'lines' in verdict && verdict.lines.length > 0 ? ` (line ${verdict.lines.join(', ')})` : '';
  return new SessionFailure(
    'host-key-mismatch',
    `${where} presented ${shown}, which is not what known-hosts pins for it${lines}`,
    {
      input: 'known-hosts',
      remedy: `Nothing was sent to it. If its key was changed on purpose, compare the fingerprint out of band (${compare}) and put the new line in place of the old one`,
      details,
    },
  );
}

/** The command that makes the user where there is none, and lets the key in; both are of checked characters. */
function letIn(user: string, publicKey: string): string {
  const home = `~${user}/.ssh`;
  return `id ${user} || useradd --create-home --shell /bin/bash ${user}; install -d -m 0700 -o ${user} ${home} && echo 'restrict,port-forwarding ${publicKey}' >>${home}/authorized_keys && chown ${user}: ${home}/authorized_keys && chmod 0600 ${home}/authorized_keys`;
}

function isHangUp(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    /before handshake|No response from server|read ECONNRESET/.test(messageOf(error))
  );
}

function handshakeFailure(hop: Hop, key: ParsedKey, error: unknown): SessionFailure {
  const { level } = error as { level?: string };
  const where = `${hop.host}, port ${hop.port},`;
  if (level === 'client-authentication') {
    const publicKey = key.getPublicSSH() as Buffer;
    const fingerprint = fingerprintOf(publicKey);
    return new SessionFailure(
      'auth-refused',
      `${hop.host} does not let ${hop.user} in with the key ${fingerprint} (${hop.key.input})`,
      {
        cause: error,
        input: hop.key.input,
        remedy: `Add its public key to ~${hop.user}/.ssh/authorized_keys on ${hop.host}, or check \`user\``,
        details: `What lets it in, as root on ${hop.host}:\n${letIn(hop.user, `${key.type} ${publicKey.toString('base64')}`)}`,
      },
    );
  }
  if (isHangUp(error)) {
    return new SessionFailure('unreachable', `${where} took the connection and hung up each time`, {
      cause: error,
      remedy:
        'Nothing was changed. Its SSH server may be overloaded (MaxStartups) or a ban (fail2ban) may be in force.',
    });
  }
  return new SessionFailure(
    'not-ssh',
    `${where} and this action could not agree on SSH: ${messageOf(error)}`,
    {
      cause: error,
      remedy: 'Check that `port` is the SSH server’s, and that it is OpenSSH 7.4 or later.',
    },
  );
}
