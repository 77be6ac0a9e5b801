import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';

test('entries are compared by the numbers of their owners, whether an archive has names or numbers', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'deploy-actions-owners-'));
  try {
    writeFileSync(path.join(scratch, 'owners'), 'app:x:1000:0:::\n-\nroot:x:0:\n');
    const listed = (owner: string) =>
      spawnSync(
        'dash',
        ['-c', `. "$1"; scratch=$2; listing_of`, 'dash', path.join(__dirname, 'sh/file-places.sh'), scratch],
        {
          input: `-rw-r--r-- ${owner} 9 2026-01-02 03:04:05 ./b.txt\n`,
          encoding: 'utf8',
        },
      ).stdout;
    expect(listed('app/root')).toBe('-rw-r--r-- 1000/0 9 2026-01-02 03:04:05 ./b.txt\n');
    expect(listed('1000/0')).toBe(listed('app/root'));
    // A name that is not known there is another owner than any number.
    expect(listed('other/root')).not.toBe(listed('1000/0'));
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
