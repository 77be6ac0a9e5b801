import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '@deploy-actions/kit';
import { type BundleResult, debianProgram, runBundle } from '@deploy-actions/tooling';
import { type TinyServer, serveHttp } from '../support/server.ts';

// stability-watch's bundle against a real Prometheus, which scrapes a service's page once a second.

let prometheus: ChildProcess;
let folder: string;
let shop: TinyServer;
let address: string;
/** Errors that the service counts between two scrapes. */
let perScrape = 0;
let errors = 0;

beforeAll(async () => {
  const tool = await debianProgram('prometheus', 'prometheus', console.log);
  if ('reason' in tool) throw new Error(tool.reason);
  shop = await serveHttp((_request, response) => {
    errors += perScrape;
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(
      `# TYPE shop_errors_total counter\nshop_errors_total{path="/api/\\"jobs\\""} ${errors}\n# TYPE shop_queue gauge\nshop_queue NaN\n`,
    );
  });
  folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n  - job_name: shop\n    static_configs: [{ targets: ['127.0.0.1:${shop.port}'] }]\n`,
  );
  const { port, close } = await serveHttp(() => {});
  await close();
  address = `http://127.0.0.1:${port}`;
  prometheus = spawn(
    tool.path,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  // A rate needs several scrapes.
  const until = Date.now() + 120_000;
  while (!((await scrapes()) >= 5)) {
    if (Date.now() > until) throw new Error('Prometheus did not scrape the service');
    await systemClock.sleep(200);
  }
}, 900_000);

/** How often the service was scraped by now; NaN before the first time. */
async function scrapes(): Promise<number> {
  try {
    const answer = await fetch(`${address}/api/v1/query?query=count_over_time(shop_errors_total[1h])`);
    const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
    return Number(data?.result[0]?.value[1]);
  } catch {
    return NaN;
  }
}

async function watch(metrics: string, more: Record<string, string> = {}): Promise<BundleResult> {
  return await runBundle({
    action: 'stability-watch',
    inputs: { metrics, 'prometheus-url': address, duration: '6s', interval: '2s', ...more },
    ...(process.env['DEPLOY_ACTIONS_TREE'] ? { tree: process.env['DEPLOY_ACTIONS_TREE'] } : {}),
  });
}

const RATE = 'sum(rate(shop_errors_total{path=~".*jobs.*"}[5s])) < 0.5';

test('a rate that holds is stable, by PromQL and by the page that is scraped', async () => {
  const page = `${shop.url}/metrics shop_errors_total{path="/api/\\"jobs\\""} < 1`;
  const { exitCode, outputs, log } = await watch(`${RATE}\nup{job="shop"} == 1\n${page}`);
  expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
  expect(outputs['stable']).toBe('true');
});

test('no such series, a gauge that is NaN and a server that is not there are no data', async () => {
  for (const [metrics, more] of [
    ['sum(rate(other_total[5s])) < 1', {}],
    ['shop_queue <= 100', {}],
    [RATE, { 'prometheus-url': 'http://127.0.0.1:1' }],
    [RATE, { 'prometheus-url': shop.url }],
  ] as const) {
    const { exitCode, outputs } = await watch(metrics, { duration: '2s', ...more });
    expect([metrics, exitCode, outputs['reason']]).toEqual([metrics, 1, expect.stringContaining('no data')]);
  }
}, 60_000);

test('an expression that Prometheus refuses, and one that gives no number, are mistakes in the workflow', async () => {
  const refused = await watch('sum(rate(shop_errors_total)) < 1');
  expect([refused.exitCode, refused.log]).toEqual([1, expect.stringContaining('Prometheus refuses')]);
  const matrix = await watch('shop_errors_total[5s] < 1');
  expect([matrix.exitCode, matrix.log]).toEqual([1, expect.stringContaining('gives a matrix, not a number')]);
});

test('errors that begin are found by their rate while it watches', async () => {
  const watching = watch(RATE, { duration: '60s' });
  perScrape = 5;
  const { exitCode, outputs } = await watching;
  expect(exitCode).toBe(1);
  expect(outputs['reason']).toMatch(/< 0\.5 does not hold: it is \d/);
  expect(Number(outputs['elapsed-ms'])).toBeLessThan(30_000);
}, 90_000);

afterAll(async () => {
  if (prometheus && prometheus.exitCode === null) {
    prometheus.kill();
    await once(prometheus, 'exit');
  }
  await shop?.close();
  rmSync(folder, { recursive: true, force: true });
});
