import { createHash, generateKeyPair, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** A key with which a client logs in. */
export interface ClientKey {
  readonly type: KeyType;
  /** As ssh-keygen writes it: OpenSSH's own format for ed25519, PEM (PKCS#1, SEC1) for the others. */
  readonly privateKey: string;
  /** The same key as PKCS#8 PEM. */
  readonly pkcs8: string;
  /** One line of authorized_keys. */
  readonly publicKey: string;
}

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

const generate = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;

/** Makes a key, in a few milliseconds (rsa: up to a second). */
export async function clientKey(type: KeyType = 'ed25519'): Promise<ClientKey> {
  const options = { ed25519: {}, rsa: { modulusLength: 3072 }, ecdsa: { namedCurve: 'P-256' } }[type];
  const { publicKey, privateKey } = await generate(type === 'ecdsa' ? 'ec' : type, options);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const jwk = privateKey.export({ format: 'jwk' }) as Record<string, string>;
  const part = (name: string) => Buffer.from(jwk[name] ?? '', 'base64url');
  if (type === 'rsa') {
    const blob = Buffer.concat([field('ssh-rsa'), number(part('e')), number(part('n'))]);
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
    return { type, privateKey: pem, pkcs8, publicKey: `ssh-rsa ${blob.toString('base64')} lab` };
  }
  if (type === 'ecdsa') {
    const point = Buffer.concat([Buffer.from([4]), part('x'), part('y')]);
    const blob = Buffer.concat([field('ecdsa-sha2-nistp256'), field('nistp256'), field(point)]);
    const pem = privateKey.export({ type: 'sec1', format: 'pem' }) as string;
    return { type, privateKey: pem, pkcs8, publicKey: `ecdsa-sha2-nistp256 ${blob.toString('base64')} lab` };
  }
  void publicKey;
  const blob = Buffer.concat([field('ssh-ed25519'), field(part('x'))]);
  return {
    type,
    privateKey: opensshKey(part('d'), part('x')),
    pkcs8,
    publicKey: `ssh-ed25519 ${blob.toString('base64')} lab`,
  };
}

/** The fingerprint of a public key line (`type base64 comment`), as `ssh-keygen -l` prints it. */
export function fingerprint(publicKeyLine: string): string {
  const blob = Buffer.from(publicKeyLine.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** An unencrypted private key file. Source: OpenSSH, PROTOCOL.key. */
function opensshKey(seed: Buffer, point: Buffer): string {
  const type = field('ssh-ed25519');
  const blob = Buffer.concat([type, field(point)]);
  const check = randomBytes(4);
  let secret = Buffer.concat([
    check,
    check,
    type,
    field(point),
    field(Buffer.concat([seed, point])),
    field('lab'),
  ]);
  const padding = (8 - (secret.length % 8)) % 8;
  secret = Buffer.concat([secret, Buffer.from(Array.from({ length: padding }, (_, index) => index + 1))]);
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(blob),
    field(secret),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** RFC 4251 string. */
function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** RFC 4251 mpint of an unsigned number. */
function number(bytes: Buffer): Buffer {
  return field((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}
