import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DEPLOY, INSPECT } from './programs.ts';

const SOURCES = join(__dirname, 'sh');
const has = (program: string) => spawnSync(program, ['--help']).error === undefined;

test('the embedded programs are those of the .sh files', () => {
  const embed = join(__dirname, '../../host/embed.mjs');
  expect(() => execFileSync(process.execPath, [embed, '--check', SOURCES], { stdio: 'pipe' })).not.toThrow();
});

test.each(['sh', 'dash', 'bash', 'busybox'].filter(has))('%s reads the programs', (shell) => {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  for (const [name, text] of Object.entries({ deploy: DEPLOY, inspect: INSPECT })) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const argv = shell === 'busybox' ? ['sh', '-n', file] : ['-n', file];
    expect(spawnSync(shell, argv, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  }
});
