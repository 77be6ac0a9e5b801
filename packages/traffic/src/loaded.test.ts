import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { defineInspection } from '@deploy-actions/host';
import { LOADED_PARTS, type LoadedProxy, readLoaded } from './loaded.ts';
import { PROXIES } from './proxy/registry.ts';

// Times are told to the second, so that a change has to be seconds after a start.
jest.setTimeout(60_000);

let home: string;
let started: ChildProcess[];
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'loaded-')));
  started = [];
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function put(name: string, text: string): string {
  const file = join(home, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A process that is called as a proxy is, and waits. */
function run(kind: string, title: string, words: readonly string[] = []): void {
  const program = join(home, 'bin', kind);
  mkdirSync(dirname(program), { recursive: true });
  if (!existsSync(program)) {
    copyFileSync(realpathSync('/bin/sh'), program);
    chmodSync(program, 0o755);
  }
  const args = words.length === 0 ? [] : ['-s', '--', ...words];
  started.push(spawn(program, args, { argv0: title, stdio: ['pipe', 'ignore', 'ignore'] }));
}

const PROGRAM = defineInspection({ name: 'loaded', parts: LOADED_PARTS, parameters: ['proxy_kinds'] });

/** What is told of the proxies that this test has started: others may run on the machine. */
function told(kind: string, tools: Readonly<Record<string, string>> = {}, container = ''): LoadedProxy {
  for (const [name, script] of Object.entries(tools))
    chmodSync(put(`tools/${name}`, `#!/bin/sh\n${script}\n`), 0o755);
  const given = `proxy_kinds='${PROXIES.map((one) => one.kind).join(' ')}'\n`;
  // Instead of those of the whole machine.
  const own = container === '' ? `printf '${kind} %s\\n' ${started.map(({ pid }) => pid).join(' ')}` : ':';
  const { stdout, stderr } = spawnSync('sh', ['-s'], {
    input: `${PROGRAM.parts.map((part) => part.source()).join('')}${given}found_on_host() { ${own}; }\ntell_loaded "${mkdtempSync(join(home, 'scratch-'))}/loaded" '${container}'\n`,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(home, 'tools')}:${process.env['PATH']}` },
  });
  expect(stderr).toBe('');
  const all = readLoaded(stdout);
  expect(all).toHaveLength(1);
  return all[0]!;
}

/** Longer than the times of processes and files are unsure. */
const LATER = 2100;

test('nginx: a file that its configuration includes and that changed after the last reload is told, and no other', async () => {
  const site = put('nginx/sites/shop.conf', 'server { }\n');
  put('nginx/unused.conf', '');
  const main = put(
    'nginx/nginx.conf',
    'http {\n  # include nothing.conf;\n  include sites/*.conf; include mime;\n}\n',
  );
  put('nginx/mime', 'types { }\n');
  run('nginx', `nginx: master process /usr/sbin/nginx -c ${main}`);
  run('nginx', 'nginx: worker process');
  await sleep(200);
  expect(told('nginx')).toMatchObject({
    kind: 'nginx',
    container: undefined,
    file: main,
    changed: [],
    unknown: [],
  });
  await sleep(LATER);
  put('nginx/unused.conf', 'changed');
  expect(told('nginx').changed).toEqual([]);
  // As an editor does it, with the time that the text had elsewhere.
  renameSync(put('nginx/.new', 'server { listen 81; }\n'), site);
  expect(told('nginx').changed).toEqual([site]);
  const other = put('nginx/sites/other.conf', '');
  expect([...told('nginx').changed].sort()).toEqual([other, site]);
  // A reload that took: new workers, while the old one shuts down.
  started.pop()!.kill('SIGKILL');
  run('nginx', 'nginx: worker process');
  run('nginx', 'nginx: worker process is shutting down');
  await sleep(LATER);
  expect(told('nginx')).toMatchObject({ changed: [], unknown: [] });
  rmSync(other);
  expect(told('nginx').changed).toEqual([`a file that came to ${join(home, 'nginx/sites')} or left it`]);
});

test('a busy machine does not make a start seem older than the files that were read then', async () => {
  const main = put('nginx/nginx.conf', 'http { }\n');
  run('nginx', `nginx: master process /usr/sbin/nginx -c ${main}`);
  run('nginx', 'nginx: worker process');
  await sleep(200);
  const slow = { date: 'now=$(/bin/date "$@"); sleep 2.5; echo "$now"' };
  expect(told('nginx', slow)).toMatchObject({ changed: [], unknown: [] });
});

test('nginx: a file that is not seen, or one of another start, is told as not known and never passes', async () => {
  const main = put('nginx/nginx.conf', 'include missing/site.conf;\n');
  run('nginx', `nginx: master process nginx -c ${main}`);
  await sleep(200);
  expect(told('nginx').unknown).toEqual(['no worker of it is seen']);
  run('nginx', 'nginx: worker process');
  await sleep(200);
  expect(told('nginx').unknown.join('; ')).toContain(
    `${join(home, 'nginx/missing/site.conf')} cannot be seen`,
  );
  run('nginx', 'nginx: master process nginx -p /srv/other');
  await sleep(200);
  expect(told('nginx').unknown).toEqual(['it was started with another prefix (-p)']);
});

test('in a container: its own files count, and one that was mounted alone and replaced is no matter of a reload', async () => {
  const inside = put('inside/nginx.conf', 'events { }\n');
  const outside = put('site/nginx.conf', 'events { }\n');
  linkSync(outside, join(home, 'inside/mounted.conf'));
  run('nginx', 'nginx: master process nginx -g daemon off;');
  run('nginx', 'nginx: worker process');
  await sleep(200);
  const id = 'c'.repeat(64);
  // What is run in the container is run here.
  const docker = `case "$*" in
  inspect*.Path*) echo "${id} /shop-proxy-1 registry.test/nginx:1.27 shop nginx ports" ;;
  inspect*.Mounts*) echo "${home}/inside/mounted.conf ${outside}" ;;
  top*) printf 'PID COMMAND\\n${started.map(({ pid }) => pid).join(' x\\n')} x\\n' ;;
  'exec ${id} nginx -T -c /etc/nginx/nginx.conf') printf '# configuration file %s:\\n' ${inside} ${home}/inside/mounted.conf ;;
  exec*) shift 2; exec "$@" ;;
  *) exit 1 ;;
esac`;
  expect(told('nginx', { docker }, id)).toEqual({
    kind: 'nginx',
    container: 'shop-proxy-1',
    loaded: expect.any(Number),
    changed: [],
    replaced: [],
    unknown: [],
  });
  await sleep(LATER);
  put('inside/nginx.conf', 'events { }\nhttp { }\n');
  expect(told('nginx', { docker }, id)).toMatchObject({ changed: [inside], replaced: [] });
  renameSync(put('site/new', 'http { }\n'), outside);
  expect(told('nginx', { docker }, id)).toMatchObject({ replaced: [outside] });
  expect(told('nginx', { docker: docker.replace('top*)', 'nothing)') }, id).unknown).toEqual([
    'its processes are not seen from the login',
  ]);
});

test('haproxy: the newest process tells, with each file and folder that it was started with', async () => {
  const main = put('haproxy.cfg', 'global\n');
  put('more/10.cfg', '');
  const words = ['-W', '-f', main, '-f', join(home, 'more')];
  run('haproxy', 'haproxy', words);
  await sleep(LATER);
  const file = put('more/10.cfg', 'frontend a\n');
  expect(told('haproxy').changed).toEqual([file]);
  run('haproxy', 'haproxy', words);
  await sleep(200);
  expect(told('haproxy')).toMatchObject({ changed: [], unknown: [] });
  run('haproxy', 'haproxy', ['-f', 'haproxy.cfg']);
  await sleep(200);
  expect(told('haproxy').unknown.join()).toContain('no absolute path');
});

test('caddy: what it goes by is compared with what its file would make, whatever the order of the keys', async () => {
  const file = put('Caddyfile', ':80 {\n}\n');
  run('caddy', 'caddy', ['run', '--config', file]);
  await sleep(200);
  const adapts = (json: string) => `[ "$1" = adapt ] && [ "$3" = ${file} ] && echo '${json}'`;
  const answers = (json: string) =>
    `for word; do :; done; [ "$word" = http://localhost:2019/config/ ] && echo '${json}'`;
  const caddy = adapts('{"apps":{"http":{"a":1,"b":[2]}}}');
  expect(told('caddy', { caddy, curl: answers('{"apps":{"http":{"b":[2],"a":1}}}') })).toMatchObject({
    changed: [],
    unknown: [],
  });
  expect(told('caddy', { caddy, curl: answers('{"apps":{"http":{"b":[3],"a":1}}}') }).changed).toHaveLength(
    1,
  );
  expect(told('caddy', { caddy, curl: 'exit 7', wget: 'exit 4' }).unknown.join()).toContain(
    'localhost:2019 does not answer',
  );
  expect(told('caddy', { caddy: 'exit 1' }).unknown.join()).toContain('is not valid');
  expect(told('caddy', { caddy: adapts('{"admin":{"disabled":true}}') }).unknown.join()).toContain('is off');
  put('Caddyfile', ':80 {\n  respond {$GREETING}\n}\n');
  expect(told('caddy', { caddy }).unknown.join()).toContain("Caddy's own environment");
});

test('caddy itself: its answer is that of its file, until the file is another one', async () => {
  const site = (port: number, answer: string) =>
    `{\n  admin localhost:${port}\n  auto_https off\n}\nhttp://localhost:${port + 1} {\n  header X-A b\n  respond ${answer}\n}\n`;
  const port = 20_000 + (process.pid % 20_000);
  const file = put('Caddyfile', site(port, 'one'));
  const child = spawn('caddy', ['run', '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => text.includes('serving initial') && resolve());
    child.on('exit', () => reject(new Error('caddy ended')));
  });
  expect(told('caddy')).toMatchObject({ changed: [], unknown: [] });
  put('Caddyfile', site(port, 'two'));
  expect(told('caddy')).toMatchObject({ changed: ['what its file would make of it'], unknown: [] });
});

test('traefik: its static file counts from its start; what it watches is taken by itself, unless it does not watch', async () => {
  const file = put('traefik.yml', 'providers:\n  file: { directory: /etc/traefik/dynamic }\n');
  run('traefik', 'traefik', [`--configFile=${file}`]);
  await sleep(LATER);
  expect(told('traefik')).toMatchObject({ changed: [], unknown: [] });
  put('traefik.yml', 'providers:\n  file:\n    directory: /etc/traefik/dynamic\n    watch: false\n');
  const late = told('traefik');
  expect(late.changed).toEqual([file]);
  expect(late.unknown.join()).toContain('watch: false');
});

test('a proxy that hangs is not waited for: it is told as not known', async () => {
  const file = put('Caddyfile', ':80\n');
  run('caddy', 'caddy', ['run', '--config', file]);
  await sleep(200);
  const begun = Date.now();
  expect(told('caddy', { caddy: 'exec sleep 60' }).unknown).toEqual([
    'it did not answer within five seconds',
  ]);
  expect(Date.now() - begun).toBeLessThan(20_000);
});

test('an answer of another form passes for nothing', () => {
  for (const text of ['proxy nginx ', 'proxy nginx \nloaded soon', 'proxy caddy web\nrunning {\nadapted {}'])
    expect([text, readLoaded(text)[0]!.unknown.length]).toEqual([text, 1]);
  expect(readLoaded('proxy apache \nloaded 1')).toEqual([]);
  const [one] = readLoaded(
    'proxy nginx shop-proxy-1\nloaded 100\nfile 90 /etc/nginx/nginx.conf\nreplaced /srv/nginx.conf',
  );
  expect(one).toMatchObject({ container: 'shop-proxy-1', changed: [], replaced: ['/srv/nginx.conf'] });
});
