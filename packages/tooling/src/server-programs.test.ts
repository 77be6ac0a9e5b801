import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { programText } from '@deploy-actions/host';
import { findRoot } from './root.ts';
import { SERVER_PROGRAMS } from './server-programs.ts';
import { SERVER_PARTS } from './shell-files.ts';

describe.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])('%s', (...shell) => {
  test('reads every program', () => {
    const [command, ...args] = shell as [string, ...string[]];
    for (const program of SERVER_PROGRAMS) {
      const checked = spawnSync(command, [...args, '-n'], { input: programText(program), encoding: 'utf8' });
      expect(checked.error).toBeUndefined();
      expect(`${program.name}: ${checked.stderr}`).toBe(`${program.name}: `);
      expect(checked.status).toBe(0);
    }
  });
});

test('every part has a file name of its own, since all stand in one folder beside the bundle', () => {
  // Of two files of one name the bundler numbers the second, and which one that is differs from build to build.
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'packages'], {
    cwd: findRoot(),
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => SERVER_PARTS.test(file) && existsSync(join(findRoot(), file)))
    .map((file) => basename(file));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((name, index) => files.indexOf(name) !== index)).toEqual([]);
});
