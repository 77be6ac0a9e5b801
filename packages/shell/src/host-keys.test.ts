import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { HostKeys, fingerprintOf, knownHostsName } from './host-keys.ts';

/** A key blob in wire form that is not a real key, which nobody here checks. */
function blob(type: string, fill: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.alloc(40, fill)]);
}
const ed = blob('ssh-ed25519', 1);
const other = blob('ssh-ed25519', 2);
const rsa = blob('ssh-rsa', 3);
const line = (hosts: string, key: Buffer, type = 'ssh-ed25519') =>
  `${hosts} ${type} ${key.toString('base64')} comment`;
const verdict = (text: string, host: string, port = 22, key = ed) =>
  HostKeys.parse(text).check(host, port, key).verdict;

describe('which line is for which host', () => {
  test.each([
    ['web', 'web', 22, 'pinned'],
    ['web', 'WEB', 22, 'pinned'],
    ['web', 'web2', 22, 'unknown'],
    ['web', 'web', 2222, 'unknown'],
    ['[web]:2222', 'web', 2222, 'pinned'],
    ['a,web,b', 'web', 22, 'pinned'],
    ['*.example.org', 'a.example.org', 22, 'pinned'],
    ['*.example.org,!a.example.org', 'a.example.org', 22, 'unknown'],
    ['web?', 'web1', 22, 'pinned'],
    ['[2001:db8::1]:2222', '2001:DB8::1', 2222, 'pinned'],
    ['2001:db8::1', '2001:db8::1', 22, 'pinned'],
    ['*', 'anything', 22, 'pinned'],
    ['*a*a*a*a*a*a*a*a*b', 'a'.repeat(200), 22, 'unknown'],
  ])('%s and %s port %i: %s', (pattern, host, port, expected) => {
    expect(verdict(line(pattern, ed), host, port)).toBe(expected);
  });

  test('a hashed name matches its host alone', () => {
    const salt = Buffer.alloc(20, 7);
    const hash = createHmac('sha1', salt).update('[web]:2222').digest('base64');
    const hashed = line(`|1|${salt.toString('base64')}|${hash}`, ed);
    expect(verdict(hashed, 'web', 2222)).toBe('pinned');
    expect(verdict(hashed, 'web', 22)).toBe('unknown');
  });
});

test('any pinned key of a host matches, another one is a mismatch that names the lines', () => {
  const keys = HostKeys.parse(`# comment\n\n${line('web', ed)}\r\n${line('web', rsa, 'ssh-rsa')}`);
  expect(keys.check('web', 22, rsa)).toEqual({ verdict: 'pinned', line: 4 });
  expect(keys.check('web', 22, other)).toEqual({ verdict: 'mismatch', lines: [3, 4] });
});

test('a revoked key is refused even where another line pins it', () => {
  expect(verdict(`${line('web', ed)}\n${line('@revoked *', ed)}`, 'web')).toBe('revoked');
});

test('fingerprints pin a host, or, bare, any', () => {
  const print = fingerprintOf(ed);
  expect(print).toBe(`SHA256:${createHash('sha256').update(ed).digest('base64').slice(0, 43)}`);
  expect(verdict(`web ${print}`, 'web')).toBe('pinned');
  expect(verdict(`web ${print}`, 'db')).toBe('unknown');
  expect(verdict(print, 'db')).toBe('pinned');
  expect(HostKeys.parse(print).bareLine).toBe(1);
  expect(HostKeys.parse(`web ${print}`).bareLine).toBeUndefined();
});

test('only pinned key types are offered, and ssh-rsa never as SHA-1', () => {
  const keys = HostKeys.parse(line('web', rsa, 'ssh-rsa'));
  expect(keys.algorithmsFor('web', 22)).toEqual({
    algorithms: ['rsa-sha2-512', 'rsa-sha2-256'],
    fingerprintOnly: false,
  });
  expect(keys.algorithmsFor('db', 22).algorithms).not.toContain('ssh-rsa');
  expect(HostKeys.parse(`web ${fingerprintOf(ed)}`).algorithmsFor('web', 22).fingerprintOnly).toBe(true);
});

test.each([
  ['@cert-authority * ssh-ed25519 AAAA', /@cert-authority/],
  ['@nonsense web ssh-ed25519 AAAA', /no marker/],
  ['web', /not a line/],
  ['web ssh-dss AAAA', /no supported type/],
  ['web ssh-ed25519', /damaged/],
  ['web ssh-ed25519 AAAAB3NzaC1yc2E=', /damaged or not of type/],
  ['web SHA256:short', /whole SHA256/],
  ['web MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff', /MD5/],
  ['|1|bad ssh-ed25519 AAAA', /hashed/],
])('%s is refused by its line', (text, message) => {
  expect(() => HostKeys.parse(`${line('ok', ed)}\n${text}`)).toThrow(
    expect.objectContaining({ line: 2, message: expect.stringMatching(message) }),
  );
});

test('pins come from parsing alone: nothing that only looks like them is taken', () => {
  expect(HostKeys.is(HostKeys.parse(''))).toBe(true);
  expect(
    HostKeys.is({ check: () => ({ verdict: 'pinned', line: 1 }), algorithmsFor: () => ({ algorithms: [] }) }),
  ).toBe(false);
  expect(HostKeys.is(Object.create(HostKeys.prototype))).toBe(false);
  // @ts-expect-error the constructor is private: no empty set of pins by accident
  const made = new HostKeys([]);
  expect(made.check('web', 22, ed).verdict).toBe('unknown');
});

test('a host has the name that known_hosts gives it', () => {
  expect([knownHostsName('Web', 22), knownHostsName('web', 2222)]).toEqual(['web', '[web]:2222']);
});
