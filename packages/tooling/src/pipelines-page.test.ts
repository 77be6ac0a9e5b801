import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findRoot } from './root.ts';

/** What docs/pipelines.md says of the examples and the tests is so. */
const root = findRoot();
const page = readFileSync(join(root, 'docs/pipelines.md'), 'utf8');

interface Row {
  /** The example of the heading that the row stands below. */
  example: string;
  /** The first heading of its table. */
  table: string;
  line: string;
  proof: string;
}

function rows(): Row[] {
  let example = '';
  let table = '';
  return page.split('\n').flatMap((line) => {
    if (line.startsWith('#')) example = /\(\.\.\/(examples\/[\w-]+\.yml)\)/.exec(line)?.[1] ?? example;
    const cells = line.startsWith('|') ? line.slice(1, -1).split(/(?<!\\)\|/) : [];
    const heading = /^\s*(Promised|Phase)\s*$/.exec(cells[0] ?? '')?.[1];
    table = heading ?? table;
    if (cells.length !== 3 || heading !== undefined || /^\s*-+\s*$/.test(cells[0]!)) return [];
    return [{ example, table, line: cells[1]!.replaceAll('\\|', '|'), proof: cells[2]! }];
  });
}

function testTitles(): Set<string> {
  const files = ['actions', 'packages', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.test(\.itg)?\.ts$/.test(name) && !name.includes('node_modules'))
      .map((name) => join(root, folder, name)),
  );
  // What a table fills in stands at the end of its title, and is left out.
  const title = /\b(?:test|testWithAct)(?:\.each\(\w+\))?\(\s*'([^'\n]+?)(?:: (?:%\w ?)+)?'/g;
  return new Set(
    files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(title)].map(([, name]) => name!)),
  );
}

test('every test that the page of the pipelines names exists', () => {
  const titles = testTitles();
  const named = rows().flatMap(({ proof }) => [...proof.matchAll(/“([^”]+)”/g)].map(([, name]) => name!));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !titles.has(name))).toEqual([]);
});

test('every row of the page names a test, or says that it is GitHub that keeps it, or that nothing does', () => {
  const promises = rows().filter(({ table }) => table === 'Promised');
  expect(promises.length).toBeGreaterThan(100);
  expect(promises.filter(({ proof }) => !/“[^”]+”|^ *(?:GitHub's own|none)\b/.test(proof))).toEqual([]);
  expect(promises.filter(({ line }) => line.trim() === '')).toEqual([]);
});

test('every line that the page of the pipelines quotes stands in the example that it is about', () => {
  const quoted = rows().flatMap(({ example, line }) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => ({ example, code: code! })),
  );
  expect(quoted.length).toBeGreaterThan(30);
  const texts = new Map(
    [...new Set(quoted.map(({ example }) => example))].map((file) => [
      file,
      readFileSync(join(root, file), 'utf8'),
    ]),
  );
  expect(quoted.filter(({ example, code }) => !texts.get(example)!.includes(code))).toEqual([]);
});

test('no example has more than 120 lines, comments and empty ones left out', () => {
  for (const name of readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.yml'))) {
    const lines = readFileSync(join(root, 'examples', name), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
    expect([name, lines.length]).toEqual([name, Math.min(lines.length, 120)]);
  }
});
