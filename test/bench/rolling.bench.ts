import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { deployed } from '../lab/deploy-rig.ts';
import {
  GATEWAYS,
  type GatewayKind,
  bringCaddy,
  cutEarly,
  rollingCheckout,
  rollingInputs,
} from '../lab/rolling-rig.ts';
import { table } from './peers.ts';
import { median } from './median.ts';

/** Rolling deployments of each way; of those that recreate a few are enough to see what they lose. */
const DEPLOYMENTS = Number(process.env['DEPLOYMENTS'] ?? 20);
const RECREATED = Math.min(DEPLOYMENTS, 5);
/** Requests a second, of all proxies together. */
const RATE = Number(process.env['ROLLING_RATE'] ?? 1200);
/** Seconds that a request may take on a machine that both measures and deploys. */
const PATIENCE = 60;

const KINDS = Object.keys(GATEWAYS) as GatewayKind[];
const TITLES: Readonly<Record<GatewayKind, string>> = { nginx: 'nginx', caddy: 'Caddy', haproxy: 'HAProxy' };

/**
 * The count of the switch, for deployments in place: 64 keep-alive clients that never retry, GET and POST, 1 % of the
 * requests lasting 1.5 s, and 20 WebSockets, shared by three proxies in containers of their own, while the application that
 * they all ask, which ends at once when it is told to, is deployed again and again: one container at a time, and recreated.
 * Throws where rolling lost a request.
 */
export async function run(): Promise<void> {
  const lab = await openLab({ hosts: 1, progress: (line) => console.log(`  ${line}`) });
  const rows: string[][] = [];
  let lost = 0;
  try {
    for (const strategy of ['rolling', 'recreate'] as const) {
      for (const { row, failed } of await count(lab, strategy)) {
        console.log(`  ${row[0]}: ${row[3]} of ${row[2]} failed`);
        rows.push(row);
        if (strategy === 'rolling') lost += failed;
      }
    }
    console.log(`\n${table(HEAD, rows)}`);
    if (lost > 0) throw new Error(`rolling deployments lost ${lost} requests`);
    console.log('no rolling deployment lost a request');
  } finally {
    await lab.close();
  }
}

const HEAD = [
  'way',
  'deployments',
  'requests',
  'failed',
  'a second',
  'WebSockets before their time',
  'seconds each (p50)',
  'p99 ms',
];

interface Counted {
  row: string[];
  failed: number;
}

async function count(lab: Lab, strategy: 'rolling' | 'recreate'): Promise<Counted[]> {
  await lab.host.reset();
  await bringCaddy(lab.host);
  const workspace = rollingCheckout(1, KINDS);
  const deploy = async (index: number) =>
    await deployed(rollingInputs(lab, `v${index}`, { strategy }, '', KINDS), { workspace });
  await deploy(0);
  const loads = KINDS.map((kind) =>
    startLoad({
      url: lab.host.url(GATEWAYS[kind].port),
      rate: RATE / KINDS.length,
      clients: Math.ceil(64 / KINDS.length),
      slowShare: 0.01,
      slowMs: 1500,
      webSockets: Math.ceil(20 / KINDS.length),
      timeoutMs: PATIENCE * 1000,
      maxSeconds: 3600,
    }),
  );
  const seen = async (index: number) =>
    await Promise.all(loads.map((load) => load.seen(`v${index}`, PATIENCE * 1000)));
  await seen(0);
  const seconds: number[] = [];
  const deployments = strategy === 'rolling' ? DEPLOYMENTS : RECREATED;
  for (let index = 1; index <= deployments; index += 1) {
    const begun = performance.now();
    await deploy(index);
    seconds.push((performance.now() - begun) / 1000);
    await seen(index);
  }
  const reports = await Promise.all(loads.map((load) => load.stop()));
  const middle = median(seconds).toFixed(1);
  return reports.map((report, index) => ({
    failed: report.failed,
    row: [
      `${TITLES[KINDS[index]!]}, ${strategy}`,
      String(deployments),
      String(report.sent),
      String(report.failed),
      (report.sent / report.seconds).toFixed(0),
      String(cutEarly(loads[index]!, 'v1')),
      middle,
      report.p99.toFixed(0),
    ],
  }));
}
