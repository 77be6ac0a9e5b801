import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { FieldError, quote } from '@deploy-actions/kit';

/** What a host's presented key is to the pins. */
export type KeyVerdict =
  | { verdict: 'pinned'; line: number }
  | { verdict: 'revoked'; line: number }
  /** Other keys are pinned for this host. */
  | { verdict: 'mismatch'; lines: number[] }
  /** Nothing is pinned for this host. */
  | { verdict: 'unknown' };

type HostMatch = (name: string) => boolean;

interface Pin {
  line: number;
  revoked: boolean;
  /** Undefined for a bare fingerprint, which is bound to no host. */
  matches: HostMatch | undefined;
  /** Either a whole key with its type … */
  type?: string;
  key?: Buffer;
  /** … or the SHA-256 of one. */
  fingerprint?: Buffer;
}

/** Key types of known_hosts, and the signature algorithms by which a host may prove that it has such a key. */
const ALGORITHMS: Record<string, readonly string[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  // The type `ssh-rsa` names the key; as a signature algorithm it would mean SHA-1 (RFC 8332).
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** Every signature algorithm that a host may be asked for, best first. */
export const HOST_KEY_ALGORITHMS: readonly string[] = Object.values(ALGORITHMS).flat();

/** The algorithms by which a host proves that it has a key of this type; empty for a type that we do not know. */
export function signatureAlgorithmsOf(type: string): readonly string[] {
  return ALGORITHMS[type] ?? [];
}

/**
 * The host keys that the user pinned. The only way to one is to parse the user's text (an empty one pins
 * nothing, and then no host is trusted), so a session cannot be made to trust whatever answers.
 */
export class HostKeys {
  readonly #pins: readonly Pin[];

  private constructor(pins: readonly Pin[]) {
    this.#pins = pins;
  }

  /** Whether a value is one of ours, also at run time, where types hold no longer. */
  static is(value: unknown): value is HostKeys {
    return typeof value === 'object' && value !== null && #pins in value;
  }

  /**
   * Pins from known_hosts lines (plain, hashed, `[host]:port`, wildcards and `!`, `@revoked`), `host SHA256:…`
   * lines, or a bare `SHA256:…`. A FieldError names the line.
   */
  static parse(text: string): HostKeys {
    const pins: Pin[] = [];
    for (const [index, raw] of text.split(/\r?\n/).entries()) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) continue;
      pins.push(parseLine(line, index + 1));
    }
    return new HostKeys(pins);
  }

  get empty(): boolean {
    return this.#pins.length === 0;
  }

  /** The line of the first bare fingerprint: any host that has that key could pose as another. */
  get bareLine(): number | undefined {
    return this.#pins.find((pin) => pin.matches === undefined)?.line;
  }

  /**
   * The signature algorithms to offer this host: those of its pinned key types alone, since a host that has
   * several keys shows the one that we prefer. All of them where only fingerprints (or nothing) are pinned;
   * then `fingerprintOnly` says that a mismatch may be due to the type.
   */
  algorithmsFor(host: string, port: number): { algorithms: readonly string[]; fingerprintOnly: boolean } {
    const pins = this.#for(host, port).filter((pin) => !pin.revoked);
    const types = pins.map((pin) => pin.type);
    if (pins.length === 0 || types.includes(undefined)) {
      return { algorithms: HOST_KEY_ALGORITHMS, fingerprintOnly: pins.length > 0 };
    }
    return {
      algorithms: Object.entries(ALGORITHMS).flatMap(([type, names]) => (types.includes(type) ? names : [])),
      fingerprintOnly: false,
    };
  }

  /** Judges the key that a host presented, in SSH's wire form. */
  check(host: string, port: number, key: Buffer): KeyVerdict {
    const pins = this.#for(host, port);
    const digest = createHash('sha256').update(key).digest();
    const same = (pin: Pin) => (pin.key ? pin.key.equals(key) : timingSafeEqual(pin.fingerprint!, digest));
    const revoked = pins.find((pin) => pin.revoked && same(pin));
    if (revoked) return { verdict: 'revoked', line: revoked.line };
    const valid = pins.filter((pin) => !pin.revoked);
    const pinned = valid.find(same);
    if (pinned) return { verdict: 'pinned', line: pinned.line };
    if (valid.length === 0) return { verdict: 'unknown' };
    return { verdict: 'mismatch', lines: valid.map((pin) => pin.line) };
  }

  #for(host: string, port: number): Pin[] {
    const name = knownHostsName(host, port);
    return this.#pins.filter((pin) => pin.matches === undefined || pin.matches(name));
  }
}

/** How known_hosts calls a server: `host`, or `[host]:port` for another port than 22; lower case. */
export function knownHostsName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/** `SHA256:…` of a key in SSH's wire form, as ssh-keygen -l prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key in SSH's wire form names itself. */
export function keyTypeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return length > 0 && length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : '';
}

function parseLine(line: string, number: number): Pin {
  const wrong = (message: string, remedy?: string) => new FieldError(message, { line: number, remedy });
  const words = line.split(/\s+/);
  let revoked = false;
  if (words[0]!.startsWith('@')) {
    const marker = words.shift()!;
    if (marker === '@cert-authority') {
      throw wrong('@cert-authority lines are not supported', 'Pin the host key itself instead.');
    }
    if (marker !== '@revoked') throw wrong(`${quote(marker)} is no marker of known_hosts`);
    revoked = true;
  }
  const [first, second, third] = words;
  if (first === undefined) throw wrong('the line ends after its marker');
  if (first.startsWith('SHA256:') && second === undefined) {
    if (revoked) throw wrong('@revoked needs a host');
    return { line: number, revoked, matches: undefined, fingerprint: parseFingerprint(first, wrong) };
  }
  if (/^(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}$/i.test(second ?? first)) {
    throw wrong('an MD5 fingerprint does not prove a host', 'Give its SHA256 fingerprint or the whole key.');
  }
  if (second === undefined) {
    throw wrong(`${quote(line)} is not a line of known_hosts`, 'Write `host type key` or `host SHA256:…`.');
  }
  const matches = parseHosts(first, wrong);
  if (second.startsWith('SHA256:')) {
    return { line: number, revoked, matches, fingerprint: parseFingerprint(second, wrong) };
  }
  if (!(second in ALGORITHMS)) {
    throw wrong(
      `${quote(second)} is no supported type of host key`,
      `Supported are ${Object.keys(ALGORITHMS).join(', ')}; \`ssh-keyscan host\` prints such lines.`,
    );
  }
  const key = Buffer.from(third ?? '', 'base64');
  if (third === undefined || !/^[A-Za-z0-9+/]+=*$/.test(third) || keyTypeOf(key) !== second) {
    throw wrong(`the key is damaged or not of type ${second}`, 'Copy the whole line, without line breaks.');
  }
  return { line: number, revoked, matches, type: second, key };
}

function parseFingerprint(text: string, wrong: (message: string, remedy?: string) => FieldError): Buffer {
  const encoded = text.slice('SHA256:'.length);
  const digest = Buffer.from(encoded, 'base64');
  if (!/^[A-Za-z0-9+/]{43}=?$/.test(encoded) || digest.length !== 32) {
    throw wrong(`${quote(text)} is not a whole SHA256 fingerprint`, 'It has 43 characters after `SHA256:`.');
  }
  return digest;
}

function parseHosts(text: string, wrong: (message: string, remedy?: string) => FieldError): HostMatch {
  if (text.startsWith('|')) {
    const [, magic, salt, hash] = /^\|(\d+)\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
    const expected = Buffer.from(hash ?? '', 'base64');
    if (magic !== '1' || expected.length !== 20) throw wrong('the hashed host name is damaged');
    const key = Buffer.from(salt!, 'base64');
    return (name) => timingSafeEqual(createHmac('sha1', key).update(name).digest(), expected);
  }
  const patterns = text.split(',').filter((pattern) => pattern !== '');
  if (patterns.length === 0) throw wrong('the line names no host');
  const tests = patterns.map((pattern) => {
    const negated = pattern.startsWith('!');
    return { negated, matches: wildcard((negated ? pattern.slice(1) : pattern).toLowerCase()) };
  });
  // A negated pattern that matches outweighs all others of its line (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
  return (name) =>
    tests.some((test) => !test.negated && test.matches(name)) &&
    !tests.some((test) => test.negated && test.matches(name));
}

/** `*` and `?` as in known_hosts. In linear time per star, so that no pattern can hang the action. */
function wildcard(pattern: string): HostMatch {
  return (name) => {
    let at = 0;
    let star = -1;
    let mark = 0;
    for (let index = 0; index < name.length;) {
      if (
        at < pattern.length &&
        (pattern[at] === '?' || (pattern[at] === name[index] && pattern[at] !== '*'))
      ) {
        at += 1;
        index += 1;
      } else if (pattern[at] === '*') {
        star = at++;
        mark = index;
      } else if (star >= 0) {
        at = star + 1;
        index = ++mark;
      } else {
        return false;
      }
    }
    while (pattern[at] === '*') at += 1;
    return at === pattern.length;
  };
}
