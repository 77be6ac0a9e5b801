import { glob, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { SentFile } from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';

/** The names that Compose looks for by itself, in its order. */
const DEFAULT_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** Sent in one piece over one connection; configuration is small. */
const MOST_BYTES = 64 * 2 ** 20;

/** What of the checkout goes to the server. Paths of files are relative to `folder`. */
export interface Workspace {
  /** Folder of the first compose file, relative to the workspace; empty for its root. */
  folder: string;
  composeFiles: SentFile[];
  files: SentFile[];
  /** Every path that a mount may mean but that was not sent is looked up here. */
  has(path: string): Promise<boolean>;
}

/** Reads the compose files and the files to be sent. Throws `input` Failures. */
export async function readWorkspace(
  root: string,
  composeFiles: readonly string[],
  patterns: readonly string[],
): Promise<Workspace> {
  const names = composeFiles.length > 0 ? composeFiles : [await defaultFile(root)];
  const first = names[0]!;
  const folder = first.includes('/') ? first.slice(0, first.lastIndexOf('/')) : '';
  const base = join(root, folder);
  const inFolder = (name: string) => {
    if (folder === '') return name;
    if (name.startsWith(`${folder}/`)) return name.slice(folder.length + 1);
    throw new Failure(
      'input',
      `input \`compose-file\`: ${name} is not in the folder of the first one, ${folder}`,
      {
        input: 'compose-file',
        remedy: 'Keep the compose files of one application in one folder.',
      },
    );
  };
  const compose: SentFile[] = [];
  for (const name of names) compose.push(await readSent(base, inFolder(name), root, 'compose-file'));
  const files = new Map<string, SentFile>();
  for (const pattern of patterns) {
    const found = await expand(base, pattern);
    if (found.length === 0) {
      throw new Failure(
        'input',
        `input \`files\`: nothing matches ${pattern} in ${folder === '' ? 'the checkout' : folder}`,
        {
          input: 'files',
          remedy:
            'Paths are relative to the folder of the compose file. Is the repository checked out (actions/checkout)?',
        },
      );
    }
    for (const path of found) files.set(path, await readSent(base, path, root, 'files'));
  }
  const bytes = [...files.values()].reduce((sum, file) => sum + file.content.length, 0);
  if (bytes > MOST_BYTES) {
    throw new Failure(
      'input',
      `input \`files\`: ${files.size} files of ${Math.round(bytes / 2 ** 20)} MiB are more than the ${MOST_BYTES / 2 ** 20} MiB that go with a release`,
      {
        input: 'files',
        remedy: 'Put large content into an image or a volume.',
      },
    );
  }
  return {
    folder,
    composeFiles: compose,
    files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    has: async (path) => (await stat(join(base, path)).catch(() => undefined))?.isFile() ?? false,
  };
}

async function defaultFile(root: string): Promise<string> {
  for (const name of DEFAULT_FILES) {
    if ((await stat(join(root, name)).catch(() => undefined))?.isFile()) return name;
  }
  throw new Failure('input', `there is no compose file: none of ${DEFAULT_FILES.join(', ')} is in ${root}`, {
    input: 'compose-file',
    remedy: 'Check out the repository first (actions/checkout), or name the file in `compose-file`.',
  });
}

/** The files that a pattern means; a folder means all below it. */
async function expand(base: string, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  const collect = async (expression: string) => {
    for await (const entry of glob(expression, { cwd: base, withFileTypes: true })) {
      const path = relative(base, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (path === '.git' || path.startsWith('.git/')) continue;
      const info = await stat(join(base, path)).catch(() => undefined);
      if (info?.isFile()) found.add(path);
      else if (info?.isDirectory() && expression === pattern && !pattern.endsWith('**'))
        await collect(`${path}/**`);
    }
  };
  await collect(pattern);
  return [...found];
}

async function readSent(base: string, path: string, root: string, input: string): Promise<SentFile> {
  const absolute = join(base, path);
  const [real, realRoot] = await Promise.all([realpath(absolute).catch(() => ''), realpath(root)]);
  if (real === '') {
    throw new Failure('input', `input \`${input}\`: there is no ${path} in the checkout`, {
      input,
      remedy: 'Is the repository checked out (actions/checkout), and is the path relative to its root?',
    });
  }
  if (real !== realRoot && !real.startsWith(realRoot + sep)) {
    throw new Failure('input', `input \`${input}\`: ${path} is a link out of the checkout`, { input });
  }
  const info = await stat(real);
  return {
    path,
    content: await readFile(real),
    executable: (info.mode & 0o111) !== 0 && process.platform !== 'win32',
  };
}
