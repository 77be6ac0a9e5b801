import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type CompositeStep, listActions, parseActionFile } from './action-file.ts';
import { UsageError } from './usage-error.ts';

/** The pages that every release holds besides the actions. */
const PAGES = ['LICENSE', 'README.md', 'action-catalog.md'];

/** The content of a release tree, by path: what `uses: org/deploy-actions/<name>@ref` downloads. */
export type ReleaseTree = Map<string, Buffer>;

/**
 * The release tree of a checkout: its pages, `<name>/{action.yml,README.md,CHANGELOG.md}` and `dist/<name>/`. On main
 * an action's program is at `../../dist/<name>/…` from its action.yml; here it is at `../dist/<name>/…`.
 */
export function releaseTree(root: string): ReleaseTree {
  const tree: ReleaseTree = new Map();
  for (const page of PAGES) tree.set(page, readFileSync(join(root, page)));
  for (const name of listActions(root)) {
    const folder = join(root, 'actions', name);
    const action = readFileSync(join(folder, 'action.yml'), 'utf8');
    tree.set(`${name}/action.yml`, Buffer.from(action.replaceAll(`../../dist/${name}/`, `../dist/${name}/`)));
    for (const page of ['README.md', 'CHANGELOG.md']) {
      if (existsSync(join(folder, page))) tree.set(`${name}/${page}`, readFileSync(join(folder, page)));
    }
    for (const [path, content] of readFolder(join(root, 'dist', name)))
      tree.set(`dist/${name}/${path}`, content);
  }
  for (const [path, content] of tree) {
    if (path.endsWith('.md')) tree.set(path, Buffer.from(relink(content.toString(), path, tree)));
  }
  return tree;
}

/** Where pages are that a release does not hold. */
const MAIN = 'https://github.com/org/deploy-actions/blob/main';

/**
 * A page of a release, whose links on main lead from `actions/<name>/README.md` or the root: within the release they
 * lead to its own pages, else to main.
 */
function relink(text: string, path: string, tree: ReleaseTree): string {
  const name = path.includes('/') ? path.split('/')[0]! : undefined;
  const from = name === undefined ? '/' : `/actions/${name}/`;
  return text.replace(RELATIVE_LINK, (_whole, target: string, fragment = '') => {
    const onMain = resolve(from, target).slice(1);
    const inRelease = onMain.replace(/^actions\//, '');
    if (tree.has(inRelease)) return `](${relative(name ?? '', inRelease)}${fragment as string})`;
    const raw = /\.(png|svg|gif|jpe?g)$/.test(onMain) ? '?raw=true' : '';
    return `](${MAIN}/${onMain}${raw}${fragment as string})`;
  });
}

/** A Markdown link to a file beside the page: no scheme, no fragment alone. */
export const RELATIVE_LINK = /\]\((?![a-z]+:|#|\/)([^)#\s]+)(#[^)\s]*)?\)/g;

/** All files below a folder, by relative path; none when it is not there. */
export function readFolder(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(files.map((file) => [relative(folder, file), readFileSync(file)]));
}

/** What is wrong with a release tree: every `runs` path must lead to a file in it. */
export function checkTree(tree: ReleaseTree): string[] {
  const problems: string[] = [];
  for (const [path, content] of tree) {
    const name = /^([^/]+)\/action\.yml$/.exec(path)?.[1];
    if (name === undefined) continue;
    const { runs, steps } = parseActionFile(name, name, content.toString());
    problems.push(...foreignSteps(path, steps, tree));
    if (runs.using === 'composite') continue;
    for (const [key, program] of Object.entries({ main: runs.main, post: runs.post })) {
      if (program === undefined) continue;
      const target = relative('/', resolve('/', dirname(path), program));
      if (!tree.has(target))
        problems.push(`${path}: runs.${key} is ${program}, and the release has no ${target}`);
    }
  }
  return problems;
}

/** The steps of a composite action that are no action of the same release. */
function foreignSteps(path: string, steps: readonly CompositeStep[], tree: ReleaseTree): string[] {
  return steps.flatMap(({ id, uses }) => {
    const name = /^org\/deploy-actions\/([a-z-]+)@v1$/.exec(uses)?.[1];
    return name !== undefined && tree.has(`${name}/action.yml`)
      ? []
      : [`${path}: step ${id} uses ${uses}, which is no action of this release at v1`];
  });
}

/** The actions of a release tree. */
export function actionsOf(tree: ReleaseTree): string[] {
  return [...tree.keys()].flatMap((path) => /^([^/]+)\/action\.yml$/.exec(path)?.[1] ?? []).sort();
}

/** Those of them that have a bundle, and are not made of the steps of others. */
export function programsOf(tree: ReleaseTree): string[] {
  return actionsOf(tree).filter(
    (name) =>
      parseActionFile(name, name, tree.get(`${name}/action.yml`)!.toString()).runs.using !== 'composite',
  );
}

/** Whether a path of a release tree belongs to this action alone. */
export function belongsTo(path: string, name: string): boolean {
  return path.startsWith(`${name}/`) || path.startsWith(`dist/${name}/`);
}

/** Writes a release tree into a folder that is empty, or holds an older release tree and nothing else. */
export function writeTree(tree: ReleaseTree, out: string): void {
  if (existsSync(out)) {
    const foreign = readdirSync(out).filter((name) => name !== '.git');
    if (foreign.length > 0 && !existsSync(join(out, 'action-catalog.md'))) {
      throw new UsageError(`${out} is not empty and holds no release: name another folder`);
    }
    for (const name of foreign) rmSync(join(out, name), { recursive: true, force: true });
  }
  for (const [path, content] of tree) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), content);
  }
}
