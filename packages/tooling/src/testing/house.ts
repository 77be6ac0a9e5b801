import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Git, gitIn } from '../git.ts';
import { type Plan, type Tags, commitRelease, planAction } from '../release.ts';
import { actionsOf, releaseTree } from '../release-tree.ts';

const folders: string[] = [];

/** Removes the folders of a test. */
export function removeHouses(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A folder that is removed with the houses. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'house-'));
  folders.push(path);
  return path;
}

/** A checkout of ours in small. */
export interface House {
  root: string;
  git: Git;
  write(path: string, text: string): void;
  commit(): void;
}

/** A checkout in small, committed, with two actions. */
export function house(): House {
  const root = folder();
  const git = gitIn(root);
  git(['init', '--quiet', '--initial-branch=main']);
  git(['config', 'user.name', 'Test']);
  git(['config', 'user.email', 'test@example.org']);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const commit = () => {
    git(['add', '--all']);
    git(['commit', '--quiet', '-m', 'work']);
  };
  for (const page of ['LICENSE', 'action-catalog.md']) write(page, page);
  write('README.md', 'See [one](actions/one/README.md).');
  for (const name of ['one', 'two']) {
    write(`actions/${name}/action.yml`, actionYml(name, 'host: { description: Where }'));
    write(`actions/${name}/README.md`, name);
    write(`actions/${name}/CHANGELOG.md`, '## 1.0.0\n');
    write(`actions/${name}/package.json`, '{ "version": "1.0.0" }');
    write(`actions/${name}/src/index.ts`, 'source');
    write(`dist/${name}/index.js`, `bundle of ${name}`);
  }
  commit();
  return { root, git, write, commit };
}

/** The action.yml of one of its actions. */
export function actionYml(name: string, inputs: string): string {
  return `name: ${name}\ninputs:\n  ${inputs}\nruns: { using: node24, main: ../../dist/${name}/index.js }\n`;
}

/** Plans and commits a release of it. */
export function release({ root, git }: House): { plans: Plan[]; tags: Tags } {
  const tree = releaseTree(root);
  const plans = actionsOf(tree).map((name) => planAction(git, root, tree, name));
  return { plans, tags: commitRelease(git, tree, plans) };
}
