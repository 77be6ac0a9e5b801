import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pool } from '@deploy-actions/kit';
import { parseActionFile } from './action-file.ts';
import { attestationsOf, describeAttestations } from './attestation.ts';
import { type Git, gitIn } from './git.ts';
import {
  type ReleaseTree,
  actionsOf,
  programsOf,
  belongsTo,
  checkTree,
  releaseTree,
  writeTree,
} from './release-tree.ts';
import { findRoot } from './root.ts';
import { runBundle } from './run-action.ts';
import { UsageError } from './usage-error.ts';
import {
  type Version,
  bump,
  compareContracts,
  compareVersions,
  formatVersion,
  parseVersion,
} from './version.ts';

/** What a release would do with one action. */
export interface Plan {
  name: string;
  /** The last released version; undefined when there is none. */
  last: Version | undefined;
  /** The version that comes next; undefined when nothing changed. */
  next: Version | undefined;
  /** Why, as a sentence. */
  why: string;
  /** What must be mended first: package.json or CHANGELOG.md do not announce the next version. */
  problem?: string;
}

/**
 * `npm run release -- --dry-run --out DIR`: writes the release tree to DIR, checks it, runs every action from it and
 * says which actions changed, what version comes next and what would be attested. Without `--dry-run` it commits to the branch releases/v<major>
 * and tags, all in this clone; `--bundle FILE` writes them to a bundle of git's, for publish-release.sh, unless nothing
 * changed.
 */
export async function run(args: string[]): Promise<number> {
  const options = parseArguments(args);
  const root = findRoot();
  const git = gitIn(root);
  const tree = releaseTree(root);
  const problems = checkTree(tree);
  const out = options.out === undefined ? mkdtempSync(join(tmpdir(), 'release-')) : resolve(options.out);
  try {
    writeTree(tree, out);
    console.log(`release tree: ${tree.size} files, ${totalSize(tree)} in ${out}`);
    problems.push(...(await tryActions(out, programsOf(tree))));
  } finally {
    if (options.out === undefined) rmSync(out, { recursive: true, force: true });
  }
  const attestations = attestationsOf(tree);
  problems.push(...attestations.problems);
  for (const line of describeAttestations(attestations)) console.log(line);
  const plans = actionsOf(tree).map((name) => planAction(git, root, tree, name));
  for (const plan of plans) console.log(describePlan(plan));
  const blocking = options.dryRun
    ? []
    : plans.flatMap(({ name, problem }) => (problem ? [`${name}: ${problem}`] : []));
  for (const problem of [...problems, ...blocking]) console.error(`wrong: ${problem}`);
  if (problems.length + blocking.length > 0) return 1;
  if (options.dryRun) return 0;

  if (git(['status', '--porcelain']) !== '')
    throw new UsageError('commit or remove what `git status` shows first');
  const tags = commitRelease(git, tree, plans);
  for (const tag of [...tags.fixed, ...tags.moving]) console.log(`tagged ${tag}`);
  if (options.bundle !== undefined && tags.fixed.length > 0)
    bundleRelease(git, tags, resolve(options.bundle));
  return 0;
}

function parseArguments(args: readonly string[]): {
  dryRun: boolean;
  out?: string;
  bundle?: string;
} {
  const options: ReturnType<typeof parseArguments> = { dryRun: false };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index]!;
    if (arg === '--dry-run') options.dryRun = true;
    else if (arg === '--out' || arg === '--bundle') {
      const value = args[(index += 1)];
      if (value === undefined) throw new UsageError(`${arg} needs a value`);
      options[arg === '--out' ? 'out' : 'bundle'] = value;
    } else throw new UsageError(`"${arg}" is not one of --dry-run, --out DIR, --bundle FILE`);
  }
  return options;
}

function totalSize(tree: ReleaseTree): string {
  const bytes = [...tree.values()].reduce((sum, content) => sum + content.length, 0);
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Runs every action from the written tree, with no inputs but their defaults and one that no action knows to be
 * right: each must start and end by itself with one error of its own.
 */
async function tryActions(out: string, names: readonly string[]): Promise<string[]> {
  const problems = await pool(names, 2, async (name) => {
    const result = await runBundle({
      tree: out,
      action: name,
      inputs: trialInputs(out, name),
      timeout: 30_000,
    });
    const errors = result.annotations.filter(({ level }) => level === 'error');
    const fine =
      result.exitCode === 1 && errors.length === 1 && !errors[0]!.message.includes('unexpected error');
    if (fine) console.log(`${name}: runs from the tree (${errors[0]!.message.slice(0, 100)})`);
    return fine ? [] : [`${name} does not run from the release tree:\n${result.log.slice(-2000)}`];
  });
  return problems.flat();
}

/** Nothing where something is required; else a wrong value, so that no trial reaches for the network. */
function trialInputs(out: string, name: string): Record<string, string> {
  const action = parseActionFile(name, name, readFileSync(join(out, name, 'action.yml'), 'utf8'));
  const inputs = Object.entries(action.inputs);
  if (inputs.some(([, input]) => input.required)) return {};
  return Object.fromEntries(inputs.map(([input]) => [input, '{no value: [for a trial']));
}

/** Holds an action against its last tag. */
export function planAction(git: Git, root: string, tree: ReleaseTree, name: string): Plan {
  const { version } = JSON.parse(readFileSync(join(root, 'actions', name, 'package.json'), 'utf8')) as {
    version: string;
  };
  const announced = parseVersion(version);
  if (announced === undefined) throw new Error(`actions/${name}/package.json: "${version}" is not a version`);
  const last = lastVersion(git, name);
  if (last === undefined)
    return withChangelog(root, { name, last, next: announced, why: 'it has no release yet' });
  const tag = `${name}/v${formatVersion(last)}`;
  if (!differs(git, tag, tree, name)) return { name, last, next: undefined, why: `it is what ${tag} holds` };

  const before = parseActionFile(name, name, git(['show', `${tag}:${name}/action.yml`]));
  const after = parseActionFile(name, name, tree.get(`${name}/action.yml`)!.toString());
  const { change, why } = compareContracts(before, after);
  const least = bump(last, change);
  if (compareVersions(announced, least) >= 0)
    return withChangelog(root, { name, last, next: announced, why });
  return {
    name,
    last,
    next: least,
    why,
    problem: `actions/${name}/package.json says ${version}; raise it to ${formatVersion(least)} (${why}) and say in CHANGELOG.md what changed`,
  };
}

function withChangelog(root: string, plan: Plan): Plan {
  const file = join(root, 'actions', plan.name, 'CHANGELOG.md');
  const version = formatVersion(plan.next!);
  if (existsSync(file) && readFileSync(file, 'utf8').includes(`## ${version}`)) return plan;
  return { ...plan, problem: `actions/${plan.name}/CHANGELOG.md has no section "## ${version}"` };
}

/** The highest version among an action's tags. */
function lastVersion(git: Git, name: string): Version | undefined {
  return git(['tag', '--list', `${name}/v*`])
    .split('\n')
    .map((tag) => parseVersion(tag.slice(name.length + 1)))
    .filter((version) => version !== undefined)
    .sort(compareVersions)
    .at(-1);
}

/** Whether the action's bundle or action.yml is another than the tag's. */
function differs(git: Git, tag: string, tree: ReleaseTree, name: string): boolean {
  const matters = (path: string) => path === `${name}/action.yml` || path.startsWith(`dist/${name}/`);
  const before = new Map(
    git(['ls-tree', '-r', tag])
      .split('\n')
      .map((line): [string, string] => {
        const [, , blob, path] = /^(\S+) blob (\S+)\t(.+)$/.exec(line) ?? [];
        return [path ?? '', blob ?? ''];
      })
      .filter(([path]) => matters(path)),
  );
  const after = new Map(
    [...tree].filter(([path]) => matters(path)).map(([path, content]) => [path, blobOf(content)]),
  );
  return before.size !== after.size || [...after].some(([path, blob]) => before.get(path) !== blob);
}

/** git's name of a file's content. */
function blobOf(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

function describePlan({ name, last, next, why, problem }: Plan): string {
  const from = last === undefined ? 'new' : `v${formatVersion(last)}`;
  const line =
    next === undefined
      ? `${name}: unchanged (${why})`
      : `${name}: ${from} -> v${formatVersion(next)} (${why})`;
  return problem === undefined ? line : `${line}\n  first: ${problem}`;
}

export interface Tags {
  branches: string[];
  /** Tags that never move. */
  fixed: string[];
  moving: string[];
}

/**
 * Writes the release to branches and tags of this clone, the work tree untouched: for each changed action one
 * commit that replaces that action's files only, tagged `<name>/v1.4.2`; then `<name>/v1` and `v1` are moved.
 */
export function commitRelease(git: Git, tree: ReleaseTree, plans: readonly Plan[]): Tags {
  const tags: Tags = { branches: [], fixed: [], moving: [] };
  const source = git(['rev-parse', 'HEAD']);
  const changed = plans.filter((plan): plan is Plan & { next: Version } => plan.next !== undefined);
  const majors = [...new Set(changed.map(({ next }) => next[0]))].sort((a, b) => a - b);
  for (const major of majors) {
    const branch = `releases/v${major}`;
    let tip = tipOf(git, branch);
    const commit = (title: string, owns: (path: string) => boolean) => {
      tip = commitFiles(git, tip, tree, owns, `${title}\n\nSource: ${source}\n`);
    };
    commit('The pages of the release', (path) => !actionsOf(tree).some((name) => belongsTo(path, name)));
    for (const { name, next } of changed.filter((plan) => plan.next[0] === major)) {
      const tag = `${name}/v${formatVersion(next)}`;
      commit(tag, (path) => belongsTo(path, name));
      git(['tag', tag, tip!]);
      git(['tag', '--force', `${name}/v${major}`, tip!]);
      tags.fixed.push(tag);
      tags.moving.push(`${name}/v${major}`);
    }
    git(['update-ref', `refs/heads/${branch}`, tip!]);
    git(['tag', '--force', `v${major}`, tip!]);
    tags.branches.push(branch);
    tags.moving.push(`v${major}`);
  }
  return tags;
}

/** The branch's last commit, here or at the origin; undefined before the first release. */
function tipOf(git: Git, branch: string): string | undefined {
  for (const ref of [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]) {
    const found = git(['for-each-ref', '--format=%(objectname)', ref]);
    if (found !== '') return found;
  }
  return undefined;
}

/** A commit after `parent` in which the files that `owns` names are those of the tree; the parent itself when nothing differs. */
function commitFiles(
  git: Git,
  parent: string | undefined,
  tree: ReleaseTree,
  owns: (path: string) => boolean,
  message: string,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'release-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    git(['read-tree', ...(parent === undefined ? ['--empty'] : [parent])], { env });
    const removed = git(['ls-files'], { env })
      .split('\n')
      .filter((path) => path !== '' && owns(path) && !tree.has(path))
      .map((path) => `0 ${'0'.repeat(40)}\t${path}\n`);
    const present = [...tree]
      .filter(([path]) => owns(path))
      .map(([path, content]) => {
        const blob = git(['hash-object', '-w', '--stdin'], { input: content });
        return `100644 ${blob}\t${path}\n`;
      });
    git(['update-index', '--add', '--index-info'], { env, input: [...removed, ...present].join('') });
    const result = git(['write-tree'], { env });
    if (parent !== undefined && git(['rev-parse', `${parent}^{tree}`]) === result) return parent;
    return git(['commit-tree', result, ...(parent === undefined ? [] : ['-p', parent])], { input: message });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Branches and tags of a release as one file of git's, without what the origin has. */
export function bundleRelease(git: Git, tags: Tags, file: string): void {
  const known = tags.branches.filter(
    (branch) => git(['for-each-ref', `refs/remotes/origin/${branch}`]) !== '',
  );
  const refs = [
    ...tags.branches.map((branch) => `refs/heads/${branch}`),
    ...[...tags.fixed, ...tags.moving].map((tag) => `refs/tags/${tag}`),
  ];
  git([
    'bundle',
    'create',
    '--quiet',
    file,
    ...refs,
    ...known.map((branch) => `^refs/remotes/origin/${branch}`),
  ]);
  console.log(`${file} holds ${tags.branches.join(', ')} and ${tags.fixed.length + tags.moving.length} tags`);
}
