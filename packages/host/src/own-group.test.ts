import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const OWN_GROUP = readFileSync(join(import.meta.dirname, 'sh/own-group.sh'), 'utf8');

/** Whether a group counts as the login user's own, where `getent` knows these lines. */
function isOwn(login: string, group: string, groups: string, users: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'group-'));
  try {
    writeFileSync(join(folder, 'group'), groups);
    writeFileSync(join(folder, 'passwd'), users);
    writeFileSync(
      join(folder, 'getent'),
      '#!/bin/sh\ncd "${0%/*}"\nif [ -n "$2" ]; then grep "^$2:" "$1"; else cat "$1"; fi\n',
    );
    chmodSync(join(folder, 'getent'), 0o755);
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `${OWN_GROUP}\ngroup_is_own "$1" "$2"`, 'sh', login, group],
      { encoding: 'utf8', env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } },
    );
    expect(stderr).toBe('');
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const USERS =
  'root:x:0:0::/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\nann:x:1001:1001::/home/ann:/bin/sh\n';

test.each([
  ['a group of its own', 'deploy', 'deploy:x:1000:\n', USERS, true],
  ['its own, named as a member too', 'deploy', 'deploy:x:1000:deploy\n', USERS, true],
  ['one with another member', 'deploy', 'deploy:x:1000:ann\n', USERS, false],
  ['one with another member beside', 'deploy', 'deploy:x:1000:deploy,ann\n', USERS, false],
  [
    'users, which everybody has',
    'users',
    'users:x:100:\n',
    USERS.replace(':1000::', ':100::').replace(':1001::', ':100::'),
    false,
  ],
  ['another one’s primary group', 'deploy', 'deploy:x:1000:\n', USERS.replace(':1001::', ':1000::'), false],
  [
    'one that only a directory knows',
    'domain-staff-of-nowhere',
    'domain-staff-of-nowhere:x:90000:\n',
    USERS,
    false,
  ],
  ['one that nobody knows', 'nobody-knows', '', USERS, false],
])('%s is the login user’s alone: %s', (_name, group, groups, users, expected) => {
  expect(isOwn('deploy', group, groups, users)).toBe(expected);
});
