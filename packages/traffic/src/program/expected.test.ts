import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { partsText } from '@deploy-actions/host';
import { PROXIES } from '../proxy/registry.ts';
import { flipProgram } from './programs.ts';

const EXPECTED = readFileSync(path.join(import.meta.dirname, 'expected.sh'), 'utf8');

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What a rollback to blue does that found `expected` there, where `slot` is there now. */
function moved(expected: string, slot: string | undefined): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'flip-'));
  folders.push(folder);
  mkdirSync(path.join(folder, '.deploy'));
  if (slot !== undefined) writeFileSync(path.join(folder, '.deploy', 'color-blue'), `${slot}\n`);
  const { stdout, stderr } = spawnSync('sh', ['-us'], {
    input: `path=${folder}\ntarget=blue\nexpect_slot='${expected}'\nfail() { echo "$1, $2: $3"; exit 70; }\nmove_traffic() { echo moved; }\n${EXPECTED}\noperate\n`,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}

test('traffic goes only to the release that was found in the colour, not to one that was deployed meanwhile', () => {
  expect(moved('r1', 'r1')).toBe('moved');
  expect(moved('r1', 'r3')).toContain('refused, color-changed: blue holds r3 by now, not r1');
  expect(moved('r1', undefined)).toContain('refused, color-changed: blue holds no whole release by now');
  expect(moved('', undefined)).toBe('moved');
  expect(moved('', 'r3')).toContain('refused, color-changed: blue holds r3 by now, not what was there');
  expect(moved('*', 'r3')).toBe('moved');
});

test('for every proxy the look at the colour comes before the move', () => {
  for (const { kind } of PROXIES) {
    const text = partsText(flipProgram(kind));
    expect(text.match(/^operate\(\) \{$/gm)).toHaveLength(1);
    expect(text.match(/^move_traffic\(\) \{$/gm)).toHaveLength(1);
  }
});
