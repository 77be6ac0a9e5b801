import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseFields } from '@deploy-actions/kit';
import { armour } from './key-armour.ts';
import {
  optionalServerFields,
  parseDestination,
  serverFields,
  serverVariable,
  serversOf,
} from './server-fields.ts';

const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const print = `SHA256:${'A'.repeat(43)}`;
const parse = (inputs: Record<string, string>) =>
  serversOf(
    parseFields(serverFields, {
      input: (name) => ({ 'ssh-key': pem, path: '/srv/app', user: 'deploy', ...inputs })[name] ?? '',
    }),
  );

describe('[user@]host[:port]', () => {
  test.each([
    ['web', { user: undefined, host: 'web', port: undefined }],
    ['deploy@web.example.org:2222', { user: 'deploy', host: 'web.example.org', port: 2222 }],
    ['d@[2001:db8::1]:22', { user: 'd', host: '2001:db8::1', port: 22 }],
    ['[::1]', { user: undefined, host: '::1', port: undefined }],
    ['2001:db8::1', { user: undefined, host: '2001:db8::1', port: undefined }],
    ['10.0.0.1:22', { user: undefined, host: '10.0.0.1', port: 22 }],
  ])('%s', (text, expected) => {
    expect(parseDestination(text)).toEqual(expected);
  });

  test.each([
    '-oProxyCommand=x',
    'a b',
    'web:',
    'web:0',
    'web:70000',
    '@web',
    'x y@web',
    'web;id',
    'ssh://web',
    '[::1',
    '$(id)',
  ])('%s is refused', (text) => {
    expect(() => parseDestination(text)).toThrow();
  });
});

test('several hosts take what they lack from user and port, and are told apart by name', () => {
  const servers = parse({
    host: 'web1\nroot@web2:2222\nweb1:23 \n',
    port: '24',
    'known-hosts': `* ${print}`,
  });
  expect(servers.map(({ user, host, port, name }) => ({ user, host, port, name }))).toEqual([
    { user: 'deploy', host: 'web1', port: 24, name: 'web1:24' },
    { user: 'root', host: 'web2', port: 2222, name: 'web2' },
    { user: 'deploy', host: 'web1', port: 23, name: 'web1:23' },
  ]);
});

test.each([
  [{ host: 'web', user: '' }, 'user', /names none/],
  [{ host: 'a\na:22' }, 'host', /twice/],
  [
    { host: 'a\nb', 'known-hosts': print },
    'known-hosts',
    /bare fingerprint is bound to no host, and there are 2$/,
  ],
  [{ host: 'a', 'jump-host': 'j', 'known-hosts': print }, 'known-hosts', /2, the jump host included/],
  [{ host: 'a', 'jump-ssh-key': pem }, 'jump-ssh-key', /without `jump-host`/],
  [{ host: 'a', path: 'srv/app' }, 'path', /absolute/],
  [{ host: 'a', path: '/srv/../etc' }, 'path', /absolute/],
  [{ host: 'a', path: '/srv/a b' }, 'path', /absolute/],
  [{ host: 'a\nb c' }, 'host', /line 2: "b c" is not a host/],
  [{ host: 'a', 'known-hosts': 'a ssh-dss AAAA' }, 'known-hosts', /line 1/],
  [{ host: 'a', 'ssh-key': 'ssh-ed25519 AAAA' }, 'ssh-key', /public key/],
  [{ host: 'a', 'docker-host': 'ssh://x' }, 'docker-host', /Docker address/],
  [{ host: '' }, 'host', /required/],
])('%j is one error of input %s', (inputs, input, message) => {
  expect(() => parse(inputs as Record<string, string>)).toThrow(
    expect.objectContaining({ kind: 'input', input, message: expect.stringMatching(message) }),
  );
});

test('a jump host has its own key, or the server’s', () => {
  const [own] = parse({ host: 'a', 'jump-host': 'j@b:3', 'jump-ssh-key': pem });
  expect(own!.jump).toMatchObject({ user: 'j', host: 'b', port: 3, key: { input: 'jump-ssh-key' } });
  expect(parse({ host: 'a', 'jump-host': 'b' })[0]!.jump).toMatchObject({
    user: 'deploy',
    port: 22,
    key: { input: 'ssh-key' },
  });
});

test('an action that can do without a server gets none from empty inputs', () => {
  expect(serversOf(parseFields(optionalServerFields, { input: () => '' }))).toEqual([]);
  expect(() =>
    serversOf(parseFields(optionalServerFields, { input: (name) => (name === 'host' ? 'd@web' : '') })),
  ).toThrow(/ssh-key/);
});

describe('a private key is read', () => {
  test.each([
    ['as it is', pem],
    ['with CRLF', pem.replace(/\n/g, '\r\n')],
    ['on one line', pem.replace(/\n/g, ' ')],
    ['without any white space', pem.replace(/\n/g, '')],
    ['with \\n for newlines', pem.replace(/\n/g, '\\n')],
    ['as base64', Buffer.from(pem).toString('base64')],
    [
      'as base64 with line breaks',
      Buffer.from(pem)
        .toString('base64')
        .replace(/(.{76})/g, '$1\n'),
    ],
    ['indented', pem.replace(/^/gm, '  ')],
  ])('%s', (_, text) => {
    expect(armour(text)).toBe(pem);
  });

  test.each([
    ['-----BEGIN PRIVATE KEY-----\nMC4', /cut off/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /certificate, not a private key/],
    ['PuTTY-User-Key-File-2: ssh-rsa', /PuTTY/],
    ['hello world', /is not a private key/],
    ['-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----', /damaged/],
  ])('%j is refused without being shown', (text, message) => {
    expect(() => armour(text)).toThrow(message);
  });
});

test('every server input has its variable, by one rule', () => {
  for (const fields of [serverFields, optionalServerFields]) {
    const named = Object.entries(fields).flatMap(([name, { variable }]) =>
      variable ? [[name, variable]] : [],
    );
    expect(named.sort()).toEqual([
      ['docker-host', 'DEPLOY_DOCKER_HOST'],
      ['host', 'DEPLOY_HOST'],
      ['jump-host', 'DEPLOY_JUMP_HOST'],
      ['jump-ssh-key', 'DEPLOY_JUMP_SSH_KEY'],
      ['known-hosts', 'DEPLOY_KNOWN_HOSTS'],
      ['path', 'DEPLOY_PATH'],
      ['port', 'DEPLOY_PORT'],
      ['ssh-key', 'DEPLOY_SSH_KEY'],
      ['ssh-passphrase', 'DEPLOY_SSH_PASSPHRASE'],
      ['user', 'DEPLOY_USER'],
    ]);
  }
  expect(serverVariable('project')).toBe('DEPLOY_PROJECT');
});
