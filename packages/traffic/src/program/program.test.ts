import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { MANAGED } from '../managed.ts';
import { LOOK, program, timerProgram } from './index.ts';

const KINDS = ['nginx', 'caddy', 'haproxy', 'traefik', 'managed'] as const;

const texts = [
  ['look', LOOK] as const,
  ['managed', MANAGED] as const,
  ...KINDS.flatMap((kind) =>
    (['switch', 'install', 'confirm'] as const).map(
      (operation) => [`${operation} ${kind}`, program(operation, kind)] as const,
    ),
  ),
  ...KINDS.map((kind) => [`timer ${kind}`, timerProgram(kind, { path: `it's` })] as const),
];

test('every shell of a server reads the programs', () => {
  for (const shell of [['dash'], ['busybox', 'sh'], ['bash', '--posix']]) {
    const [command, ...args] = shell as [string, ...string[]];
    for (const [name, text] of texts) {
      const checked = spawnSync(command, [...args, '-n'], { input: text, encoding: 'utf8' });
      if (checked.error) break;
      expect(`${name}: ${checked.stderr}`).toBe(`${name}: `);
      expect(checked.status).toBe(0);
    }
  }
});

test('shellcheck has nothing to say', () => {
  // Variables come from the run's parameters; words are split where a list is meant; `$?` after `$(…)` is meant.
  const excluded = 'SC2154,SC2086,SC2181,SC2034,SC3043,SC2317,SC2046,SC2329,SC2016';
  const chosen = ['look', 'managed', 'switch nginx', 'install haproxy', 'confirm caddy', 'timer traefik'];
  for (const [name, text] of texts.filter(([one]) => chosen.includes(one))) {
    const checked = spawnSync('shellcheck', ['-s', 'sh', '-e', excluded, '-f', 'gcc', '-'], {
      input: text,
      encoding: 'utf8',
    });
    if (checked.error) return;
    expect(`${name}: ${checked.stdout}`).toBe(`${name}: `);
  }
});
