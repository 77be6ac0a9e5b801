import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { defineInspection } from '@deploy-actions/host';
import { readCallers } from '../callers.ts';
import { PROXIES } from './registry.ts';

/** What a server tells of how a proxy in a container looks names up, by the sh that runs there. */

let home: string;
let proxy: ChildProcess | undefined;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'names-')));
});
afterEach(() => {
  proxy?.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function put(name: string, text: string): string {
  const file = join(home, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const ID = 'c'.repeat(64);
const PROGRAM = defineInspection({
  name: 'names',
  parts: PROXIES.map(({ namesPart }) => namesPart),
  parameters: ['proxy_kinds'],
});

/** What is judged of the service `api` where this proxy runs in a container with these programs. */
async function judged(kind: string, words: readonly string[], programs: Record<string, string> = {}) {
  proxy?.kill('SIGKILL');
  const program = join(mkdtempSync(join(home, 'bin-')), kind);
  copyFileSync(realpathSync('/bin/sh'), program);
  proxy = spawn(program, ['-s', '--', ...words], { stdio: ['pipe', 'ignore', 'ignore'] });
  const tools: Record<string, string> = {
    // What is run in the container is run here.
    docker: `case $1 in top) printf 'PID COMMAND\\n${proxy.pid} x\\n' ;; exec) shift 2; exec "$@" ;; *) exit 1 ;; esac`,
    ...programs,
  };
  for (const [name, script] of Object.entries(tools))
    chmodSync(put(`tools/${name}`, `#!/bin/sh\n${script}\n`), 0o755);
  // Its name is seen once it has begun.
  await new Promise((resolve) => proxy!.once('spawn', resolve));
  const { stdout, stderr } = spawnSync('sh', ['-s'], {
    input: `${PROGRAM.parts.map((part) => part.source()).join('')}staging_fields='${home}'\nnames_${kind} '${ID}'\n`,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(home, 'tools')}:${process.env['PATH']}` },
  });
  expect(stderr).toBe('');
  const fields = {
    kinds: 'shop_default open\n',
    there: `shop_default ${ID} shop edge\n`,
    proxies: `container ${kind} ${ID} shop-edge-1\n`,
    'names_shop-edge-1': stdout,
  };
  const names = new Map([['shop_default', ['api']]]);
  return (await readCallers(fields, 'shop', [{ service: 'api', names }])).get('api');
}

const DYNAMIC =
  '{"handler":"reverse_proxy","dynamic_upstreams":{"source":"a","name":"api","refresh":1000000000},"load_balancing":{"try_duration":5000000000}}';
const PLAIN = '{"handler":"reverse_proxy","upstreams":[{"dial":"api:8000"}]}';
const caddy = (version: string, adapted = DYNAMIC) =>
  `case $1 in version) echo '${version}' ;; adapt) echo '{"apps":[${adapted}]}' ;; esac`;

test('a Caddy is judged by its version and by what it goes by, and else by what its file makes', async () => {
  const file = put('Caddyfile', ':80 {\n\treverse_proxy api:8000\n}\n');
  const words = ['run', '--config', file, '--adapter', 'caddyfile'];
  const silent = { curl: 'exit 7', wget: 'exit 4' };
  expect(await judged('caddy', words, { caddy: caddy('v2.11.7 h1:x='), ...silent })).toEqual({ keep: 2 });
  expect(await judged('caddy', words, { caddy: caddy('2.6.2'), ...silent })).toMatchObject({
    why: 'Caddy in the container shop-edge-1: it is Caddy 2.6.2, which does not try a POST again that it could not send: 2.7.5 is the first that does',
  });
  const running = { caddy: caddy('v2.11.7 h1:x='), curl: `echo '{"apps":[${PLAIN}]}'` };
  expect(await judged('caddy', words, running)).toMatchObject({
    why: expect.stringContaining(`\`reverse_proxy api:8000\` (line 2 of ${file}) keeps connections`),
  });
});

test('a Caddy of which nothing can be told does not pass', async () => {
  for (const [words, programs] of [
    [['run'], { caddy: caddy('v2.11.7') }],
    [['run', '--config', put('Caddyfile', '')], { caddy: 'exit 1' }],
  ] as const) {
    expect(await judged('caddy', words, programs)).toMatchObject({
      why: expect.stringContaining('what it goes by cannot be read'),
    });
  }
});

test('a HAProxy is judged by all the files that it was started with', async () => {
  const main = put('haproxy.cfg', 'backend app\n  server one api:8000 resolvers docker\n');
  put('conf.d/resolvers.cfg', 'resolvers docker\n  nameserver dns 127.0.0.11:53\n  hold valid 1s\n');
  const folder = join(home, 'conf.d');
  expect(await judged('haproxy', ['-W', '-db', '-f', folder, '-f', main])).toEqual({ keep: 2 });
  expect(await judged('haproxy', ['-W', '-db', '-f', main])).toMatchObject({
    why: expect.stringContaining('names resolvers that are not there'),
  });
  expect(await judged('haproxy', ['-f', join(home, 'missing.cfg'), '-f', main])).toMatchObject({
    why: expect.stringContaining('cannot be read'),
  });
});
