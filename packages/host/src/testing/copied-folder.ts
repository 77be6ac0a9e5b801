import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** A folder as it was, to be put elsewhere again. */
export interface CopiedFolder {
  /** Writes it. Texts in its files and links are replaced: those of the place that it was copied from, by the new ones. */
  put(folder: string, replace: Readonly<Record<string, string>>): void;
  /** One of its files; empty where there is none. */
  text(relative: string): string;
}

/** Keeps a folder of texts, with its links and modes, but for what `leave` says by its relative path. */
export function copyFolder(folder: string, leave: (relative: string) => boolean = () => false): CopiedFolder {
  const entries: { relative: string; mode: number; kind: 'folder' | 'link' | 'file'; text: string }[] = [];
  const take = (relative: string) => {
    for (const name of readdirSync(path.join(folder, relative)).sort()) {
      const below = path.join(relative, name);
      if (leave(below)) continue;
      const file = path.join(folder, below);
      const about = lstatSync(file);
      if (about.isDirectory()) {
        entries.push({ relative: below, mode: about.mode, kind: 'folder', text: '' });
        take(below);
      } else if (about.isSymbolicLink()) {
        entries.push({ relative: below, mode: about.mode, kind: 'link', text: readlinkSync(file) });
      } else if (about.isFile()) {
        entries.push({ relative: below, mode: about.mode, kind: 'file', text: readFileSync(file, 'utf8') });
      }
    }
  };
  take('');
  return {
    text: (relative) => entries.find((one) => one.relative === relative)?.text ?? '',
    put(target, replace) {
      const replaced = (text: string) =>
        Object.entries(replace).reduce((all, [from, to]) => all.replaceAll(from, to), text);
      for (const { relative, mode, kind, text } of entries) {
        const file = path.join(target, relative);
        if (kind === 'folder') {
          mkdirSync(file, { recursive: true });
          // With the sticky bit, and whatever the umask: a folder may be one that everybody adds to.
          chmodSync(file, mode & 0o7777);
        } else if (kind === 'link') symlinkSync(replaced(text), file);
        else writeFileSync(file, replaced(text), { mode: mode & 0o777 });
      }
    },
  };
}
