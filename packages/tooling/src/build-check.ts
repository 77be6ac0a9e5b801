import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { build, buildable } from './build.ts';
import { runProgram } from './program.ts';

export interface BuildFinding {
  name: string;
  /** What is wrong; undefined when nothing is. */
  problem?: string;
}

/**
 * Builds all bundles in this checkout and in a copy of it in another folder, and holds them against each other
 * and against git.
 */
export async function checkBuilds(root: string, say: (line: string) => void): Promise<BuildFinding[]> {
  const names = buildable(root);
  const findings: BuildFinding[] = [];
  const top = join(root, '.cache', `second-checkout-${process.pid}`);
  const copy = await copyCheckout(root, top);
  try {
    say('in this folder');
    const here = await build(root, names, say);
    say('in another folder');
    const there = await build(copy, names, say);
    findings.push({ name: 'every action builds', ...(here && there ? {} : { problem: 'see above' }) });
    const [one, two] = [bytes(join(root, 'dist')), bytes(join(copy, 'dist'))];
    for (const name of names) {
      const different = [...new Set([...one.keys(), ...two.keys()])].filter(
        (file) =>
          file.startsWith(`${name}/`) && !(one.get(file)?.equals(two.get(file) ?? Buffer.alloc(0)) ?? false),
      );
      findings.push({
        name: `dist/${name} is byte for byte the same in two folders`,
        ...(different.length > 0 ? { problem: different.join(', ') } : {}),
      });
    }
    findings.push(...unwanted(one));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
  const { code, output } = await runProgram('git', ['status', '--porcelain', '--', 'dist'], { cwd: root });
  findings.push({
    name: 'dist is what the sources build (`git status dist` is clean after `npm run build`)',
    ...(code === 0 && output.trim() === '' ? {} : { problem: output }),
  });
  return findings;
}

/** What may never be in a bundle. */
function unwanted(files: ReadonlyMap<string, Buffer>): BuildFinding[] {
  const native = [...files.keys()].filter((file) => /\.(node|exe|dll|so|dylib)$/.test(file));
  const findings: BuildFinding[] = [
    { name: 'no bundle has native code', ...(native.length > 0 ? { problem: native.join(', ') } : {}) },
  ];
  const programs = new Map<string, number>();
  for (const [file, content] of files) {
    if (!file.endsWith('.js')) continue;
    const program = `${dirname(file)}/${basename(file).replace(/^\d+\./, '')}`;
    const copies = content.toString('latin1').split(ONE_IN_UNDICI).length - 1;
    programs.set(program, (programs.get(program) ?? 0) + copies);
  }
  for (const [program, copies] of programs) {
    findings.push({
      name: `${program} has one undici at most`,
      ...(copies > 1 ? { problem: `${copies} copies` } : {}),
    });
  }
  return findings;
}

/** A symbol's name that stands once in every version of undici. */
const ONE_IN_UNDICI = 'undici.globalOrigin.1';

/** All files below a folder with their bytes, by relative path. */
function bytes(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path), readFileSync(path)];
      }),
  );
}

/** A second checkout with the same sources, elsewhere and with a path of another length; its packages are hard links. */
async function copyCheckout(root: string, top: string): Promise<string> {
  const copy = join(top, 'somewhere', 'else');
  rmSync(top, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  const { stdout } = await runProgram('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root });
  for (const file of stdout.split('\n')) {
    if (file === '' || file.startsWith('dist/') || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  const linked = await runProgram('cp', ['-al', join(root, 'node_modules'), copy]);
  if (linked.code !== 0) {
    rmSync(join(copy, 'node_modules'), { recursive: true, force: true });
    cpSync(join(root, 'node_modules'), join(copy, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  return copy;
}
