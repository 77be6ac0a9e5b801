import { expect, test } from '@jest/globals';
import { backupFor } from './backup-choice.ts';
import { backupRecord, releaseRecord } from './testing/index.ts';

const taken = (day: number, release: string) =>
  backupRecord(`2026010${day}-000000-aaaa`, { created: `2026-01-0${day}T00:00:00Z`, release });

const RELEASES = [
  releaseRecord('r1'),
  releaseRecord('r2', 'r1', { backup: '20260101-000000-aaaa' }),
  releaseRecord('r3', 'r2', { backup: '20260103-000000-aaaa' }),
];
const BACKUPS = [taken(1, 'r1'), taken(2, 'r1'), taken(3, 'r2'), taken(4, 'r3')];
const chosen = (...args: Parameters<typeof backupFor>) => backupFor(...args).backup.id;

test('latest is the backup that was taken before the release that is left was deployed, not the newest of all', () => {
  expect(backupFor('r2', 'r3', RELEASES, BACKUPS)).toEqual({
    backup: BACKUPS[2],
    reason: 'it was taken before r3 was deployed',
  });
  expect(chosen('r1', 'r2', RELEASES, BACKUPS)).toBe(BACKUPS[0]!.id);
});

test('two releases back it is the newest that was taken while the release served that comes back', () => {
  expect(backupFor('r1', 'r3', RELEASES, BACKUPS)).toEqual({
    backup: BACKUPS[1],
    reason: 'it is the newest that was taken while r1 served',
  });
});

test('a backup that is not whole any more, or that nothing names, gives way to the newest of that release', () => {
  expect(chosen('r1', 'r2', RELEASES, BACKUPS.slice(1))).toBe(BACKUPS[1]!.id);
  expect(chosen('r1', 'r2', [releaseRecord('r1'), releaseRecord('r2', 'r1')], BACKUPS)).toBe(BACKUPS[1]!.id);
});

test('a backup from before anything was recorded belongs to the release that names it', () => {
  const before = taken(1, '');
  expect(chosen('r1', 'r2', RELEASES, [before, taken(4, 'r2')])).toBe(before.id);
});

test('what was taken while the release served in the other colour, under its id there, is of the same release', () => {
  const releases = [
    releaseRecord('r1', '', { color: 'blue' }),
    releaseRecord('r2', 'r1', { color: 'green' }),
  ];
  expect(chosen('r1', 'r2', releases, [taken(1, 'r1-green'), taken(2, 'r2')])).toBe('20260101-000000-aaaa');
});

test('where none was, it is refused, and those that are there are named with what served then', () => {
  expect(() => backupFor('r1', 'r3', RELEASES, BACKUPS.slice(2))).toThrow(
    expect.objectContaining({
      kind: 'refused',
      code: 'backup-unknown',
      message: 'no whole backup was taken before r3 was deployed, nor while r1 served',
      remedy: expect.stringContaining('20260103-000000-aaaa (r2), 20260104-000000-aaaa (r3)'),
    }),
  );
  expect(() => backupFor('r1', 'r3', RELEASES, [])).toThrow(
    expect.objectContaining({ remedy: expect.stringContaining('There is none at all') }),
  );
});
