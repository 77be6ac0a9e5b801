import { expect, test } from '@jest/globals';
import { PROXIES } from '@deploy-actions/traffic';
import { findRoot } from './root.ts';
import { shippedSources, sourceCode } from './shipped-sources.ts';

const root = findRoot();
const shipped = shippedSources(root);

/** Where a proxy may be named outside of its folder, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'packages/traffic/src/proxy/registry.ts': 'the one line for each',
  'packages/compose/src/discovered.ts':
    'programs that find their targets by labels, which may bear a name like it',
  'actions/stability-watch/src/access-log/formats.ts':
    'the formats of logs, which go by the names of the programs that write them',
  'actions/stability-watch/src/access-log/access-log.ts': 'what to write where a log has no such format',
  'actions/stability-watch/src/access-log/template.ts': 'the format whose text people write themselves',
  'packages/compose/src/traefik-labels.ts': 'what the labels of one of those programs stand for',
};

/** Words that belong to one proxy: its name, and the name of its file. */
const WORDS = new RegExp(PROXIES.flatMap(({ kind }) => [kind, `${kind}file`]).join('|'), 'gi');

const naming = shipped
  // The folder of a proxy, and of the one that is set up where there is none.
  .filter((file) => !/^packages\/traffic\/src\/proxy\/[a-z]+\//.test(file))
  .flatMap((file) => {
    const words = sourceCode(root, file).match(WORDS);
    return words ? [{ file, words: [...new Set(words)] }] : [];
  });

test('outside of its folder no shipped source names a proxy', () => {
  expect(shipped.length).toBeGreaterThan(300);
  expect(naming.filter(({ file }) => EXCEPTIONS[file] === undefined)).toEqual([]);
});

test('each exception is one', () => {
  expect(naming.map(({ file }) => file)).toEqual(expect.arrayContaining(Object.keys(EXCEPTIONS)));
});

test('the folder of a proxy names no other one', () => {
  const wrong = PROXIES.flatMap(({ kind }) => {
    const own = shipped.filter((file) => file.startsWith(`packages/traffic/src/proxy/${kind}/`));
    expect(own.length).toBeGreaterThan(3);
    return own.flatMap((file) =>
      (sourceCode(root, file).match(WORDS) ?? [])
        .filter((word) => word.toLowerCase() !== kind && word.toLowerCase() !== `${kind}file`)
        .map((word) => ({ file, word })),
    );
  });
  expect(wrong).toEqual([]);
});
