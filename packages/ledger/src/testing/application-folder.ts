import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jsonText } from '../json-text.ts';
import { releaseRecord } from './records.ts';

/** Shells that servers have as `sh`, each as the words that start it. */
export const SHELLS: readonly [shell: readonly string[]][] = [[['dash']], [['busybox', 'sh']]];

/** Who acts in what the programs write. */
export const ACTOR = 'dependabot[bot]';
export const SHA256 = `sha256:${'a'.repeat(64)}`;

const SOURCES = ['ledger-reading', 'ledger', 'backup-reading']
  .map((name) => readFileSync(join(__dirname, `../sh/${name}.sh`), 'utf8'))
  .join('');

/** The folder of an application. */
export interface ApplicationFolder {
  at(name: string): string;
  read(name: string): string;
  write(name: string, content: string): void;
  /** Runs the ledger's files and then `body` with the arguments, as a program would; answers what it prints. Throws for stderr. */
  run(shell: readonly string[], body: string, args?: readonly string[]): string;
}

/** A folder for each test, taken away after it. */
export function folderForEach(
  beforeEach: (make: () => void) => void,
  afterEach: (remove: () => void) => void,
): ApplicationFolder {
  let home: string;
  const at = (name: string) => join(home, name);
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'ledger-'));
    mkdirSync(at('.deploy'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  return {
    at,
    read: (name) => readFileSync(at(name), 'utf8'),
    write(name, content) {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), content);
    },
    run(shell, body, args = []) {
      const program = `set -u
path=$1 actor=$2 run_url=$3 deployment_id=7-deploy
shift 3
write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }
${SOURCES}
cd "$path"
${body}
`;
      const [command, ...options] = shell as [string, ...string[]];
      const url = 'https://github.example/o/r/actions/runs/7';
      const words = [...options, '-c', program, 'sh', home, jsonText(ACTOR), url, ...args];
      const { stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8' });
      if (error) throw error;
      if (stderr !== '') throw new Error(stderr);
      return stdout;
    },
  };
}

/** What a release's record begins with, with text in it that could be taken for its keys. */
export const recordOf = (release: string) => {
  const {
    created: _created,
    previous: _previous,
    images: _images,
    migrations: _migrations,
    ...head
  } = releaseRecord(release);
  return {
    ...head,
    version: `v"1\\2" of ${release}`,
    hooks: { migrate: ['web: echo "sha":"x" "version":"y"'] },
  };
};

/** The same as a file that the end is still to be added to. */
export const headOf = (release: string): string => JSON.stringify(recordOf(release)).slice(0, -1);
