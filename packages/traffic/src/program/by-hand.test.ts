import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { partsText } from '@deploy-actions/host';
import { installProgram } from './index.ts';

let home: string;
const at = (name: string) => join(home, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const write = (name: string, content: string, mode = 0o644) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
  chmodSync(at(name), mode);
};

const OLD = 'server { proxy_pass http://127.0.0.1:8080; }\n';
const NEW = 'server { proxy_pass http://$deploy_shop; }\n';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'by-hand-'));
  mkdirSync(at('flags'));
  write('app/.deploy/note', '');
  write('run/site', NEW);
  write('sites/shop.conf', OLD);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function sh(script: string): string {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    cwd: at('app'),
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` },
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

/** The commands that an installation names which may not be root. */
function byHand(kind: string): string {
  const values = {
    path: at('app'),
    run: at('run'),
    files: at('run'),
    project: 'shop',
    proxy: kind,
    proxy_container: '',
    folder: at('flags'),
    share_names: 'blue green',
    config_file: at('sites/shop.conf'),
    config_inside: at('sites/shop.conf'),
    canary_log: '',
    first_share: 'blue',
    login: 'deploy',
    login_group: 'deploy',
    fresh: '0',
    watched: '',
    socket: '',
    socket_folder: '',
  };
  const given = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
  const said = sh(
    `set -u\n${given.join('')}${partsText(installProgram(kind))}\nbackups='${at('backups')}'\nleave_by_hand\nby_hand`,
  );
  return /^An administrator can run, on the server: (.*)\. Then run this action again\.$/m.exec(said)![1]!;
}

const nginx = (test: number) =>
  write('bin/nginx', `#!/bin/sh\necho "$*" >>'${at('asked')}'\n[ "$1" != -t ] || exit ${test}\n`, 0o755);
const kept = () => readdirSync(at('backups')).map((name) => read(`backups/${name}`));

test('nginx: what an administrator is told keeps the old file, tests the new one, and reloads it', () => {
  nginx(0);
  sh(byHand('nginx'));
  expect(read('sites/shop.conf')).toBe(NEW);
  expect(kept()).toEqual([OLD]);
  expect(read('asked')).toBe('-t\n-s reload\n');
});

test('nginx: a file that does not pass the test is not loaded, and the old one is in its place again', () => {
  nginx(1);
  sh(byHand('nginx'));
  expect(read('sites/shop.conf')).toBe(OLD);
  expect(kept()).toEqual([OLD]);
  expect(read('asked')).toBe('-t\n');
});

test.each(['caddy', 'haproxy'])('%s: the same, by its own words', (kind) => {
  const said = byHand(kind);
  expect(said).toMatch(
    kind === 'caddy'
      ? /; if caddy adapt .*; then caddy reload /
      : /; if haproxy -c -f .*; then (?:systemctl|kill) /,
  );
  expect(said).toMatch(/; else cp \S+backups\/shop-shop\.conf\.\S+ \S+sites\/shop\.conf; fi$/);
});
