import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRoot, node24 } from '@deploy-actions/tooling';
import { USAGE_HOOK, type Usage, installPeers, table } from './peers.ts';
import { median } from './median.ts';

/** Services that become ready, one after the other. */
const TRIALS = 6;
const TARGETS = 1000;
/** Enough that a neighbour's busy moment on the machine is not the median. */
const SWEEPS = 15;

/** The least that the sweep can take with this HTTP client: nothing is expected, named, timed or told. */
const UNDICI_ALONE = `
const { Pool } = require(process.env.UNDICI);
const paths = JSON.parse(process.env.URLS).map((url) => new URL(url));
const started = performance.now();
const pool = new Pool(paths[0].origin, { connections: 64, pipelining: 1 });
Promise.all(
  paths.map(async ({ pathname }) => {
    const { statusCode, body } = await pool.request({ method: 'GET', path: pathname });
    await body.dump();
    if (statusCode !== 200) throw new Error('status ' + statusCode);
  }),
).then(() => {
  console.log('elapsed-ms::' + Math.round(performance.now() - started));
  process.exit();
});
`;

interface Way {
  title: string;
  argv: (urls: string[]) => string[];
  env?: (urls: string[]) => Record<string, string>;
}

/**
 * From the moment a service is ready to the moment it is seen, side by side: health-wait's bundle, wait-on, and
 * the usual loop of curl and `sleep 5`. Then 1,000 targets that are all ready: wall time, CPU and memory.
 */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'health-bench-'));
  const hook = join(folder, 'usage.cjs');
  writeFileSync(hook, USAGE_HOOK);
  const node = node24();
  const bundle = join(findRoot(), 'dist/health-wait/index.js');
  const peers = installPeers({ 'wait-on': '^9' });
  const ours: Way = {
    title: 'health-wait',
    argv: () => [node, '--require', hook, bundle],
    env: (urls) => ({
      INPUT_TARGETS: urls.join('\n'),
      INPUT_TIMEOUT: '60s',
      RUNNER_TEMP: folder,
    }),
  };
  const waitOn: Way = {
    title: 'wait-on',
    argv: (urls) => {
      const config = join(folder, 'wait-on.json');
      writeFileSync(
        config,
        JSON.stringify({ resources: urls.map((url) => url.replace('http:', 'http-get:')), timeout: 60_000 }),
      );
      return [node, '--require', hook, join(peers!, 'node_modules/wait-on/bin/wait-on'), '--config', config];
    },
  };
  const curlLoop: Way = {
    title: 'curl, sleep 5',
    argv: ([url]) => [
      'sh',
      '-c',
      'until curl -fsS -o /dev/null "$1" 2>/dev/null; do sleep 5; done',
      'sh',
      url!,
    ],
  };
  const bare: Way = {
    title: 'undici alone',
    argv: () => [node, '--require', hook, '-e', UNDICI_ALONE],
    env: (urls) => ({ URLS: JSON.stringify(urls), UNDICI: join(findRoot(), 'node_modules/undici') }),
  };
  const ways = [ours, ...(peers ? [waitOn] : []), curlLoop];
  if (!peers) console.log('wait-on could not be installed: left out');
  try {
    await detection(ways, folder);
    await manyTargets([ours, bare, ...(peers ? [waitOn] : [])], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function detection(ways: Way[], folder: string): Promise<void> {
  const late = new Map(ways.map((way) => [way, [] as number[]]));
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const port = await freePort();
    const seen = ways.map(async (way) => {
      await finished(start(way, [`http://127.0.0.1:${port}/`], folder));
      return performance.now();
    });
    // Long after every program is up, at a moment that none of them can guess.
    await new Promise((done) => setTimeout(done, 2500 + Math.random() * 2500));
    const server = await listen(port);
    const ready = performance.now();
    for (const [index, at] of (await Promise.all(seen)).entries()) late.get(ways[index]!)!.push(at - ready);
    await close(server);
  }
  const base = median(late.get(ways[0]!)!);
  console.log(`\nready to seen, end of the process included, ${TRIALS} services`);
  console.log(
    table(
      ['', 'median', 'slowest', 'ratio'],
      ways.map((way) => {
        const times = late.get(way)!;
        return [
          way.title,
          `${median(times).toFixed(0)} ms`,
          `${Math.max(...times).toFixed(0)} ms`,
          `${(median(times) / base).toFixed(1)} x`,
        ];
      }),
    ),
  );
  console.log('aim: interval (250 ms) + 100 ms');
}

interface Seen {
  /** Milliseconds of the whole process. */
  times: number[];
  /** Milliseconds of the sweep, where the program tells. */
  sweeps: number[];
  usages: Usage[];
}

async function manyTargets(ways: Way[], folder: string): Promise<void> {
  // A process of its own, so that its work is not on the same thread as the clock here.
  const server = spawn(
    node24(),
    [
      '-e',
      "require('http').createServer((q,r)=>r.end('ok')).listen(0,'127.0.0.1',function(){console.log(this.address().port)})",
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const port = await new Promise<number>((done) =>
    server.stdout!.once('data', (data: Buffer) => done(Number(data.toString()))),
  );
  const urls = Array.from({ length: TARGETS }, (_, index) => `http://127.0.0.1:${port}/${index}`);
  try {
    const seen = new Map(ways.map((way) => [way, { times: [], sweeps: [], usages: [] } as Seen]));
    for (let round = 0; round < SWEEPS; round += 1) {
      for (const [way, { times, sweeps, usages }] of seen) {
        const usage = join(folder, 'usage.json');
        const started = performance.now();
        const child = start(way, urls, folder, usage);
        let log = '';
        child.stdout?.on('data', (data: Buffer) => (log += data.toString()));
        await finished(child);
        times.push(performance.now() - started);
        usages.push(JSON.parse(readFileSync(usage, 'utf8')) as Usage);
        const sweep = /elapsed-ms(?:::|=)?(\d+)/.exec(log)?.[1];
        if (sweep !== undefined) sweeps.push(Number(sweep));
      }
    }
    const base = median(seen.get(ways[0]!)!.times);
    const rows = [...seen].map(([way, { times, sweeps, usages }]) => [
      way.title,
      `${median(times).toFixed(0)} ms`,
      sweeps.length > 0 ? `${median(sweeps).toFixed(0)} ms` : '',
      `${median(usages.map(({ cpuMs }) => cpuMs)).toFixed(0)} ms`,
      `${median(usages.map(({ rssMb }) => rssMb)).toFixed(0)} MB`,
      `${(median(times) / base).toFixed(1)} x`,
    ]);
    console.log(`\n${TARGETS} targets, all ready, ${SWEEPS} rounds in turn`);
    console.log(table(['', 'whole process', 'the sweep', 'CPU', 'memory', 'ratio'], rows));
    console.log('aim: a sweep of at most 300 ms and 110 MB');
  } finally {
    server.kill();
  }
}

function start(way: Way, urls: string[], folder: string, usage = ''): ChildProcess {
  const [program, ...args] = way.argv(urls) as [string, ...string[]];
  return spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: folder, USAGE_FILE: usage, ...way.env?.(urls) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function finished(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${child.spawnargs.slice(0, 4).join(' ')} ended with ${String(code)}`);
}

async function freePort(): Promise<number> {
  const server = await listen(0);
  const { port } = server.address() as AddressInfo;
  await close(server);
  return port;
}

async function listen(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return server;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
