import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partsText } from '@deploy-actions/host';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MANAGED } from '../../program/programs.ts';

let home: string;
const at = (name: string) => join(home, name);
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'managed-'));
  for (const folder of ['app', 'run', 'flags', 'bin']) mkdirSync(at(folder));
  writeFileSync(at('run/Caddyfile'), ':80 {\n}\n');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Starts the proxy where a container of its name has this label and state; answers what was said, and what Docker was told to change. */
function start(keeper: string): { said: string; changed: string } {
  writeFileSync(
    at('bin/docker'),
    `#!/bin/sh
case "$1 $2" in
'inspect --format') case "$*" in *deploy-actions.proxy*) [ -n '${keeper}' ] || exit 1; echo '${keeper}' ;; *) echo zz_shop_blue ;; esac ;;
'network inspect') echo open ;;
'image inspect' | 'exec shop-proxy') ;;
'rm --force' | create* | start*) echo "$1" >>'${at('changed')}' ;;
*) exit 1 ;;
esac
`,
  );
  chmodSync(at('bin/docker'), 0o755);
  const values = {
    path: at('app'),
    run: at('run'),
    files: at('run'),
    project: 'shop',
    folder: at('flags'),
    docker_host: '',
    image: 'caddy:2',
    ports: '80 443',
    certificate: '',
    key: '',
    networks: 'zz_shop_blue',
    login: 'deploy',
    login_group: 'deploy',
  };
  const { stdout, stderr } = spawnSync('sh', ['-s'], {
    input: `set -u
${Object.entries(values)
  .map(([name, value]) => `${name}='${value}'\n`)
  .join('')}say() { printf '%s\\n' "$*"; }
phase() { :; }
fail() { say "failed, $2: $3"; exit 1; }
run() { shift; "$@"; }
wait_until() { shift 2; "$@"; }
cd "$path"
${partsText(MANAGED)}
operate
`,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` },
  });
  expect(stderr).toBe('');
  return { said: stdout, changed: existsSync(at('changed')) ? readFileSync(at('changed'), 'utf8') : '' };
}

test('a container of the same name that is not ours is left alone, and told', () => {
  for (const keeper of [' true', ' false', '<no value> true']) {
    expect(start(keeper)).toEqual({
      said: expect.stringContaining('failed, foreign-containers: there is a container shop-proxy already'),
      changed: '',
    });
  }
});

test('one of ours is made anew where it is wanted otherwise, and left where it is as it is wanted', () => {
  expect(start('caddy:2 80 443   true').said).toBe('shop-proxy runs already\n');
  expect(start('caddy:1 80 443   true')).toEqual({
    said: 'shop-proxy answers on 80 443\n',
    changed: 'rm\ncreate\nstart\n',
  });
});

test('where there is none, nothing is removed', () => {
  expect(start('').changed).toBe('create\nstart\n');
});
