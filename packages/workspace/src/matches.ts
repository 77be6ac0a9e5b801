import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Failure } from '@deploy-actions/kit';
import picomatch from 'picomatch';

/** More than a release's configuration has; a pattern that finds more means something else. */
const MOST_FILES = 20_000;

/**
 * The files below `base` that a pattern means, sorted: a file, a folder with all that is below it, or a pattern of
 * `*`, `**`, `?`, `[…]` and `{…}`. Names that begin with a dot are matched like any other, since a `.htpasswd` that is
 * left out in silence is missed on the server. What git keeps for itself (`.git`, at any depth) is never among them.
 * @throws Failure `input` for a link that leads nowhere and for more than 20,000 files.
 */
export async function matches(base: string, pattern: string): Promise<string[]> {
  const plain = pattern.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
  if (plain === '' || plain === '.') return await filesBelow(base, '', () => true);
  const info = await stat(join(base, plain)).catch(() => undefined);
  if (info?.isFile()) return isGits(plain) ? [] : [plain];
  if (info?.isDirectory()) return await filesBelow(base, plain, () => true);
  const { base: literal, isGlob } = picomatch.scan(plain);
  return isGlob ? await filesBelow(base, literal, picomatch(plain, { dot: true, nonegate: true })) : [];
}

/** Whether a path is git's own, or in a folder that is. */
export function isGits(path: string): boolean {
  return path.split('/').includes('.git');
}

async function filesBelow(base: string, start: string, wanted: (path: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  // Real paths of the folders above: a link back to one of them would lead round in a circle.
  const walk = async (folder: string, above: readonly string[], whole: boolean): Promise<void> => {
    if (isGits(folder)) return;
    const real = await realpath(join(base, folder)).catch(() => undefined);
    if (real === undefined || above.includes(real)) return;
    for (const entry of await entriesOf(join(base, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name === '.git') continue;
      const info = entry.isSymbolicLink() ? await stat(join(base, path)).catch(() => undefined) : entry;
      // A folder that is meant means all below it.
      const meant = whole || wanted(path);
      if (info === undefined && meant) throw deadLink(path);
      if (info?.isDirectory()) await walk(path, [...above, real], meant);
      else if (info?.isFile() && meant) found.push(path);
      if (found.length > MOST_FILES) {
        throw new Failure('input', `input \`files\`: more than ${MOST_FILES} files are meant`, {
          input: 'files',
          remedy: 'Name the folders with configuration alone; put large content into an image or a volume.',
        });
      }
    }
  };
  await walk(start, [], false);
  return found.sort();
}

async function entriesOf(folder: string): Promise<(Dirent | (Stats & { name: string }))[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // A pattern may begin with a folder that is not there; it finds nothing then.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

function deadLink(path: string): Failure {
  return new Failure('input', `input \`files\`: ${path} is a link to what is not in the checkout`, {
    input: 'files',
    remedy: 'Check out what it leads to (submodules: true, lfs: true), or leave it out of the pattern.',
  });
}

/** Whether a real path is below a real folder, or is it. */
export function isBelow(real: string, folder: string): boolean {
  return real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
