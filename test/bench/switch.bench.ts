import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadReport, startLoad } from '@deploy-actions/lab';
import type { Color } from '@deploy-actions/traffic';
import { table } from './peers.ts';
import {
  PORTS,
  type RunningProxy,
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

const share = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;

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
    String(report.webSockets.filter((one) => one.cutAt !== undefined).length),
    share(commands, 0.5).toFixed(1),
    overlaps.length === 0 ? '–' : String(Math.round(share(overlaps, 0.95))),
    overlaps.length === 0 ? '–' : String(Math.round(Math.max(...overlaps))),
    report.p99.toFixed(0),
  ];
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'switch-bench-'));
  spawnSync('chmod', ['0755', folder]);
  const rows: string[][] = [];
  const note = (one: Count) => {
    rows.push(row(one));
    console.log(`  ${one.way}: ${one.report.failed} of ${one.report.sent} failed`);
  };
  const apps = [await startApp(folder, PORTS.blue, 'blue'), await startApp(folder, PORTS.green, 'green')];
  const url = `http://127.0.0.1:${PORTS.proxy}`;
  const proxies: [string, (at: string) => Promise<RunningProxy>][] = [
    ['nginx', startNginx],
    ['haproxy', startHaproxy],
    ['caddy', startCaddy],
  ];
  const { TRAEFIK } = process.env;
  if (TRAEFIK) proxies.push([TRAEFIK, (at) => startTraefik(at, TRAEFIK)]);
  else console.log('  Traefik is left out: it has no package; TRAEFIK names its program');
  try {
    for (const [program, start] of proxies) {
      if (spawnSync(program, ['-v'], { stdio: 'ignore' }).error) {
        console.log(`  ${program} is left out: it is not installed`);
        continue;
      }
      const at = mkdtempSync(join(folder, 'proxy-'));
      spawnSync('chmod', ['0755', at]);
      const proxy = await start(at);
      try {
        const isTraefik = program === TRAEFIK;
        note(
          await count(`${Object.keys(proxy.ways)[0]!.split(',')[0]}, no switch`, url, 0, 0, () => undefined),
        );
        for (const [way, change] of Object.entries(proxy.ways)) {
          note(
            await count(
              way,
              url,
              isTraefik ? Math.min(SWITCHES, 20) : SWITCHES,
              isTraefik ? 2500 : EVERY,
              change,
            ),
          );
        }
      } finally {
        await proxy.stop();
      }
    }
    note(await withoutProxy(folder, apps, 'SIGTERM', 'stop and start on the same port'));
    note(await withoutProxy(folder, apps, 'SIGKILL', 'kill and start on the same port'));
    console.log(
      table(
        [
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
        ],
        rows,
      ),
    );
  } finally {
    for (const app of apps) app.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `compose up` with a new image does without a proxy: the old process ends, then the new one starts. */
async function withoutProxy(
  folder: string,
  apps: Awaited<ReturnType<typeof startApp>>[],
  signal: 'SIGTERM' | 'SIGKILL',
  way: string,
): Promise<Count> {
  return await count(way, `http://127.0.0.1:${PORTS.blue}`, Math.min(SWITCHES, 5), 3000, async (to) => {
    const old = apps[0]!;
    const ended = new Promise((resolve) => old.on('exit', resolve));
    old.kill(signal);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000))]);
    old.kill('SIGKILL');
    apps[0] = await startApp(folder, PORTS.blue, to);
    await listening(PORTS.blue);
  });
}
