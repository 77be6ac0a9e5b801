import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '@deploy-actions/kit';
import { type Lab, type LoadReport, openLab, startLoad } from '@deploy-actions/lab';
import type { Color } from '@deploy-actions/ledger';
import { table } from './peers.ts';
import {
  APP,
  ON_HOST,
  PORTS,
  type Place,
  type RunningProxy,
  inContainer,
  listening,
  startApp,
  startCaddy,
  startHaproxy,
  startNginx,
  startTraefik,
} from './switch-rig.ts';

/** Alternating switches of each way, and milliseconds between them; Traefik sees a change every two seconds. */
const SWITCHES = Number(process.env['SWITCHES'] ?? 100);
const EVERY = Number(process.env['SWITCH_EVERY'] ?? 150);
const RATE = Number(process.env['SWITCH_RATE'] ?? 1200);

export interface Count {
  way: string;
  report: LoadReport;
  /** Milliseconds that the command took. */
  commands: number[];
  /** For each switch: how long after the command's return a request was begun that the old colour answered. */
  overlaps: number[];
}

const REQUESTS = [
  { method: 'GET', path: '/version' },
  { method: 'POST', path: '/api/echo', body: 'hello' },
] as const;

/**
 * The public count: 64 keep-alive clients that never retry, GET and POST, 1 % of the requests lasting 1.5 s, and 20
 * WebSockets, while traffic is switched to and fro; for each proxy without a reload, with one, and without a proxy.
 */
export async function count(
  way: string,
  url: string,
  switches: number,
  every: number,
  change: (to: Color) => Promise<void> | void,
  rate = RATE,
): Promise<Count> {
  const load = startLoad({
    url,
    rate,
    clients: 64,
    requests: [...REQUESTS],
    slowShare: 0.01,
    slowMs: 1500,
    webSockets: 20,
  });
  const moments: { begun: number; at: number; to: Color }[] = [];
  const commands: number[] = [];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (let index = 0; index < switches; index += 1) {
    const to: Color = index % 2 === 0 ? 'green' : 'blue';
    const moment = Date.now();
    const begun = performance.now();
    await change(to);
    commands.push(performance.now() - begun);
    moments.push({ begun: moment, at: Date.now(), to });
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  if (switches === 0) await new Promise((resolve) => setTimeout(resolve, 5000));
  const report = await load.stop();
  const records = load.records();
  const overlaps = moments.map(({ at, to }, index) => {
    // A request that was still under way at the next switch may rightly be answered by the next colour.
    const end = moments[index + 1]?.begun ?? Infinity;
    const late = records.filter(
      (one) => one.at > at && one.at + one.tookMs < end && one.version !== undefined && one.version !== to,
    );
    return late.reduce((latest, one) => Math.max(latest, one.at - at), 0);
  });
  return { way, report, commands, overlaps };
}

const share = (values: readonly number[], part: number) => quantile(values, part) ?? 0;

const cutOf = (report: LoadReport) => report.webSockets.filter((one) => one.cutAt !== undefined).length;

/** The ways that the actions use, whenever the proxy has one. */
const RELOAD_FREE = /, (?:flag|map|file)$/;

function row({ way, report, commands, overlaps }: Count): string[] {
  const of = (pattern: RegExp) =>
    Object.entries(report.byFailure).reduce(
      (sum, [reason, times]) => sum + (pattern.test(reason) ? times : 0),
      0,
    );
  return [
    way,
    String(report.sent),
    String(report.failed),
    String(of(/RESET|EPIPE|hang up|socket/i)),
    String(of(/status 5/)),
    String(cutOf(report)),
    share(commands, 0.5).toFixed(1),
    overlaps.length === 0 ? '–' : String(Math.round(share(overlaps, 0.95))),
    overlaps.length === 0 ? '–' : String(Math.round(Math.max(...overlaps))),
    report.p99.toFixed(0),
  ];
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'switch-bench-'));
  chmodSync(folder, 0o755);
  const rows: string[][] = [];
  const broken: string[] = [];
  const note = (one: Count) => {
    rows.push(row(one));
    if (RELOAD_FREE.test(one.way) && one.report.failed + cutOf(one.report) > 0) broken.push(one.way);
    console.log(`  ${one.way}: ${one.report.failed} of ${one.report.sent} failed`);
  };
  const lab = await openLab({ hosts: 1, progress: (line) => console.log(`  ${line}`) });
  const apps = [await startApp(folder, PORTS.blue, 'blue'), await startApp(folder, PORTS.green, 'green')];
  try {
    for (const place of [ON_HOST, inContainer(lab.image, folder, lab.engine.env)]) {
      for (const [program, start] of PROXIES) {
        if (place === ON_HOST && spawnSync(program, ['-v'], { stdio: 'ignore' }).error) {
          console.log(`  ${program} on this machine is left out: it is not installed`);
          continue;
        }
        await countProxy(folder, (at) => start(at, undefined, place), note);
      }
    }
    const { TRAEFIK } = process.env;
    if (TRAEFIK) {
      // It looks at its directory every two seconds.
      const slow = { switches: Math.min(SWITCHES, 20), every: 2500 };
      await countProxy(folder, (at) => startTraefik(at, TRAEFIK), note, slow);
    } else console.log('  Traefik is left out: it has no package; TRAEFIK names its program');
    for (const one of await withoutProxy(lab)) note(one);
    console.log(table(HEAD, rows));
    if (broken.length > 0)
      throw new Error(`a reload-free switch lost requests or WebSockets: ${broken.join('; ')}`);
    console.log('no reload-free switch lost a request or a WebSocket');
  } finally {
    for (const app of apps) app.kill('SIGKILL');
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const PROXIES: [string, (at: string, sticky: string | undefined, place: Place) => Promise<RunningProxy>][] = [
  ['nginx', startNginx],
  ['haproxy', startHaproxy],
  ['caddy', startCaddy],
];

const HEAD = [
  'way',
  'requests',
  'failed',
  'resets',
  '5xx',
  'WebSockets cut',
  'command p50 ms',
  'overlap p95 ms',
  'overlap max ms',
  'p99 ms',
];

/** Each way of a proxy, after a count without any switch. */
async function countProxy(
  folder: string,
  start: (at: string) => Promise<RunningProxy>,
  note: (one: Count) => void,
  pace: { switches: number; every: number } = { switches: SWITCHES, every: EVERY },
): Promise<void> {
  const at = mkdtempSync(join(folder, 'proxy-'));
  chmodSync(at, 0o755);
  const proxy = await start(at);
  const url = `http://127.0.0.1:${PORTS.proxy}`;
  try {
    const name = Object.keys(proxy.ways)[0]!.split(',')[0]!;
    note(await count(`${name}, no switch`, url, 0, 0, () => undefined));
    for (const [way, change] of Object.entries(proxy.ways))
      note(await count(way, url, pace.switches, pace.every, change));
  } finally {
    await proxy.stop();
  }
}

const SHOP = '/srv/deploy/count';

/**
 * What many call a deployment, on a server of the lab: one service behind a published port, which Compose recreates
 * for the other version, or takes down and up.
 */
async function withoutProxy({ host, registry }: Lab): Promise<Count[]> {
  await host.write(`${SHOP}/app.mjs`, APP);
  await host.write(
    `${SHOP}/compose.yaml`,
    `services:
  app:
    image: ${registry.image('shop/api:v1')}
    entrypoint: [node, /app.mjs, '8000', '\${VERSION}', '0.0.0.0']
    ports: ['8080:8000']
    volumes: ['./app.mjs:/app.mjs:ro']
`,
  );
  const compose = (to: string, command: string) =>
    host.sh(`cd ${SHOP} && VERSION=${to} docker compose ${command}`);
  const ways: Record<string, (to: Color) => Promise<unknown>> = {
    'compose up, recreated': (to) => compose(to, 'up --detach --quiet-pull'),
    'compose down and up': async (to) => {
      await compose(to, 'down');
      await compose(to, 'up --detach');
    },
  };
  const counts: Count[] = [];
  for (const [way, change] of Object.entries(ways)) {
    await compose('blue', 'up --detach --quiet-pull');
    await listening(Number(new URL(host.url(8080)).port));
    const switches = Math.min(SWITCHES, 5);
    counts.push(await count(way, host.url(8080), switches, 3000, async (to) => void (await change(to))));
  }
  return counts;
}
