// No file leads back to itself by what it imports, and no package by what it ships; type imports and late ones count,
// for whoever reads or moves a file has to follow them all the same.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import typescript from 'typescript';

/** Path to what it imports, as it was at `changed`: one run of the linter reads each file once. */
const known = new Map();

/** The files of this project that a file imports, in the order of the text. Absolute paths. */
function importsOf(file, cwd) {
  const changed = statSync(file).mtimeMs;
  const seen = known.get(file);
  if (seen?.changed === changed) return seen.imports;
  const { importedFiles } = typescript.preProcessFile(readFileSync(file, 'utf8'), true, true);
  const imports = [...new Set(importedFiles.map(({ fileName }) => resolve(fileName, file, cwd)))].filter(
    (one) => one !== undefined,
  );
  known.set(file, { changed, imports });
  return imports;
}

/** The file that an import means: by its path, or by a package's `exports`. */
function resolve(specifier, file, cwd) {
  if (specifier.startsWith('.')) return programAt(path.resolve(path.dirname(file), specifier));
  const [, name, rest] = /^@deploy-actions\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const folder = path.join(cwd, 'packages', name);
  const manifest = path.join(folder, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const target = JSON.parse(readFileSync(manifest, 'utf8')).exports?.[`.${rest ?? ''}`];
  return target === undefined ? undefined : programAt(path.join(folder, target));
}

function programAt(file) {
  return /\.(ts|mjs)$/.test(file) && existsSync(file) ? file : undefined;
}

/** The shortest way along `next` from `start` back to it; undefined where there is none. Starts and ends with `start`. */
function wayBack(start, next) {
  const from = new Map();
  const queue = [start];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    for (const to of next(one)) {
      if (to === start) {
        const way = [start];
        for (let at = one; at !== undefined; at = from.get(at)) way.unshift(at);
        return way;
      }
      if (from.has(to)) continue;
      from.set(to, one);
      queue.push(to);
    }
  }
  return undefined;
}

/** The packages that the shipped files of a package import. */
function packagesOf(name, cwd) {
  const source = path.join(cwd, 'packages', name, 'src');
  if (!existsSync(source)) return [];
  const files = readdirSync(source, { recursive: true })
    .filter((file) => /\.ts$/.test(file) && !isTest(file) && !file.split(path.sep).includes('fixtures'))
    .map((file) => path.join(source, file));
  const names = files.flatMap((file) => importsOf(file, cwd)).map((file) => packageAt(file, cwd));
  return [...new Set(names)].filter((one) => one !== undefined && one !== name);
}

function packageAt(file, cwd) {
  const [kind, name] = path.relative(cwd, file).split(path.sep);
  return kind === 'packages' ? name : undefined;
}

/** Whether a file is for tests alone: a test, or what tests share. */
export function isTest(file) {
  return /\.test(\.itg)?\.ts$/.test(file) || `/${file.split(path.sep).join('/')}`.includes('/testing/');
}

export const noCycle = {
  meta: { type: 'problem', schema: [], messages: { cycle: 'It imports itself: {{way}}.' } },
  create(context) {
    const { filename, cwd } = context;
    return {
      Program(node) {
        if (!/\.(ts|mjs)$/.test(filename) || !existsSync(filename)) return;
        const report = (way) =>
          context.report({
            node,
            loc: { line: 1, column: 0 },
            messageId: 'cycle',
            data: { way: way.join(' -> ') },
          });
        const way = wayBack(filename, (file) => importsOf(file, cwd));
        if (way) report(way.map((file) => path.relative(cwd, file)));
        const name = packageAt(filename, cwd);
        if (name === undefined || filename !== path.join(cwd, 'packages', name, 'src', 'index.ts')) return;
        const around = wayBack(name, (one) => packagesOf(one, cwd));
        if (around) report(around.map((one) => `packages/${one}`));
      },
    };
  },
};
