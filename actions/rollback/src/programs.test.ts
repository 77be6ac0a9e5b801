import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { READ_RELEASE, RECOLOR } from './recolor-program.ts';
import { REDEPLOY } from './redeploy-program.ts';

const programs = { RECOLOR, REDEPLOY, READ_RELEASE };

test('every shell of a server reads the programs', () => {
  for (const [command, ...args] of [['dash'], ['busybox', 'sh'], ['bash', '--posix']] as [
    string,
    ...string[],
  ][]) {
    for (const [name, text] of Object.entries(programs)) {
      const checked = spawnSync(command, [...args, '-n'], { input: text, encoding: 'utf8' });
      if (checked.error) break;
      expect(`${name}: ${checked.stderr}`).toBe(`${name}: `);
      expect(checked.status).toBe(0);
    }
  }
});

test('shellcheck has nothing to say', () => {
  // Variables come from the run's parameters; words are split where a list is meant; functions are used by others.
  const excluded = 'SC2154,SC2086,SC2181,SC2034,SC3043,SC2317,SC2046,SC2329,SC2016,SC2013,SC1090,SC2012';
  for (const [name, text] of Object.entries(programs)) {
    const checked = spawnSync('shellcheck', ['-s', 'sh', '-e', excluded, '-f', 'gcc', '-'], {
      input: text,
      encoding: 'utf8',
    });
    if (checked.error) return;
    expect(`${name}: ${checked.stdout}`).toBe(`${name}: `);
  }
});
