import { type KeyObject, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key in PEM, made for one test run. */
export interface TestCertificate {
  cert: string;
  key: string;
}

export interface CertificateWish {
  /** DNS names and IPv4 addresses; the first is the common name too. */
  names: string[];
  /** Days from now; may lie in the past. Default -1 and 30. */
  fromDays?: number;
  toDays?: number;
  /** Who signs; self-signed when missing. */
  issuer?: TestAuthority;
  authority?: boolean;
}

export interface TestAuthority extends TestCertificate {
  name: string;
  signWith: KeyObject;
}

/** A certificate authority of its own, to be trusted by nobody but the test. */
export function makeAuthority(name = 'Test authority'): TestAuthority {
  const made = build({ names: [name], authority: true });
  return { ...made, name };
}

/** A server certificate, ECDSA P-256, X.509 version 3 (RFC 5280), written as DER by hand. */
export function makeCertificate(wish: CertificateWish): TestCertificate {
  return build(wish);
}

function build(wish: CertificateWish): TestCertificate & { signWith: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf(wish.names[0]!);
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const at = (days: number) => time(new Date(Date.now() + days * 86_400_000));
  const extensions = wish.authority
    ? [extension('2.5.29.19', sequence(tagged(0x01, Buffer.from([0xff]))))]
    : [
        extension(
          '2.5.29.17',
          sequence(
            ...wish.names.map((name) =>
              isIP(name) === 4
                ? tagged(0x87, Buffer.from(name.split('.').map(Number)))
                : tagged(0x82, Buffer.from(name)),
            ),
          ),
        ),
      ];
  const serial = randomBytes(8);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    wish.issuer ? nameOf(wish.issuer.name) : subject,
    sequence(at(wish.fromDays ?? -1), at(wish.toDays ?? 30)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, wish.issuer?.signWith ?? privateKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    signWith: privateKey,
  };
}

function tagged(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, Math.floor(size / 256), size % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes = [first! * 40 + second!];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function nameOf(common: string): Buffer {
  return sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(common)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), tagged(0x04, value));
}

function time(date: Date): Buffer {
  return tagged(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}
