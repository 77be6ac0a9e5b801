import { type Stats, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { SentFile } from '@deploy-actions/compose';
import { whyNotSendable } from '@deploy-actions/host';
import { Failure, quote } from '@deploy-actions/kit';
import { isBelow, isGits, matches } from './matches.ts';

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
  /**
   * What the checkout has at a path that a mount, a config or a secret may mean: `folder` only where it holds more than
   * the placeholders by which git keeps an empty one.
   */
  has(path: string): Promise<'file' | 'folder' | undefined>;
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
  const find = finderIn(base, root);
  const compose = names.map((name) => readSent(find(inFolder(name), 'compose-file')));
  const paths = new Set<string>();
  for (const pattern of patterns) {
    const found = await matches(base, pattern);
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
    for (const path of found) paths.add(path);
  }
  const meant = [...paths].sort().map((path) => find(path, 'files'));
  checkSize(meant);
  return {
    folder,
    composeFiles: compose,
    files: meant.map(readSent),
    has: (path) => kindOf(join(base, path)),
  };
}

/** Before anything is read, so that a pattern that means a whole disk does not fill the runner's memory. */
function checkSize(found: readonly FoundFile[]): void {
  const bytes = found.reduce((sum, { info }) => sum + info.size, 0);
  if (bytes <= MOST_BYTES) return;
  throw new Failure(
    'input',
    `input \`files\`: ${found.length} files of ${Math.round(bytes / 2 ** 20)} MiB are more than the ${MOST_BYTES / 2 ** 20} MiB that go with a release`,
    {
      input: 'files',
      remedy: 'Put large content into an image or a volume.',
    },
  );
}

/** Files by which people keep an empty folder in git. */
const PLACEHOLDERS = new Set(['.gitkeep', '.keep', '.gitignore']);

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile()) return 'file';
  if (!info?.isDirectory()) return undefined;
  const names = await readdir(path);
  return names.some((name) => !PLACEHOLDERS.has(name)) ? 'folder' : undefined;
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

/** A file of the checkout that may leave it. */
interface FoundFile {
  path: string;
  /** Where it is when every link on the way has been followed. */
  real: string;
  info: Stats;
}

/**
 * Finds files of the checkout that may be sent; throws `input` Failures for others. Nothing else goes on meanwhile, and
 * asked for one by one by promises, thousands of files take the runner longer than the network does: so this waits for the
 * disk, and looks at each folder once.
 */
function finderIn(base: string, root: string): (path: string, input: string) => FoundFile {
  const realRoot = realpathSync(root);
  const folders = new Map<string, string>();
  const realFolder = (path: string) => {
    const known = folders.get(path) ?? realpathSync(path);
    folders.set(path, known);
    return known;
  };
  const locate = (absolute: string): Pick<FoundFile, 'real' | 'info'> | undefined => {
    try {
      const info = lstatSync(absolute);
      if (!info.isSymbolicLink())
        return { real: join(realFolder(dirname(absolute)), basename(absolute)), info };
      const real = realpathSync(absolute);
      return { real, info: statSync(real) };
    } catch {
      return undefined;
    }
  };
  return (path, input) => {
    const found = locate(join(base, path));
    if (found === undefined) {
      throw new Failure('input', `input \`${input}\`: there is no ${path} in the checkout`, {
        input,
        remedy: 'Is the repository checked out (actions/checkout), and is the path relative to its root?',
      });
    }
    if (!isBelow(found.real, realRoot)) {
      throw new Failure('input', `input \`${input}\`: ${path} is a link out of the checkout`, {
        input,
        remedy: 'Put a copy of the file into the repository, or mount it from shared/ on the server.',
      });
    }
    // The token of the checkout stands in .git/config.
    if (isGits(relative(realRoot, found.real).split(sep).join('/'))) {
      throw new Failure(
        'input',
        `input \`${input}\`: ${path} leads into .git, which never leaves the runner`,
        {
          input,
          remedy: 'Leave it out.',
        },
      );
    }
    const why = whyNotSendable(path);
    if (why !== undefined) {
      throw new Failure('input', `input \`${input}\`: ${quote(path)} cannot be sent to a server: ${why}`, {
        input,
        remedy: 'Rename it, or leave it out of the pattern.',
      });
    }
    return { path, ...found };
  };
}

function readSent({ path, real, info }: FoundFile): SentFile {
  return {
    path,
    content: readFileSync(real),
    executable: (info.mode & 0o111) !== 0 && process.platform !== 'win32',
  };
}
