import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { COMPLAINT, ENGINE_PARTS } from './index.ts';

const root = path.join(__dirname, '../../..');
const others = globSync('{packages,actions}/*/src/**/*.sh', { cwd: root }).filter(
  // The host stands below the engine: after a boot it waits for Docker before it takes up what was cut off.
  // What is asked of containers outside of a run is the engine's own too, in files that carry no more than they need.
  (file) =>
    !ENGINE_PARTS.some((one) => one.file.endsWith(file)) &&
    !/^packages\/(?:host|lab|tooling|engine\/src\/watch)\//.test(file),
);

/** The lines of a program that stand for themselves: no comment, and no text in quotes. */
const code = (file: string) =>
  readFileSync(path.join(root, file), 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\s*#.*/, '').replace(/'[^']*'/g, "''"));

test('no other program than the one of the engine calls Docker or Compose', () => {
  expect(others.length).toBeGreaterThan(20);
  const calls = others.flatMap((file) =>
    code(file).flatMap((line, index) =>
      /(?:^|[;&|({`]|\$\(|\b(?:if|then|else|do|while|until|exec|env|sudo|unlocked|clean_env|!|-?\w+=\S*)\s)\s*(?:docker|podman|compose|nerdctl)(?:\s|$)/.test(
        line,
      ) ||
      /^\s*(?:run|run_locked|once|ask|capture)\b.*\s(?:docker|compose)\s/.test(line.replace(/"[^"]*"/g, '""'))
        ? [`${file}:${index + 1}: ${line.trim()}`]
        : [],
    ),
  );
  expect(calls).toEqual([]);
});

test('the identity of a container by label is asked for in the engine alone', () => {
  const asked = others.filter((file) => code(file).some((line) => line.includes('com.docker.compose')));
  expect(asked).toEqual([]);
});

test('of the sources in TypeScript those of Compose itself, and the runner’s own look at containers, name its labels', () => {
  const named = globSync('{packages,actions}/*/src/**/*.ts', { cwd: root })
    .filter((file) => !/\.test\.|\/testing\/|^packages\/(?:lab|tooling)\//.test(file))
    .filter((file) => readFileSync(path.join(root, file), 'utf8').includes('com.docker.compose'))
    .filter((file) => !file.startsWith('packages/probe/'));
  expect(named.sort()).toEqual([
    'packages/compose/src/container-labels.ts',
    'packages/engine/src/watch/watch.ts',
  ]);
});

test('what programs ask of the engine is there', () => {
  const known = new Set(
    ENGINE_PARTS.flatMap((one) => [...one.source().matchAll(/^(engine_\w+)\(\)/gm)].map(([, name]) => name)),
  );
  const asked = new Set(
    [...others.flatMap(code), ...COMPLAINT.source().split('\n')].flatMap(
      (line) => line.match(/\bengine_[a-z_]+\b/g) ?? [],
    ),
  );
  // The host asks for it, where a program has it.
  asked.add('engine_answers');
  // A variable of the release's, and the folder of its answers.
  asked.delete('engine_asked');
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  expect([...known].filter((name) => !asked.has(name!))).toEqual([]);
});
