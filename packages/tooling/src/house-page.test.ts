import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findRoot } from './root.ts';
import { SUITES } from './suites.ts';

/** What CONTRIBUTING.md says of the house is so. */
const root = findRoot();
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const picture = page.slice(page.indexOf('## The house'), page.indexOf('Arrows go one way'));

test('the picture of the house has every package and every folder of tests, and no other', () => {
  const packages = [...picture.matchAll(/^ {6}([a-z]+(?:, [a-z]+)*) {2,}/gm)].flatMap(([, names]) =>
    names!.split(', '),
  );
  expect(packages.sort()).toEqual(readdirSync(join(root, 'packages')).sort());
  const folders = [...picture.matchAll(/^ {4}test\/([a-z]+)\/ /gm)].map(([, name]) => name!);
  expect(folders.sort()).toEqual(
    readdirSync(join(root, 'test'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort(),
  );
});

test('the verbs are those of package.json, and the suites those that `npm test` has', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...page.matchAll(/`npm (?:run )?(\w+)/g)].map(([, verb]) => verb!);
  expect([...new Set(named)].sort()).toEqual(Object.keys(scripts).sort());
  expect(page).toContain(`all suites, or some of: ${SUITES.map(({ name }) => name).join(', ')} `);
});
