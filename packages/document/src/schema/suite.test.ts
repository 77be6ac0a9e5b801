import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { prepareSchema } from '../schema.ts';
import { bundler } from './bundle.ts';
import type { Dialect } from './dialect.ts';

interface Group {
  keyword: string;
  group: string;
  schema: boolean | Record<string, unknown>;
  tests: { test: string; data: unknown; valid: boolean }[];
}

/** The required tests of the JSON Schema Test Suite (MIT, its licence beside it), as of August 2026 (44401e0). */
const read = <T>(name: string) =>
  JSON.parse(readFileSync(join(__dirname, '../fixtures/json-schema-test-suite', name), 'utf8')) as T;

const remotes = read<Record<string, unknown>>('remotes.json');

interface Tally {
  right: number;
  refused: number;
  /** Files of the suite with refusals. */
  of: string[];
  different: string[];
}

async function judge(dialect: Dialect, group: Group, tally: Tally): Promise<void> {
  const { bundle } = bundler({
    dialect,
    addressed: true,
    open: (uri) => Promise.resolve(Object.hasOwn(remotes, uri) ? { uri, value: remotes[uri] } : undefined),
  });
  try {
    const source = { uri: 'workspace:///schema.json', file: 'schema.json', value: group.schema };
    const schema = await prepareSchema(await bundle({ source, path: [] }));
    for (const { test: name, data, valid } of group.tests) {
      if ((schema.violations(data).length === 0) === valid) tally.right += 1;
      else tally.different.push(`${group.keyword}: ${group.group}: ${name}`);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tally.refused += group.tests.length;
    if (!tally.of.includes(group.keyword)) tally.of.push(group.keyword);
  }
}

test.each([
  // `format` counts here, as those who write it mean it; by the text of 2020-12 it is a remark unless it is asked for.
  ['2020-12', { right: 1243, refused: 41, annotations: 15 }],
  ['7', { right: 923, refused: 4, annotations: 0 }],
  ['4', { right: 614, refused: 4, annotations: 0 }],
] as const)('of the suite of draft %s every schema is right or refused by name', async (dialect, wanted) => {
  const tally: Tally = { right: 0, refused: 0, of: [], different: [] };
  for (const group of read<Group[]>(`draft-${dialect}.json`)) await judge(dialect, group, tally);
  const annotations = tally.different.filter((name) => name.includes('only an annotation by default'));
  expect(tally.different.filter((name) => !annotations.includes(name))).toEqual([]);
  expect({ right: tally.right, refused: tally.refused, annotations: annotations.length }).toEqual(wanted);
  // Only references to the drafts' own schemas on the network, dynamic ones, and dialects of one's own.
  const known = [
    'defs',
    'definitions',
    'dynamicRef',
    'ref',
    'unevaluatedItems',
    'unevaluatedProperties',
    'vocabulary',
  ];
  expect(tally.of.filter((name) => !known.includes(name))).toEqual([]);
});
