import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type Git, gitIn } from './git.ts';
import { bundleRelease } from './release.ts';
import { findRoot } from './root.ts';
import { type House, folder, house, release, removeHouses } from './testing/house.ts';

afterEach(removeHouses);

/** A house with an origin: the job that builds works in the house, the one that publishes in a clone of the origin. */
function workshop(): House & {
  origin: Git;
  push(): void;
  build(): string;
  publish(bundle: string): Published;
} {
  const built = house();
  const origin = folder();
  gitIn(origin)(['init', '--quiet', '--bare', '--initial-branch=main']);
  built.git(['remote', 'add', 'origin', origin]);
  const push = () => {
    built.git(['push', '--quiet', 'origin', 'main']);
    built.git(['fetch', '--quiet', 'origin']);
  };
  push();
  return {
    ...built,
    origin: gitIn(origin),
    push,
    build() {
      const bundle = join(folder(), 'release.bundle');
      bundleRelease(built.git, release(built).tags, bundle);
      return bundle;
    },
    publish(bundle) {
      const clone = folder();
      gitIn(clone)(['clone', '--quiet', origin, '.']);
      const { status, stdout, stderr } = spawnSync(
        'sh',
        [join(findRoot(), 'packages/tooling/src/publish-release.sh'), bundle],
        { cwd: clone, encoding: 'utf8' },
      );
      return { status, tags: stdout.split('\n').filter(Boolean), stderr };
    },
  };
}

interface Published {
  status: number | null;
  tags: string[];
  stderr: string;
}

const refsOf = (git: Git) =>
  git(['for-each-ref', '--format=%(refname)'])
    .split('\n')
    .filter((ref) => ref !== 'refs/heads/main');

test('what one job has built another one publishes: branch, fixed tags, moving tags', () => {
  const shop = workshop();
  expect(shop.publish(shop.build())).toEqual({ status: 0, tags: ['one/v1.0.0', 'two/v1.0.0'], stderr: '' });
  expect(refsOf(shop.origin)).toEqual([
    'refs/heads/releases/v1',
    'refs/tags/one/v1',
    'refs/tags/one/v1.0.0',
    'refs/tags/two/v1',
    'refs/tags/two/v1.0.0',
    'refs/tags/v1',
  ]);
  expect(shop.origin(['show', 'v1:dist/two/index.js'])).toBe('bundle of two');
});

test('the next release adds to the branch and moves the moving tags', () => {
  const shop = workshop();
  shop.publish(shop.build());
  shop.write('dist/two/index.js', 'better');
  shop.write('actions/two/package.json', '{ "version": "1.0.1" }');
  shop.write('actions/two/CHANGELOG.md', '## 1.0.1\n\n## 1.0.0\n');
  shop.commit();
  shop.push();
  expect(shop.publish(shop.build())).toEqual({ status: 0, tags: ['two/v1.0.1'], stderr: '' });
  expect(shop.origin(['rev-parse', 'two/v1', 'v1'])).toBe(
    shop.origin(['rev-parse', 'two/v1.0.1', 'releases/v1']),
  );
  expect(shop.origin(['show', 'two/v1.0.0:dist/two/index.js'])).toBe('bundle of two');
});

/** Puts a file into the tree of the branch that was built, and moves every ref of the bundle there. */
function forge({ git, root }: House, path: string, text: string): string {
  const work = folder();
  git(['worktree', 'add', '--quiet', '--force', '--detach', join(work, 'tree'), 'releases/v1']);
  const tree = gitIn(join(work, 'tree'));
  const blob = tree(['hash-object', '-w', '--stdin'], { input: text });
  tree(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`]);
  tree(['commit', '--quiet', '-m', 'forged']);
  const forged = tree(['rev-parse', 'HEAD']);
  const bundle = join(folder(), 'release.bundle');
  const refs = ['refs/heads/releases/v1', 'refs/tags/one/v1.0.0', 'refs/tags/one/v1', 'refs/tags/v1'];
  for (const ref of refs) gitIn(root)(['update-ref', ref, forged]);
  git(['bundle', 'create', '--quiet', bundle, ...refs]);
  return bundle;
}

test.each([
  [
    'another bundle than the commit holds',
    'dist/one/index.js',
    'steals',
    /^publish-release: dist\/one of commit/,
  ],
  ['a file more beside a bundle', 'dist/one/more.js', 'steals', /^publish-release: dist\/one of commit/],
  [
    'an action.yml that runs something else',
    'two/action.yml',
    'runs: {}',
    /^publish-release: two\/action.yml of/,
  ],
  ['an action that the commit has not', 'dist/three/index.js', 'steals', /^publish-release: dist\/three of/],
  [
    'a workflow',
    '.github/workflows/x.yml',
    'on: push',
    /^publish-release: .* an action of the name \.github/,
  ],
  [
    'a name of two words',
    'dist/one two/index.js',
    'steals',
    /^publish-release: .* an action of the name one two/,
  ],
  [
    'a file of no release',
    'action.yml',
    'runs: {}',
    /^publish-release: .* holds action\.yml, which belongs to no/,
  ],
])('%s is not published', (_what, path, text, sentence) => {
  const shop = workshop();
  shop.build();
  const { status, tags, stderr } = shop.publish(forge(shop, path, text));
  expect({ status, tags }).toEqual({ status: 1, tags: [] });
  expect(stderr).toMatch(sentence);
  expect(refsOf(shop.origin)).toEqual([]);
});

test.each([
  ['refs/heads/main'],
  ['refs/tags/latest'],
  ['refs/tags/one/v1.0.0-rc'],
  ['refs/heads/releases/next'],
])('%s is no ref of a release', (ref) => {
  const shop = workshop();
  shop.build();
  shop.git(['update-ref', ref, 'releases/v1']);
  const bundle = join(folder(), 'release.bundle');
  shop.git(['bundle', 'create', '--quiet', bundle, 'releases/v1', 'one/v1.0.0', ref]);
  expect(shop.publish(bundle)).toMatchObject({
    status: 1,
    stderr: `publish-release: ${ref} is no ref of a release\n`,
  });
});

test('a tag that is not on its branch, and a branch that leaves out what was released, are not published', () => {
  const shop = workshop();
  const bundle = shop.build();
  const aside = shop.git(['commit-tree', 'releases/v1^{tree}'], { input: 'aside' });
  shop.git(['update-ref', 'refs/tags/one/v1.0.0', aside]);
  const tagged = join(folder(), 'release.bundle');
  shop.git(['bundle', 'create', '--quiet', tagged, 'releases/v1', 'one/v1.0.0']);
  expect(shop.publish(tagged).stderr).toBe(
    'publish-release: refs/tags/one/v1.0.0 is not on the branch releases/v1\n',
  );
  expect(shop.publish(bundle).status).toBe(0);
  shop.git(['update-ref', 'refs/heads/releases/v1', aside]);
  shop.git(['update-ref', 'refs/tags/one/v1.0.1', aside]);
  const anew = join(folder(), 'release.bundle');
  shop.git(['bundle', 'create', '--quiet', anew, 'releases/v1', 'one/v1.0.1']);
  expect(shop.publish(anew).stderr).toBe(
    'publish-release: refs/heads/releases/v1 leaves out what releases/v1 held\n',
  );
});

test('what is no bundle is said', () => {
  const shop = workshop();
  const { status, tags, stderr } = shop.publish(join(shop.root, 'README.md'));
  expect({ status, tags }).toEqual({ status: 1, tags: [] });
  expect(stderr).toMatch(/^publish-release: the bundle does not fit this repository: /);
});
