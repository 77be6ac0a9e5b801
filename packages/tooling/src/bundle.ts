// Bundles one action: `node bundle.ts <name>`, a process of its own for each, so that several run at once.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { POST_PROGRAM } from '@deploy-actions/runner/post-step';
import { minify } from '@swc/core';
import { readAction } from './action-file.ts';
import { writeFolder } from './build.ts';
import { findRoot } from './root.ts';
import { SBOM_FILE, renderSbom } from './sbom.ts';

interface Ncc {
  (
    entry: string,
    options: {
      cache: false;
      minify: false;
      transpileOnly: boolean;
      license: string;
      quiet: boolean;
      sourceMap: false;
      filename: string;
      target: string;
    },
  ): Promise<{
    code: string;
    assets: Record<string, { source: string | Buffer } | undefined>;
    stats: { compilation: { modules: Iterable<BundledModule> } };
  }>;
}

/** Of webpack: a file, or several that were joined to one module. */
interface BundledModule {
  resource?: string;
  modules?: Iterable<BundledModule>;
}

/** Assets that must not ship: ssh2 brings a Windows program that is of no use here, and native code differs by platform. */
const UNWANTED = /(?:\.node|pagent\.exe|package\.json)$/;

const name = process.argv[2] ?? '';
const root = findRoot(import.meta.dirname);
const ncc = createRequire(import.meta.url)('@vercel/ncc') as Ncc;
const files = new Map<string, string | Buffer>();
const licenses = new Map<string, string>();

const { code, assets, stats } = await ncc(join(root, 'actions', name, 'src/index.ts'), {
  cache: false,
  minify: false,
  transpileOnly: true,
  // One for each chunk: under a single name the last chunk's would replace the others.
  license: 'licenses-[name].txt',
  quiet: true,
  sourceMap: false,
  filename: 'index.js',
  target: 'es2024',
});
files.set('index.js', code.endsWith('\n') ? code : `${code}\n`);
for (const [path, asset] of Object.entries(assets)) {
  if (asset === undefined) continue;
  if (/^licenses-.*\.txt$/.test(path)) {
    for (const [library, text] of splitLicenses(asset.source.toString())) licenses.set(library, text);
  } else if (!UNWANTED.test(path)) {
    // ncc keeps the name where the URL stands in a call of its own, and else gives the file a hash that tells nobody what it is.
    if (/^[0-9a-f]{20}\./.test(path)) {
      throw new Error(
        `${path} has lost its name: write \`const NAME = part(new URL('NAME.sh', import.meta.url))\` apart. It begins: ${asset.source.toString().slice(0, 200)}`,
      );
    }
    files.set(path, asset.source);
  }
}
// ncc's own minifier leaves the chunks of dynamic imports as they are.
for (const [path, source] of files) {
  if (!path.endsWith('.js')) continue;
  const { code } = await minify(source.toString(), {
    compress: { ecma: 2020, passes: 2 },
    mangle: true,
    module: false,
    format: { comments: false },
    ecma: 2020,
  });
  files.set(path, `${code}\n`);
}
files.set(
  'licenses.txt',
  [...licenses]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => text)
    .join('\n'),
);
files.set(SBOM_FILE, renderSbom(root, name, filesOf(stats.compilation.modules)));
if (readAction(name, root).runs.post !== undefined) files.set('post.js', POST_PROGRAM);
writeFolder(join(root, 'dist', name), files);

function filesOf(modules: Iterable<BundledModule>): string[] {
  return [...modules].flatMap(({ resource, modules: inner }) => [
    ...(resource === undefined ? [] : [resource]),
    ...filesOf(inner ?? []),
  ]);
}

/** The third-party libraries of one of ncc's license files, each with its text, which begins with its name. */
function splitLicenses(text: string): Map<string, string> {
  const sections = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    if (/^(@[\w.-]+\/)?[\w.-]+$/.test(line) && existsSync(join(root, 'node_modules', line, 'package.json')))
      current = line;
    if (current === undefined) throw new Error(`a license text of nobody: ${line}`);
    sections.set(current, `${sections.get(current) ?? ''}${line}\n`);
  }
  return new Map(
    [...sections]
      .filter(([library]) => !library.startsWith('@deploy-actions/'))
      .map(([library, section]) => [library, `${section.trim()}\n`]),
  );
}
