import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { formatBytes, pool } from '@deploy-actions/kit';
import { node24 } from './node24.ts';
import { findRoot } from './root.ts';
import { UsageError } from './usage-error.ts';

/** Every action that has a program to bundle, sorted. */
export function buildable(root = findRoot()): string[] {
  const actions = join(root, 'actions');
  return readdirSync(actions)
    .filter((name) => existsSync(join(actions, name, 'src/index.ts')))
    .sort();
}

/**
 * `npm run build [-- name…]`: bundles each action into dist/<name>/, every byte of which comes from the sources and
 * package-lock.json.
 */
export async function run(args: string[]): Promise<number> {
  const known = buildable();
  const unknown = args.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no action "${unknown}"; there are ${known.join(', ')}`);
  return (await build(findRoot(), args.length > 0 ? args : known)) ? 0 : 1;
}

/** Builds the named actions of a checkout, some at once, each in its own process. Answers whether all went well. */
export async function build(root: string, names: readonly string[], say = console.log): Promise<boolean> {
  for (const stale of staleBundles(root)) {
    rmSync(join(root, 'dist', stale), { recursive: true });
    say(`dist/${stale}: removed, there is no such action`);
  }
  const results = await pool(names, availableParallelism(), async (name) => {
    const started = performance.now();
    const { code, output } = await bundleInProcess(root, name);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (code === 0) say(`dist/${name}: ${describe(join(root, 'dist', name))} in ${seconds} s`);
    else say(`dist/${name}: failed\n${output}`);
    return code === 0;
  });
  return results.every(Boolean);
}

/** Folders of dist that no action builds any more. */
function staleBundles(root: string): string[] {
  if (!existsSync(join(root, 'dist'))) return [];
  const current = new Set(buildable(root));
  return readdirSync(join(root, 'dist')).filter((name) => !current.has(name));
}

function describe(folder: string): string {
  return readdirSync(folder)
    .sort()
    .map((file) => `${file} ${formatBytes(statSync(join(folder, file)).size)}`)
    .join(', ');
}

function bundleInProcess(root: string, name: string): Promise<{ code: number | null; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; output: string }>();
  const child = spawn(
    node24(),
    ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', join(root, 'packages/tooling/src/bundle.ts'), name],
    {
      cwd: root,
      // Where ncc takes path mappings from: tsconfig-paths reads this variable.
      env: { ...process.env, TS_NODE_PROJECT: join(root, 'packages/tooling/bundle', mappings(root, name)) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, output }));
  return promise;
}

/** Of undici @actions/github needs the whole; where it is not, others get what they use of it. */
function mappings(root: string, action: string): string {
  const reached = new Set<string>();
  const visit = (folder: string) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      if (reached.has(name)) continue;
      reached.add(name);
      if (name.startsWith('@deploy-actions/')) visit(name.replace('@deploy-actions', 'packages'));
    }
  };
  visit(`actions/${action}`);
  return reached.has('@actions/github') ? 'tsconfig.json' : 'without-github.json';
}

/** Replaces a folder's content by the given files. */
export function writeFolder(folder: string, files: ReadonlyMap<string, string | Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, content] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
