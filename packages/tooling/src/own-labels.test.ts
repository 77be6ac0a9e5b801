import { expect, test } from '@jest/globals';
import { LABELS, noteOf } from '@deploy-actions/ledger';
import { findRoot } from './root.ts';
import { shippedSources, sourceCode } from './shipped-sources.ts';

const root = findRoot();
const OWNER = 'packages/ledger/src/labels.ts';
/** The engine's templates name them, and nothing else in sh. */
const IN_SH = ['compose-containers', 'compose-networks', 'swarm', 'swarm-lead', 'swarm-specs'].map(
  (name) => `packages/engine/src/${name}.sh`,
);
/** A name of ours, whole or begun; temporary files have theirs otherwise. */
const NAME = /(?<![.@\w/-])deploy-actions\.(?:[a-z][a-z-]*|\$\w+|\$\{|%s|(?=['"`]))/g;

const sources = shippedSources(root).map((file) => ({ file, code: sourceCode(root, file) }));

test('our labels have their names in one file, and in sh in what asks the engine', () => {
  expect(sources.length).toBeGreaterThan(300);
  const named = sources.flatMap(({ file, code }) => (code.match(NAME) ? [file] : []));
  expect(named.sort()).toEqual([...IN_SH, OWNER].sort());
});

test('programs on servers know the labels that TypeScript knows', () => {
  const known = Object.values(LABELS).map((label) => label.replace('deploy-actions.', ''));
  const shell = sources.filter(({ file }) => file.endsWith('.sh'));
  const asked = shell.flatMap(({ code }) => [
    ...[...code.matchAll(/"deploy-actions\.([a-z-]+)"/g)].map(([, kind]) => kind!),
    ...[...code.matchAll(/\bengine_label(?:led)? ([a-z-]+)/g)].map(([, kind]) => kind!),
    ...[...code.matchAll(/\bengine_keeper "\$\w+" ([a-z-]+)/g)].map(([, kind]) => kind!),
  ]);
  // The colour is for whoever looks at the containers.
  expect([...new Set(asked)].sort()).toEqual(known.filter((kind) => kind !== 'color').sort());
});

test('the note that a project belongs to a folder has one name', () => {
  const engine = sources.find(({ file }) => file === IN_SH[1])!.code;
  const [, format] = /^engine_note\(\) \{ printf '([^']+)' "\$1"; \}$/m.exec(engine) ?? [];
  expect(format?.replace('%s', 'shop')).toBe(noteOf('shop'));
});
