import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Parts of the programs for servers: they are checked as whole programs. */
export const SERVER_PARTS =
  /^packages\/(?:archive|engine|host|ledger|probe|readiness|release|traffic)\/src\/.*\.sh$/;

/** All of them, as absolute paths. */
export function serverParts(root: string): string[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'packages'], {
    cwd: root,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => SERVER_PARTS.test(file) && existsSync(join(root, file)))
    .map((file) => join(root, file));
}

/** The shell programs of a checkout that stand by themselves: files named *.sh, and those whose first line names a shell. */
export function shellFiles(root: string): { file: string; shell: 'sh' | 'bash' | 'dash' }[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
    .split('\n')
    .filter(
      (file) =>
        file !== '' &&
        !file.startsWith('dist/') &&
        !SERVER_PARTS.test(file) &&
        !/\.(ts|mjs|cjs|js|json|md|ya?ml)$/.test(file),
    );
  return files.flatMap((file): ReturnType<typeof shellFiles> => {
    let head;
    try {
      if (!statSync(join(root, file)).isFile()) return [];
      head = readFileSync(join(root, file), 'utf8').slice(0, 80).split('\n')[0]!;
    } catch {
      // Listed, but deleted since.
      return [];
    }
    // What is only sourced has no #! line and names its shell to shellcheck instead.
    const shell = /^(?:#!.*[/ ]|# shellcheck shell=)(sh|bash|dash)\b/.exec(head)?.[1];
    if (shell) return [{ file, shell: shell as 'sh' | 'bash' | 'dash' }];
    return file.endsWith('.sh') ? [{ file, shell: 'sh' }] : [];
  });
}
