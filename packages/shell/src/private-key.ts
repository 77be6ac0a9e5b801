import { type KeyObject, createPrivateKey } from 'node:crypto';
import { messageOf } from '@deploy-actions/kit';
import type { PrivateKey } from './server.ts';
import { SessionFailure } from './session-failure.ts';

/**
 * A private key in a form that the SSH library reads, not encrypted where node:crypto could open it: PEM and
 * PKCS#8 become PKCS#1 (RSA), SEC 1 (EC) or OpenSSH's own (Ed25519); OpenSSH's own form is passed on.
 * SessionFailure `passphrase-needed`, `passphrase-wrong` or `bad-key`.
 */
export function readableKey(key: PrivateKey): { text: string; passphrase: string | undefined } {
  if (key.text.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----')) {
    return { text: key.text, passphrase: key.passphrase };
  }
  const encrypted = /ENCRYPTED/.test(key.text);
  if (encrypted && key.passphrase === undefined) throw passphraseNeeded(key);
  let opened: KeyObject;
  try {
    opened = createPrivateKey({
      key: key.text,
      format: 'pem',
      ...(encrypted ? { passphrase: key.passphrase } : {}),
    });
  } catch (error) {
    if (encrypted) throw passphraseWrong(key, error);
    throw badKey(key, error);
  }
  return { text: exported(opened, key), passphrase: undefined };
}

function exported(opened: KeyObject, key: PrivateKey): string {
  switch (opened.asymmetricKeyType) {
    case 'rsa':
      return opened.export({ type: 'pkcs1', format: 'pem' }) as string;
    case 'ec':
      return opened.export({ type: 'sec1', format: 'pem' }) as string;
    case 'ed25519':
      return ed25519Text(opened);
    default:
      throw new SessionFailure(
        'bad-key',
        `input \`${key.input}\` is a key of type ${opened.asymmetricKeyType}, which SSH servers do not take`,
        { input: key.input, remedy: 'Use an Ed25519, ECDSA or RSA key.' },
      );
  }
}

/** OpenSSH's unencrypted form. Source: PROTOCOL.key of OpenSSH. */
function ed25519Text(opened: KeyObject): string {
  const jwk = opened.export({ format: 'jwk' });
  const seed = Buffer.from(jwk.d!, 'base64url');
  const point = Buffer.from(jwk.x!, 'base64url');
  const type = string('ssh-ed25519');
  const publicKey = Buffer.concat([type, string(point)]);
  // Two equal check numbers; they matter only to encrypted keys.
  const secret = Buffer.concat([
    Buffer.alloc(8),
    type,
    string(point),
    string(Buffer.concat([seed, point])),
    string(''),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    Buffer.from([0, 0, 0, 1]),
    string(publicKey),
    string(Buffer.concat([secret, padding])),
  ]);
  const body = whole
    .toString('base64')
    .match(/.{1,70}/g)!
    .join('\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export function passphraseNeeded(key: PrivateKey): SessionFailure {
  return new SessionFailure(
    'passphrase-needed',
    `input \`${key.input}\` is encrypted and \`ssh-passphrase\` is empty`,
    {
      input: 'ssh-passphrase',
      remedy: 'Set `ssh-passphrase`, or give a key without one.',
    },
  );
}

export function passphraseWrong(key: PrivateKey, cause: unknown): SessionFailure {
  return new SessionFailure('passphrase-wrong', `\`ssh-passphrase\` does not open \`${key.input}\``, {
    input: 'ssh-passphrase',
    cause,
  });
}

export function badKey(key: PrivateKey, cause: unknown): SessionFailure {
  return new SessionFailure(
    'bad-key',
    `input \`${key.input}\` cannot be read as a private key: ${messageOf(cause)}`,
    {
      input: key.input,
      remedy: 'Give the whole file of an Ed25519, ECDSA or RSA key, in OpenSSH, PEM or PKCS#8 form.',
    },
  );
}
