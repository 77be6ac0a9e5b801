import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { EXPECT, flipProgram } from './flip-program.ts';
import { READ_RELEASE, RECOLOR } from './recolor-program.ts';
import { REDEPLOY } from './redeploy-program.ts';

const programs = { RECOLOR, REDEPLOY, READ_RELEASE, EXPECT };

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
    input: `path=${folder}\ntarget=blue\nexpect_slot='${expected}'\nfail() { echo "$1: $2"; exit 70; }\nmove_traffic() { echo moved; }\n${EXPECT}\noperate\n`,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}

test('traffic goes only to the release that was found in the colour, not to one that was deployed meanwhile', () => {
  expect(moved('r1', 'r1')).toBe('moved');
  expect(moved('r1', 'r3')).toContain('refused: blue holds r3 by now, not r1');
  expect(moved('r1', undefined)).toContain('refused: blue holds no whole release by now');
  expect(moved('', undefined)).toBe('moved');
  expect(moved('', 'r3')).toContain('refused: blue holds r3 by now, not what was there');
  expect(moved('*', 'r3')).toBe('moved');
});

test('for every proxy the look at the colour comes before the move', () => {
  for (const kind of ['nginx', 'haproxy', 'caddy', 'traefik', 'managed'] as const) {
    const text = flipProgram(kind);
    expect(text.match(/^operate\(\) \{$/gm)).toHaveLength(1);
    expect(text.match(/^move_traffic\(\) \{$/gm)).toHaveLength(1);
    expect(spawnSync('dash', ['-n'], { input: text, encoding: 'utf8' }).stderr ?? '').toBe('');
  }
});
