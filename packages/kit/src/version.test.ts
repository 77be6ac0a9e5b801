import { expect, test } from '@jest/globals';
import { sameVersion } from './version.ts';

test('a commit may be abbreviated to seven characters; other versions are the same letter by letter', () => {
  const sha = '0123456789abcdef0123456789abcdef01234567';
  expect([
    sameVersion('0123456', sha),
    sameVersion(sha, '0123456789ab'),
    sameVersion('012345', sha),
    sameVersion('1.2', '1.2.0'),
  ]).toEqual([true, true, false, false]);
});
