import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRoot, node24 } from '@deploy-actions/tooling';
import { USAGE_HOOK, type Usage, installPeers, table } from './peers.ts';
import { median } from './median.ts';

const REQUESTS = 1000;
const ROUNDS = 3;

interface Way {
  title: string;
  argv: string[];
  env: Record<string, string>;
}

/**
 * The same 1,000 requests, each with its status and one JSON value checked, side by side: smoke-run's bundle (one
 * at a time, then eight), newman, and hurl where it is installed. Seconds, ratio, CPU and memory.
 */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'smoke-bench-'));
  const hook = join(folder, 'usage.cjs');
  writeFileSync(hook, USAGE_HOOK);
  const node = node24();
  const server = spawn(
    node,
    [
      '-e',
      "require('http').createServer((q,r)=>{r.setHeader('content-type','application/json');r.end('{\"status\":\"ok\"}')}).listen(0,'127.0.0.1',function(){console.log(this.address().port)})",
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await new Promise<number>((done) =>
    server.stdout!.once('data', (data: Buffer) => done(Number(data.toString()))),
  );
  const base = `http://127.0.0.1:${port}`;
  const numbers = Array.from({ length: REQUESTS }, (_, index) => index);
  const bundle = join(findRoot(), 'dist/smoke-run/index.js');
  const ours = (concurrency: number): Way => ({
    title: `smoke-run, ${concurrency} at a time`,
    argv: [node, '--require', hook, bundle],
    env: {
      'INPUT_BASE-URL': base,
      INPUT_CONCURRENCY: String(concurrency),
      INPUT_CHECKS: `- name: 'n {{n}}'\n  matrix: { n: [${numbers.join(', ')}] }\n  request: GET /items/{{n}}\n  expect: { status: 200, jsonpath: { $.status: ok } }\n`,
      RUNNER_TEMP: folder,
    },
  });
  const ways: Way[] = [ours(1), ours(8)];
  const peers = installPeers({ newman: '^6' });
  if (peers) {
    const collection = join(folder, 'collection.json');
    writeFileSync(collection, JSON.stringify(postman(base)));
    ways.push({
      title: 'newman',
      argv: [
        node,
        '--require',
        hook,
        join(peers, 'node_modules/newman/bin/newman.js'),
        'run',
        collection,
        '--silent',
      ],
      env: {},
    });
  } else console.log('newman could not be installed: left out');
  if (spawnSync('hurl', ['--version']).status === 0) {
    const file = join(folder, 'bench.hurl');
    writeFileSync(
      file,
      numbers
        .map((n) => `GET ${base}/items/${n}\nHTTP 200\n[Asserts]\njsonpath "$.status" == "ok"\n`)
        .join('\n'),
    );
    ways.push({ title: 'hurl', argv: ['hurl', '--test', file], env: {} });
  } else console.log('hurl is not installed: left out');
  try {
    const rows: string[][] = [];
    let first: number | undefined;
    for (const way of ways) {
      const times: number[] = [];
      const usages: Usage[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const usage = join(folder, 'usage.json');
        writeFileSync(usage, 'null');
        times.push(await timed(way, usage, folder));
        const used = JSON.parse(readFileSync(usage, 'utf8')) as Usage | null;
        if (used) usages.push(used);
      }
      first ??= median(times);
      rows.push([
        way.title,
        `${(median(times) / 1000).toFixed(2)} s`,
        `${(median(times) / first).toFixed(1)} x`,
        usages.length > 0 ? `${(median(usages.map(({ cpuMs }) => cpuMs)) / 1000).toFixed(2)} s` : '',
        usages.length > 0 ? `${median(usages.map(({ rssMb }) => rssMb)).toFixed(0)} MB` : '',
      ]);
    }
    console.log(`\n${REQUESTS} requests, whole process, median of ${ROUNDS}`);
    console.log(table(['', 'seconds', 'ratio', 'CPU', 'memory'], rows));
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(way: Way, usage: string, folder: string): Promise<number> {
  const started = performance.now();
  const [program, ...args] = way.argv as [string, ...string[]];
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: folder, USAGE_FILE: usage, ...way.env },
    stdio: 'ignore',
  });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${way.title} ended with ${String(code)}`);
  return performance.now() - started;
}

function postman(base: string): object {
  const script =
    'pm.test("ok", () => { pm.response.to.have.status(200); pm.expect(pm.response.json().status).to.eql("ok"); });';
  return {
    info: { name: 'bench', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item: Array.from({ length: REQUESTS }, (_, index) => ({
      name: `n ${index}`,
      request: { method: 'GET', url: `${base}/items/${index}` },
      event: [{ listen: 'test', script: { exec: [script] } }],
    })),
  };
}
