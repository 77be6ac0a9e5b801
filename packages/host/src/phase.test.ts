import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { PHASES, hasReached, isPast } from './phase.ts';

test('the table has every phase that a program says, and no other', () => {
  const root = path.join(__dirname, '../../..');
  const said = globSync('{packages,actions}/*/src/**/*.sh', { cwd: root }).flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    return [...text.matchAll(/(?:^|[;&|{]|\bthen|\bdo|\belse)\s*phase ([a-z][a-z-]*)/gm)].map(
      ([, name]) => name,
    );
  });
  expect([...new Set(said)].sort()).toEqual(PHASES.map(({ name }) => name).sort());
});

test('a phase is reached by itself and by what comes after it, but never by giving back', () => {
  expect(hasReached('pull', 'ready')).toBe(false);
  expect(hasReached('ready', 'ready')).toBe(true);
  expect(hasReached('finish', 'ready')).toBe(true);
  expect(hasReached('restore', 'ready')).toBe(false);
  expect(hasReached('', 'ready')).toBe(false);
  expect([isPast('pull', 'pull'), isPast('up', 'pull'), isPast('restore', 'pull')]).toEqual([
    false,
    true,
    true,
  ]);
});
