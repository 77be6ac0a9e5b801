import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The folder of this repository: the nearest one at or above `from` whose package.json is named
 * deploy-actions. Not taken from a module's own address, which Jest's CommonJS has not got.
 */
export function findRoot(from = process.cwd()): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string };
      if (name === 'deploy-actions') return folder;
    }
    if (dirname(folder) === folder) throw new Error(`${from} is not inside a checkout of deploy-actions`);
  }
}
