import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EngineKind, engineFor, lastEngine } from './engine.ts';
import { readReleases } from './release-record.ts';
import { SHELLS, folderForEach } from './testing/application-folder.ts';
import { lines, releaseRecord } from './testing/index.ts';

const folder = folderForEach(beforeEach, afterEach);

/** A release, made in the order of the table; one of a version that knew no other engine does not say its own. */
type Made = readonly [id: string, engine: EngineKind | undefined];

const USED: readonly (readonly [current: string, releases: readonly Made[], used: EngineKind])[] = [
  ['', [], 'compose'],
  ['r1', [['r1', undefined]], 'compose'],
  ['r1', [['r1', 'swarm']], 'swarm'],
  // What serves counts, and not what was deployed beside it.
  [
    'r1',
    [
      ['r1', 'compose'],
      ['r2', 'swarm'],
    ],
    'compose',
  ],
  // Nothing serves yet: the first deployment to a colour, before the traffic is moved.
  [
    '',
    [
      ['r2', 'compose'],
      ['r1', 'swarm'],
    ],
    'swarm',
  ],
  // A link to a release that is gone.
  ['gone', [['r1', 'swarm']], 'swarm'],
];

const recordsOf = (releases: readonly Made[]) =>
  releases.map(([id, engine], index) => {
    const created = `2026-01-0${index + 1}T00:00:00Z`;
    // With text in it that could be taken for the key.
    const record = releaseRecord(id, '', { created, ref: 'refs/heads/"engine":"swarm"' });
    return { ...record, engine };
  });

describe.each(SHELLS)('%s', (shell) => {
  test.each(USED)('with %j serving of %j the last release used %s', (current, releases, used) => {
    const records = recordsOf(releases);
    for (const [index, [id]] of releases.entries()) {
      mkdirSync(folder.at(`releases/${id}`), { recursive: true });
      folder.write(`releases/${id}/services`, '');
      folder.write(`releases/${id}/release.json`, `${JSON.stringify(records[index])}\n`);
    }
    if (current !== '') symlinkSync(`releases/${current}`, folder.at('current'));
    expect(folder.run(shell, 'last_engine')).toBe(`${used}\n`);
    const read = readReleases(lines(records));
    expect([read.unread, lastEngine(current, read.records)]).toEqual([[], used]);
  });
});

test('auto goes on with what serves, and Compose is what a first release gets', () => {
  expect(engineFor('auto', [])).toBe('compose');
  expect(engineFor('swarm', [])).toBe('swarm');
  expect(engineFor('auto', [{ id: 'r1', engine: 'swarm' }])).toBe('swarm');
  expect(engineFor('compose', [{ id: 'r1', engine: 'compose' }])).toBe('compose');
});

test('another engine than that of what serves is refused, with the way to change over', () => {
  expect(() => engineFor('compose', [{ id: 'r1', engine: 'swarm' }])).toThrow(
    expect.objectContaining({
      kind: 'refused',
      code: 'engine-differs',
      message: 'the release r1 that serves was deployed with engine: swarm, and this is engine: compose',
    }),
  );
});

test('a release in a colour counts as well', () => {
  const blue = { id: 'r2', engine: 'swarm' as const, where: 'in blue' };
  expect(() => engineFor('compose', [{ id: 'r1', engine: 'compose' }, blue])).toThrow(
    'the release r2 in blue',
  );
});
