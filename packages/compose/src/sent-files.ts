import { createHash } from 'node:crypto';

/** A file of the workspace that is sent with a release. */
export interface SentFile {
  /** Relative to the compose file's folder, `/` between folders, no `..`. */
  path: string;
  content: Buffer;
  executable: boolean;
}

/** What is mounted from the files sent: one file, or a folder with all that was sent below it. */
export interface SentTree {
  /** SHA-256 over the name, content, relative names and the executable bits, in hexadecimal. */
  sha256: string;
  /** Where it was, relative to the compose file's folder. */
  path: string;
  /** The last part of its path. */
  name: string;
  files: SentFile[];
}

/**
 * The file or folder at `path` among the files sent; undefined when nothing was sent there. The whole project
 * folder (`.`) is nobody's: it is the user's own.
 */
export function sentTree(sent: readonly SentFile[], path: string): SentTree | undefined {
  if (path === '' || path === '.') return undefined;
  const files = sent
    .filter((file) => file.path === path || file.path.startsWith(`${path}/`))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0) return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1);
  // With the name: equal content under another one is another tree, since it stands in the tree under its name.
  const hash = createHash('sha256').update(`${name}\0`);
  for (const file of files) {
    const digest = createHash('sha256').update(file.content).digest('hex');
    hash.update(`${digest} ${file.executable ? 'x' : '-'} ${file.path.slice(path.length)}\0`);
  }
  return { sha256: hash.digest('hex'), path, name, files };
}
