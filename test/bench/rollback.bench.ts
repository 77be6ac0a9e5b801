import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type Lab, SAMPLE_APP, openLab, startLoad } from '@deploy-actions/lab';
import { startBundle } from '@deploy-actions/tooling';
import { SITES, colorUp, mustStep, prepareColors, serverInputs, startProxy } from '../lab/color-rig.ts';
import { table } from './peers.ts';
import { median } from './median.ts';

const ROUNDS = 5;
const PATH = '/srv/deploy/shop';

/**
 * From the start of the step's process until the version before answers alone: while the old colour is warm, seen by a
 * client that keeps asking; and cold, when the recorded release is brought up again with the registry blocked, beside
 * the time that its containers took to become healthy, and beside `docker compose up --wait` by hand.
 */
export async function run(): Promise<void> {
  const lab = await openLab({ hosts: 0, registry: 'plain', progress: (line) => console.log(`  ${line}`) });
  try {
    const [first, second] = [await lab.addHost({ sudo: true }), await lab.addHost()];
    const warm = await warmTimes(lab, first);
    // Its health checks must not take the processor of what follows.
    await first.sh('docker ps --quiet | xargs -r docker pause');
    const cold = await coldTimes(lab, second);
    const byHand = median(cold.map((one) => one.byHand));
    const health = median(cold.map((one) => one.health));
    const ours = median(cold.map((one) => one.ours));
    const row = (title: string, value: number, note: string) => [
      title,
      `${(value / 1000).toFixed(2)} s`,
      `${(value / byHand).toFixed(2)} x`,
      note,
    ];
    console.log(
      `\n${table(
        ['', 'median', 'ratio', ''],
        [
          row(
            'rollback, warm',
            median(warm),
            `all traffic back; slowest ${(Math.max(...warm) / 1000).toFixed(2)} s`,
          ),
          row('rollback, cold', ours, 'end of the step; the registry is blocked'),
          row('  of this until healthy', health, 'from the first new container to the last healthy one'),
          row('compose up --wait', byHand, 'by hand on the server, images there'),
        ],
      )}`,
    );
    console.log('aims: warm at most 2 s; cold at most 5 s over the time until healthy');
  } finally {
    await lab.close();
  }
}

async function warmTimes(lab: Lab, host: Host): Promise<number[]> {
  await prepareColors(host);
  await colorUp(lab, host, 'blue', { version: 'v1' });
  await colorUp(lab, host, 'green', { version: 'v2' });
  await startProxy(host, 'nginx');
  const inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITES.nginx.file });
  const load = startLoad({ url: host.url(8080), rate: 200 });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const runId = String(100 + round);
    await mustStep('blue-green-switch', { ...inputs, to: 'green' }, { runId });
    await load.seen('v2');
    const started = Date.now();
    await mustStep('rollback', serverInputs(lab, [host]), { runId });
    await load.seen('v1');
    const last = load
      .records()
      .filter((one) => one.version === 'v2')
      .at(-1)!;
    times.push(last.at - started);
    console.log(`  warm: ${last.at - started} ms`);
  }
  const { failed } = await load.stop();
  if (failed > 0) throw new Error(`${failed} requests failed during the warm rollbacks`);
  return times;
}

interface Cold {
  ours: number;
  health: number;
  byHand: number;
}

async function coldTimes(lab: Lab, host: Host): Promise<Cold[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-bench-'));
  const { registry } = lab;
  try {
    for (const tag of ['bench-0', 'bench-1']) {
      for (const name of ['shop/api', 'shop/web'])
        await registry.publish({
          from: `${name}:v1`,
          to: `${name}:${tag}`,
          env: { APP_VERSION: tag, APP_SCHEMA: '0' },
        });
    }
    // Without what has no health check: that takes ours 4 s more, and by hand nobody waits for it.
    const compose = readFileSync(join(SAMPLE_APP, 'compose.yaml'), 'utf8').replace(
      /^ {2}(?:worker|scheduler):\n(?: {4}.*\n)+\n/gm,
      '',
    );
    writeFileSync(join(folder, 'compose.yaml'), compose);
    writeFileSync(join(folder, 'nginx.conf'), readFileSync(join(SAMPLE_APP, 'nginx.conf')));
    const server = {
      host: `deploy@127.0.0.1:${host.sshPort}`,
      'ssh-key': lab.key.privateKey,
      'known-hosts': host.knownHosts(),
      path: PATH,
    };
    const must = async (action: 'ssh-compose-deploy' | 'rollback', inputs: Record<string, string>) => {
      const { exitCode, shown } = await startBundle({
        action,
        workspace: folder,
        tree: process.env['DEPLOY_ACTIONS_TREE'],
        inputs: { ...server, ...inputs },
      }).done;
      if (exitCode !== 0) throw new Error(shown);
    };
    const deploy = (tag: string) =>
      must('ssh-compose-deploy', {
        env: `REGISTRY=${registry.address}\nTAG=${tag}\nPOSTGRES_PASSWORD=correct-horse-battery\n`,
        files: 'nginx.conf',
        version: tag,
      });
    const times: Cold[] = [];
    await deploy('bench-0');
    for (let round = 0; round < ROUNDS; round += 1) {
      await deploy('bench-1');
      await registry.pause();
      const started = performance.now();
      await must('rollback', { project: 'shop', to: 'bench-0' });
      const ours = performance.now() - started;
      const health = await healthTime(host);
      await registry.unpause();
      const answer = (await (await fetch(`${host.url(8080)}/version`)).json()) as { version: string };
      if (answer.version !== 'bench-0') throw new Error(`${answer.version} serves after the rollback`);
      const byHand = await recreateByHand(host);
      times.push({ ours, health, byHand });
      console.log(
        `  cold: ${ours.toFixed(0)} ms, of it ${health} ms until healthy; by hand ${byHand.toFixed(0)} ms`,
      );
    }
    return times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from the creation of the first new container to the first good health check of the last one. */
async function healthTime(host: Host): Promise<number> {
  const text = await host.sh(`docker inspect --format '{{json .}}' shop-api-1 shop-web-1`);
  const containers = text
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          Created: string;
          State: { Health: { Log: { End: string; ExitCode: number }[] } };
        },
    );
  const created = Math.min(...containers.map((one) => Date.parse(one.Created)));
  const healthy = containers.map((one) =>
    Date.parse(one.State.Health.Log.find(({ ExitCode }) => ExitCode === 0)!.End),
  );
  return Math.max(...healthy) - created;
}

/** The same two services made anew by Compose, from the release's own file. */
async function recreateByHand(host: Host): Promise<number> {
  const started = performance.now();
  await host.sh(
    `cd ${PATH} && docker compose --project-name shop --project-directory ${PATH} --file current/compose.json up --detach --wait --force-recreate --no-deps --pull never api web 2>&1`,
  );
  return performance.now() - started;
}
