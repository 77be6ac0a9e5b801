import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { planAction } from './release.ts';
import { checkTree, releaseTree, writeTree } from './release-tree.ts';
import { actionYml, house, release, removeHouses } from './testing/house.ts';

afterEach(removeHouses);

test('a release holds the pages, each action and its bundle, and no source', () => {
  const tree = releaseTree(house().root);
  expect([...tree.keys()].sort()).toEqual([
    'LICENSE',
    'README.md',
    'action-catalog.md',
    'dist/one/index.js',
    'dist/two/index.js',
    'one/CHANGELOG.md',
    'one/README.md',
    'one/action.yml',
    'two/CHANGELOG.md',
    'two/README.md',
    'two/action.yml',
  ]);
  expect(tree.get('one/action.yml')!.toString()).toContain('main: ../dist/one/index.js');
  expect(checkTree(tree)).toEqual([]);
});

test('links lead to the pages of the release, or to main', () => {
  const { root, write } = house();
  write(
    'README.md',
    '[one](actions/one/README.md#use) [terms](LICENSE) [more](docs/more.md) [site](https://example.org) [here](#x)',
  );
  write(
    'actions/one/README.md',
    '![picture](../../docs/one.png) [two](../two/README.md) [all](../../action-catalog.md)',
  );
  const tree = releaseTree(root);
  const main = 'https://github.com/org/deploy-actions/blob/main';
  expect(tree.get('README.md')!.toString()).toBe(
    `[one](one/README.md#use) [terms](LICENSE) [more](${main}/docs/more.md) [site](https://example.org) [here](#x)`,
  );
  expect(tree.get('one/README.md')!.toString()).toBe(
    `![picture](${main}/docs/one.png?raw=true) [two](../two/README.md) [all](../action-catalog.md)`,
  );
});

test('a runs path that leads nowhere is told', () => {
  const tree = releaseTree(house().root);
  tree.delete('dist/two/index.js');
  expect(checkTree(tree)).toEqual([
    'two/action.yml: runs.main is ../dist/two/index.js, and the release has no dist/two/index.js',
  ]);
});

test('an action made of the steps of others needs no program, and may use what is in the same release alone', () => {
  const tree = releaseTree(house().root);
  const composite = (uses: string) =>
    Buffer.from(
      `name: Whole\ndescription: Does all.\nruns:\n  using: composite\n  steps:\n    - { id: one, uses: ${uses} }\n`,
    );
  tree.set('whole/action.yml', composite('org/deploy-actions/one@v1'));
  expect(checkTree(tree)).toEqual([]);
  for (const foreign of [
    'org/deploy-actions/three@v1',
    'org/deploy-actions/one@main',
    'eve/one@v1',
    './one',
  ]) {
    tree.set('whole/action.yml', composite(foreign));
    expect(checkTree(tree)).toEqual([
      `whole/action.yml: step one uses ${foreign}, which is no action of this release at v1`,
    ]);
  }
});

test('a release is never written over a folder of something else', () => {
  const { root } = house();
  expect(() => writeTree(releaseTree(root), join(root, 'actions'))).toThrow('holds no release');
  const out = join(root, 'out');
  writeTree(releaseTree(root), out);
  writeTree(releaseTree(root), out);
  expect(readFileSync(join(out, 'dist/one/index.js'), 'utf8')).toBe('bundle of one');
});

test('the first release tags every action with the version of its package.json', () => {
  const checkout = house();
  const { tags } = release(checkout);
  expect(tags).toEqual({
    branches: ['releases/v1'],
    fixed: ['one/v1.0.0', 'two/v1.0.0'],
    moving: ['one/v1', 'two/v1', 'v1'],
  });
  expect(checkout.git(['show', 'v1:one/action.yml'])).toContain('../dist/one/index.js');
  expect(checkout.git(['status', '--porcelain'])).toBe('');
});

test('an unchanged action gets no release', () => {
  const checkout = house();
  release(checkout);
  const again = release(checkout);
  expect(again.plans.map(({ next }) => next)).toEqual([undefined, undefined]);
  expect(again.tags.fixed).toEqual([]);
});

test('a changed action is released alone, in one commit that names its source', () => {
  const checkout = house();
  release(checkout);
  const before = checkout.git(['rev-parse', 'two/v1.0.0:dist/one/index.js']);
  checkout.write('dist/two/index.js', 'better');
  checkout.write('dist/one/index.js', 'bundle of one');
  checkout.write('actions/two/package.json', '{ "version": "1.0.1" }');
  checkout.write('actions/two/CHANGELOG.md', '## 1.0.1\n\n## 1.0.0\n');
  checkout.commit();
  const { plans, tags } = release(checkout);
  expect(plans.map(({ name, next }) => [name, next])).toEqual([
    ['one', undefined],
    ['two', [1, 0, 1]],
  ]);
  expect(tags.fixed).toEqual(['two/v1.0.1']);
  const { git } = checkout;
  expect(git(['diff', '--name-only', 'two/v1.0.1^', 'two/v1.0.1']).split('\n')).toEqual([
    'dist/two/index.js',
    'two/CHANGELOG.md',
  ]);
  expect(git(['log', '-1', '--format=%(trailers:key=Source,valueonly)', 'v1'])).toBe(
    git(['rev-parse', 'HEAD']),
  );
  expect(git(['rev-parse', 'v1:dist/one/index.js'])).toBe(before);
  expect(git(['rev-parse', 'two/v1'])).toBe(git(['rev-parse', 'two/v1.0.1']));
  expect(git(['rev-parse', 'one/v1'])).toBe(git(['rev-parse', 'one/v1.0.0']));
});

test.each([
  ['a new input', '1.1.0', 'host: { description: Where }\n  port: { description: Port }'],
  ['an input gone', '2.0.0', 'port: { description: Port }'],
  ['an input newly required', '2.0.0', 'host: { description: Where, required: true }'],
  ['another default', '2.0.0', 'host: { description: Where, default: here }'],
  ['other words', '1.0.1', 'host: { description: Elsewhere }'],
])('%s asks for version %s', (_what, version, inputs) => {
  const checkout = house();
  release(checkout);
  checkout.write('actions/one/action.yml', actionYml('one', inputs));
  checkout.commit();
  const tree = releaseTree(checkout.root);
  const plan = planAction(checkout.git, checkout.root, tree, 'one');
  expect(plan.next?.join('.')).toBe(version);
  expect(plan.problem).toContain(`raise it to ${version}`);
});

test('a version that the changelog does not tell of is not ready', () => {
  const checkout = house();
  release(checkout);
  checkout.write('dist/one/index.js', 'better');
  checkout.write('actions/one/package.json', '{ "version": "1.0.1" }');
  const plan = planAction(checkout.git, checkout.root, releaseTree(checkout.root), 'one');
  expect(plan).toMatchObject({
    next: [1, 0, 1],
    problem: 'actions/one/CHANGELOG.md has no section "## 1.0.1"',
  });
});
