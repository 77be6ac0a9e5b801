import { expect, test } from '@jest/globals';
import { formatBytes, parseBytes } from './bytes.ts';

test('a size is decimal or binary as its unit says', () => {
  expect(['4096', '1GB', '1GiB', '1.5 MB', '2kb'].map(parseBytes)).toEqual([4096, 1e9, 2 ** 30, 1.5e6, 2000]);
  for (const text of ['', '-1', '1 XB', '1e9', 'GB', '9999999999TB'])
    expect(parseBytes(text)).toBeUndefined();
});

test('a size reads like one', () => {
  expect([812, 4200, 99_960, 1.3e9, 999_600].map(formatBytes)).toEqual([
    '812 B',
    '4.2 kB',
    '100 kB',
    '1.3 GB',
    '1.0 MB',
  ]);
});
