import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { programText } from '@deploy-actions/host';
import { SERVER_PROGRAMS } from './server-programs.ts';

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
