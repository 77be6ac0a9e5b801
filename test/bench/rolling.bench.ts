import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { deployed } from '../lab/deploy-rig.ts';
import { rollingCheckout, rollingInputs } from '../lab/rolling-rig.ts';
import { table } from './peers.ts';
import { median } from './median.ts';

/** Rolling deployments of each way; of those that recreate a few are enough to see what they lose. */
const DEPLOYMENTS = Number(process.env['DEPLOYMENTS'] ?? 20);
const RECREATED = Math.min(DEPLOYMENTS, 5);
const RATE = Number(process.env['ROLLING_RATE'] ?? 1200);
/** Seconds that a request may take on a machine that both measures and deploys. */
const PATIENCE = 60;

/**
 * The count of the switch, for deployments in place: 64 keep-alive clients that never retry, GET and POST, 1 % of the
 * requests lasting 1.5 s, and 20 WebSockets, while an application that ends at once when it is told to is deployed again
 * and again behind nginx in a container; one container at a time, and recreated. Throws where rolling lost a request.
 */
export async function run(): Promise<void> {
  const lab = await openLab({ hosts: 1, progress: (line) => console.log(`  ${line}`) });
  const rows: string[][] = [];
  let lost = 0;
  try {
    for (const strategy of ['rolling', 'recreate'] as const) {
      const { row, failed } = await count(lab, strategy);
      console.log(`  ${row[0]}: ${row[3]} of ${row[2]} failed`);
      rows.push(row);
      if (strategy === 'rolling') lost += failed;
    }
    console.log(`\n${table(HEAD, rows)}`);
    if (lost > 0) throw new Error(`rolling deployments lost ${lost} requests`);
    console.log('no rolling deployment lost a request');
  } finally {
    await lab.close();
  }
}

const HEAD = ['way', 'deployments', 'requests', 'failed', 'WebSockets cut', 'seconds each (p50)', 'p99 ms'];

async function count(lab: Lab, strategy: 'rolling' | 'recreate'): Promise<{ row: string[]; failed: number }> {
  await lab.host.reset();
  const workspace = rollingCheckout();
  const more = { strategy, 'drain-timeout': '10s' };
  await deployed(rollingInputs(lab, 'v0', more), { workspace });
  const load = startLoad({
    url: lab.host.url(8080),
    rate: RATE,
    clients: 64,
    slowShare: 0.01,
    slowMs: 1500,
    webSockets: 20,
    timeoutMs: PATIENCE * 1000,
    maxSeconds: 3600,
  });
  await load.seen('v0', PATIENCE * 1000);
  const seconds: number[] = [];
  const deployments = strategy === 'rolling' ? DEPLOYMENTS : RECREATED;
  for (let index = 1; index <= deployments; index += 1) {
    const begun = performance.now();
    await deployed(rollingInputs(lab, `v${index}`, more), { workspace });
    seconds.push((performance.now() - begun) / 1000);
    await load.seen(`v${index}`, PATIENCE * 1000);
  }
  const report = await load.stop();
  const cut = report.webSockets.filter(({ cutAt }) => cutAt !== undefined);
  const middle = median(seconds);
  return {
    failed: report.failed,
    row: [
      `nginx in a container, ${strategy}`,
      String(deployments),
      String(report.sent),
      String(report.failed),
      String(cut.length),
      middle.toFixed(1),
      report.p99.toFixed(0),
    ],
  };
}
