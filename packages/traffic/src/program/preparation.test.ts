import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const text = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
const PREPARATION = text('preparation.sh');
const HAPROXY = PREPARATION + text('../proxy/haproxy/haproxy-preparation.sh');
const TRAEFIK = PREPARATION + text('../proxy/traefik/traefik-preparation.sh');

/** No account of anybody's; root may write everywhere, and these refusals are for others. */
const NOBODY = 65534;

let home: string;
const at = (name: string) => join(home, name);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'preparation-'));
  chmodSync(home, 0o755);
  for (const folder of ['run', 'bin', 'watched']) mkdirSync(at(folder));
  chmodSync(at('run'), 0o777);
  writeFileSync(at('site.conf'), 'server {}\n');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Stand-ins for the prelude and for the parts that preparation.sh is sent with. */
const PRELUDE = `set -u
fail() { printf '%s, %s: %s\\n' "$1" "$2" "$3"; exit 70; }
reason() { tr '\\n' ' '; }
undo_prepare() { echo 'undone'; }
as_root() { return 77; }
df() { printf 'Filesystem Type\\nnone ext4\\n'; }
`;

/** What the shell says to `call` with these parts loaded, on a server where the login user's group is others' too. */
function run(parts: string, call: string, settings: { uid?: number; gid?: number } = {}): string {
  const values = {
    run: at('run'),
    project: 'shop',
    proxy: 'nginx',
    proxy_container: 'edge',
    folder: at('flags'),
    socket_folder: at('socket'),
    watched: at('watched'),
    config_file: at('site.conf'),
    login: 'deploy',
    login_group: 'staff',
    fresh: '0',
  };
  const assignments = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
  const { stdout, stderr } = spawnSync('/bin/sh', ['-s'], {
    input: `${assignments.join('')}${PRELUDE}${parts}\n${call}\n`,
    encoding: 'utf8',
    ...settings,
  });
  expect(stderr).toBe('');
  return stdout;
}

test('a command that root may run and that fails is told with its words', () => {
  const root = 'as_root() { echo "chown: Operation not permitted" >&2; return 1; }\n';
  expect(run(PREPARATION, `${root}need_root chown deploy /srv/flags`)).toBe(
    'refused, command-refused: chown deploy /srv/flags failed: chown: Operation not permitted \n',
  );
});

test('flags in memory are refused: the next boot would forget the colour', () => {
  const memory = "df() { printf 'Filesystem Type\\nnone tmpfs\\n'; }\n";
  expect(run(PREPARATION, `${memory}prepare_folder`)).toBe(
    `refused, folder-not-usable: ${at('flags')} is in memory, so the colour would be forgotten at the next boot\n`,
  );
});

test('flags below a folder that the proxy may not enter are refused by its name', () => {
  mkdirSync(at('closed'), { mode: 0o700 });
  expect(run(PREPARATION, `folder=${at('closed/flags')}\nprepare_folder`)).toContain(
    `refused, flags-unreadable: ${at('closed')} may not be entered by others`,
  );
  expect(run(PREPARATION, 'prepare_folder && echo well')).toBe('well\n');
});

test('a configuration that is gone or that somebody else has changed meanwhile is not written over', () => {
  expect(run(PREPARATION, `config_file=${at('gone.conf')}\nread_before`)).toBe(
    `refused, config-unreadable: ${at('gone.conf')} cannot be read\n`,
  );
  expect(run(PREPARATION, 'old_sum=another\nread_before')).toBe(
    `undone\nrefused, config-changed: ${at('site.conf')} was changed by somebody else meanwhile\n`,
  );
});

/** From here on the server has only what these checks need, and so no setfacl. */
function onlyTools(): string {
  for (const tool of ['ls', 'awk', 'stat', 'find'])
    symlinkSync(
      execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', tool], { encoding: 'utf8' }).trim(),
      join(at('bin'), tool),
    );
  return `PATH='${at('bin')}'\n`;
}

test('HAProxy’s socket is not opened to a group that others are in', () => {
  const call = `${onlyTools()}engine_pid() { echo 1; }\nprepare_socket_folder`;
  expect(run(HAPROXY, call)).toMatch(
    /^refused, group-shared: everybody in the group staff could take over HAProxy /,
  );
});

test('the folder that Traefik watches is not opened to a group that others are in', () => {
  chmodSync(at('watched'), 0o555);
  const login = process.getuid!() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  expect(run(TRAEFIK, `${onlyTools()}open_folder`, login)).toBe(
    `refused, group-shared: deploy may not write in ${at('watched')}, and making it the group's would let others in or keep others out\n`,
  );
});
