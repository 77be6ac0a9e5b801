// Bundles one action: `node bundle.ts <name>`, a process of its own for each, so that several run at once.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { minify } from '@swc/core';
import { writeFolder } from './build.ts';
import { findRoot } from './root.ts';

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
      target: string;
    },
  ): Promise<{ code: string; assets: Record<string, { source: string | Buffer } | undefined> }>;
}

/** Assets that must not ship: ssh2 brings a Windows program that is of no use here, and native code differs by platform. */
const UNWANTED = /(?:\.node|pagent\.exe|package\.json)$/;

const name = process.argv[2] ?? '';
const root = findRoot(import.meta.dirname);
const ncc = createRequire(import.meta.url)('@vercel/ncc') as Ncc;
const files = new Map<string, string | Buffer>();
const licenses = new Set<string>();

for (const program of ['index', 'post']) {
  const entry = join(root, 'actions', name, 'src', `${program}.ts`);
  if (!existsSync(entry)) continue;
  const { code, assets } = await ncc(entry, {
    cache: false,
    minify: false,
    transpileOnly: true,
    license: 'licenses.txt',
    quiet: true,
    sourceMap: false,
    target: 'es2024',
  });
  files.set(`${program}.js`, code.endsWith('\n') ? code : `${code}\n`);
  for (const [path, asset] of Object.entries(assets)) {
    if (asset === undefined) continue;
    if (path === 'licenses.txt') licenses.add(asset.source.toString());
    else if (!UNWANTED.test(path)) files.set(path, asset.source);
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
// Two programs have the same libraries, or nearly; a text that is part of the other adds nothing.
const texts = [...licenses].sort((a, b) => b.length - a.length);
files.set(
  'licenses.txt',
  texts.filter((text, index) => !texts.slice(0, index).some((longer) => longer.includes(text))).join('\n'),
);
writeFolder(join(root, 'dist', name), files);
