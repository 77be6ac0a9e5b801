import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Color, type Standing, readTraffic, releaseOfColor } from '@deploy-actions/ledger';
import { LEDGER_READING_SH } from '@deploy-actions/ledger/sh';
import { shellsHere } from '@deploy-actions/host/testing';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'colors-'));
  mkdirSync(join(home, '.deploy'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Case {
  color?: Color;
  /** What the deploys to the colours noted. */
  slots?: Partial<Record<Color, string>>;
  /** Project, service and the release that the container says; - for none. */
  containers?: string[];
  current?: string;
  traffic?: { share: string; previous: string };
}

const CASES: [string, Case, string][] = [
  ['as its deploy noted', { slots: { blue: 'r3' }, containers: ['shop-blue web r2'] }, 'r3'],
  ['as its containers say', { containers: ['shop-blue api -', 'shop-blue web r2'] }, 'r2'],
  [
    'a note that is no id counts as none',
    { slots: { blue: 'r3;x' }, containers: ['shop-blue web r2'] },
    'r2',
  ],
  [
    'nor does one that is too long',
    { slots: { blue: 'r'.repeat(64) }, containers: ['shop-blue web r2'] },
    'r2',
  ],
  ['the longest one does', { slots: { blue: 'r'.repeat(63) } }, 'r'.repeat(63)],
  [
    'a colour without a note or a label has none',
    { containers: ['shop-blue web -'], current: 'releases/r1' },
    '',
  ],
  ['nothing is in it', { current: 'releases/r1' }, ''],
  ['a plain stack is blue: the current one', { containers: ['shop web -'], current: 'releases/r1' }, 'r1'],
  ['and what it says of itself comes first', { containers: ['shop web r0'], current: 'releases/r1' }, 'r0'],
  [
    'a plain stack whose traffic went to green is what served before',
    {
      containers: ['shop web -', 'shop-green web r2'],
      current: 'releases/r2',
      traffic: { share: 'green', previous: 'r1' },
    },
    'r1',
  ],
  [
    'a canary of green has not moved it',
    {
      containers: ['shop web -', 'shop-green web r2'],
      current: 'releases/r1',
      traffic: { share: 'green-25', previous: 'r0' },
    },
    'r1',
  ],
  ['a plain stack is not green', { color: 'green', containers: ['shop web -'], current: 'releases/r1' }, ''],
  ['a link that leads elsewhere names none', { containers: ['shop web -'], current: '/srv/other' }, ''],
];

/** What the ledger says, from a look at the server. */
function looked({ color = 'blue', slots = {}, containers = [], current = '', traffic }: Case): string {
  const standing = {
    containers: containers.map((line) => {
      const [project = '', service = '', release = ''] = line.split(' ');
      return {
        project,
        service,
        release: release === '-' ? undefined : release,
        status: 'running',
        health: '',
        liveOnly: false,
      };
    }),
    routed: ['web'],
    share: traffic?.share,
    traffic: traffic && readTraffic(record(traffic)).record,
    current,
    slots: { blue: '', green: '', ...slots },
  } as unknown as Standing;
  return releaseOfColor(standing, 'shop', color) ?? '';
}

const record = (traffic: { share: string; previous: string }) =>
  `${JSON.stringify({ project: 'shop', proxy: 'nginx', container: '', since: '2026-01-02T03:04:05Z', release: 'r2', fence: 5, folder: '/f', routes: [], ...traffic })}\n`;

/** What the program on the server says. */
function asked(
  shell: string,
  { color = 'blue', slots = {}, containers = [], current, traffic }: Case,
): string {
  for (const [name, release] of Object.entries(slots))
    writeFileSync(join(home, '.deploy', `color-${name}`), `${release}\n`);
  if (current !== undefined) symlinkSync(current, join(home, 'current'));
  if (traffic) writeFileSync(join(home, '.deploy/traffic.json'), record(traffic));
  const table = containers.map((line, index) => {
    const [project, service, release] = line.split(' ');
    return `${project} id${index} ${service} running ${release} Up 2 minutes\n`;
  });
  writeFileSync(join(home, 'table'), table.join(''));
  const script = [
    "set -u\nproject=shop\nroutes='web web 8080'\nlive_only=\n",
    readFileSync(LEDGER_READING_SH, 'utf8'),
    readFileSync(join(import.meta.dirname, 'colors.sh'), 'utf8'),
    'standing_table() { cat "$path/table"; }\ncolor_release "$color"\n',
  ].join('');
  const [command, ...args] = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
  const done = spawnSync(command!, args, {
    input: script,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], path: home, color },
  });
  expect(done.stderr).toBe('');
  return done.stdout.trim();
}

// Both decide what a rollback goes back to and what history says, so they must not come to differ.
describe('the release in a colour, by the ledger and by the program on the server', () => {
  test.each(CASES)('%s', (_name, one, release) => {
    expect(looked(one)).toBe(release);
  });
  describe.each(shellsHere())('under %s', (shell) => {
    test.each(CASES)('%s', (_name, one, release) => {
      expect(asked(shell, one)).toBe(release);
    });
  });
});
