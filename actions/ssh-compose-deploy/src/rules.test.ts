import { expect, test } from '@jest/globals';
import { parseFields } from '@deploy-actions/kit';
import { fakeWorkflow } from '@deploy-actions/runner/testing';
import { fields } from './fields.ts';
import { registryLogin } from '@deploy-actions/release';
import { checkInputs, digestRule, parallelOf, versionOf } from './rules.ts';

const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');
const inputs = (more: Record<string, string> = {}) => {
  const given: Record<string, string> = { host: 'deploy@web1', 'ssh-key': KEY, path: '/srv/shop', ...more };
  return parseFields(fields, { input: (name) => given[name] ?? '' });
};

test('the defaults are those that action.yml shows', () => {
  expect(inputs()).toMatchObject({
    pull: 'always',
    'on-failure': 'restore',
    'keep-releases': 5,
    'wait-timeout': 300_000,
    'lock-timeout': 600_000,
    'remove-orphans': true,
    'min-free-disk': 1_000_000_000,
    'min-free-inodes': 5,
    'migrate-on': 'first',
    'shared-services': 'keep',
    'port-range': { first: 18000, last: 18999 },
  });
});

test.each([
  [{ plan: 'true', status: 'true' }, 'plan'],
  [{ 'registry-username': 'me' }, 'registry-password'],
  [{ 'registry-password': 'pw' }, 'registry-username'],
  [{ 'registry-username': 'me', 'registry-password': 'pw' }, 'registry'],
  [{ 'migration-state': 'api: x' }, 'migration-state'],
  [{ 'migration-reversible': 'true' }, 'migration-reversible'],
  [{ 'live-only-services': 'worker' }, 'live-only-services'],
  [{ color: 'auto', services: 'web' }, 'services'],
  [{ color: 'auto', adopt: 'true' }, 'adopt'],
])('%j is refused by the name of the input', (given, name) => {
  expect(() => checkInputs(inputs(given as Record<string, string>))).toThrow(
    expect.objectContaining({ input: name }),
  );
});

test.each([
  ['compose-file', '../compose.yaml'],
  ['files', '/etc/passwd'],
  ['project', 'Shop'],
  ['deployment-id', '../x'],
  ['env', 'A=1\nbroken'],
  ['env-file', '../../etc/passwd'],
  ['migrate', 'manage.py migrate'],
  ['parallel', '0'],
  ['port-range', '80-90'],
  ['keep-releases', '1'],
  ['color', 'red'],
  ['version', 'v1\nv2'],
  ['environment', 'production\u0007'],
  ['images', '{"web": "nope nope"}'],
])('a wrong %s is refused before anything is sent', (name, value) => {
  expect(() => inputs({ [name]: value })).toThrow(expect.objectContaining({ kind: 'input', input: name }));
});

test('a command is a text for the shell of the container, or a list of words', () => {
  const { migrate } = inputs({
    migrate: 'api: python manage.py migrate && echo done\nweb: ["./migrate", "--all $X"]',
  });
  expect(migrate.map((hook) => hook.words)).toEqual([
    ['sh', '-c', 'python manage.py migrate && echo done'],
    ['./migrate', '--all $X'],
  ]);
});

test('the version is the commit, unless it is given', () => {
  const workflow = fakeWorkflow({ sha: '0123456789abcdef' });
  expect(versionOf(inputs(), workflow)).toBe('0123456789ab');
  expect(versionOf(inputs({ version: 'v2' }), workflow)).toBe('v2');
});

test('digests are required of what is named, of all, or of none', () => {
  expect(
    [undefined, { 'require-digest': 'true' }, { 'require-digest': 'false' }].map((given) =>
      digestRule({ ...inputs(given), engine: 'compose' }),
    ),
  ).toEqual(['named', 'all', 'off']);
});

test('a login needs all of its three parts', () => {
  expect(registryLogin(inputs())).toBeUndefined();
  expect(
    registryLogin(inputs({ registry: 'ghcr.io', 'registry-username': 'me', 'registry-password': 'pw' })),
  ).toEqual({
    host: 'ghcr.io',
    username: 'me',
    password: 'pw',
  });
});

test('a number or a percentage of the servers is changed at once, and at least one', () => {
  expect(
    [
      ['100%', 3],
      ['50%', 3],
      ['10%', 3],
      ['2', 3],
      ['9', 3],
    ].map(([text, count]) => parallelOf(text as string, count as number)),
  ).toEqual([3, 1, 1, 2, 3]);
});
