import { expect, test } from '@jest/globals';
import type { Machine } from '@deploy-actions/readiness';
import type { CheckName } from '../check-names.ts';
import { MACHINE, seenOf } from '../testing/seen.ts';
import type { Verdict } from './check.ts';
import { ROOM } from './room.ts';

function judge(name: CheckName, machine: Partial<Machine>, given: Record<string, string> = {}): Verdict {
  return ROOM.find((one) => one.name === name)!.judge(seenOf(machine, given))!;
}

const [path, images] = [MACHINE.disks.path!, MACHINE.disks.images!];

/** A limit, what just keeps it, and what does not, with its words and the command that mends it. */
const LIMITS: readonly (readonly [
  name: CheckName,
  given: Record<string, string>,
  good: Partial<Machine>,
  bad: Partial<Machine>,
  words: string,
  remedy: RegExp,
])[] = [
  ['processors', { 'min-cpus': '4' }, { processors: 4 }, { processors: 3 }, '3, and min-cpus is 4', /larger/],
  [
    'memory',
    { 'min-memory': '4GB' },
    { memory: 4e9 },
    { memory: 3.9e9 },
    'less in all than min-memory',
    /larger/,
  ],
  ['memory', { 'max-memory': '50%' }, { available: 2e9 }, { available: 1e9 }, '75% in use', /docker stats/],
  [
    'load',
    { 'max-load': '0.8' },
    { load: 1.6 },
    { load: 1.7 },
    '0.85 for each of 2 processors, and max-load is 0.8',
    /top/,
  ],
  [
    'cpu',
    { 'max-cpu': '80%' },
    { busy: 80 },
    { busy: 81 },
    "81% of the processors' time, and max-cpu is 80%",
    /top/,
  ],
  [
    'disk',
    { 'min-free-disk': '20GB' },
    {},
    { disks: { path: { ...path, free: 19e9 }, images } },
    '/srv/shop: 19.0 GB of 40.0 GB free, and min-free-disk is 20.0 GB',
    /docker system df/,
  ],
  [
    'disk',
    { 'min-disk': '40GB' },
    {},
    { disks: { path, images: { ...images, size: 39e9 } } },
    'min-disk is 40.0 GB',
    /larger disk/,
  ],
  [
    'disk',
    { 'max-disk': '50%' },
    {},
    { disks: { path: { ...path, free: 19e9 }, images } },
    '53% in use, and max-disk is 50%',
    /docker image prune/,
  ],
  [
    'inodes',
    { 'min-free-inodes': '50%' },
    {},
    { disks: { path, images: { ...images, freeInodes: 490 } } },
    '/var/lib/docker: 49% free, and min-free-inodes is 50%',
    /docker builder prune/,
  ],
  [
    'clock',
    { 'max-clock-skew': '30s' },
    { skew: { ms: -29_900, give: 50 } },
    { skew: { ms: -31_000, give: 50 } },
    "behind the runner's",
    /timedatectl set-ntp true/,
  ],
];

test.each(LIMITS)(
  'what is asked of a machine is kept to the last unit, and what is over it is red, with what mends it: %s %j',
  (name, given, good, bad, words, remedy) => {
    expect(judge(name, good, given).state).toBe('passed');
    const verdict = judge(name, bad, given);
    expect([verdict.state, verdict.detail]).toEqual(['failed', expect.stringContaining(words)]);
    expect(verdict.remedy).toMatch(remedy);
  },
);

test('what the server does not tell is red where somebody asks for it, and is never good', () => {
  for (const [name, given, machine] of [
    ['processors', { 'min-cpus': '1' }, { processors: undefined }],
    ['memory', {}, { available: undefined }],
    ['load', { 'max-load': '2' }, { load: undefined }],
    ['cpu', { 'max-cpu': '90%' }, { busy: undefined }],
    ['disk', {}, { disks: { path } }],
    ['inodes', {}, { disks: { images } }],
    ['clock', {}, { skew: undefined }],
    ['clock', { 'max-clock-skew': '1s' }, { skew: { ms: 900, give: 500 } }],
  ] as const) {
    const verdict = judge(name, machine, given);
    expect([name, verdict.state]).toEqual([name, 'unknown']);
    expect([name, verdict.remedy ?? '']).not.toEqual([name, '']);
  }
});

test('what nobody asks for is told, or has no line', () => {
  expect(judge('load', {}).state).toBe('told');
  expect(ROOM.find(({ name }) => name === 'processors')!.judge(seenOf({}))).toBeUndefined();
  expect(ROOM.find(({ name }) => name === 'cpu')!.judge(seenOf({ busy: 100 }))).toBeUndefined();
  const endless = { ...path, inodes: undefined, freeInodes: undefined };
  expect(judge('inodes', { disks: { path: endless, images: endless } }).state).toBe('told');
});
