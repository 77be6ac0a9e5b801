import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, type LoadReport, joinCluster, openLab, startLoad } from '@deploy-actions/lab';
import { deploy, deployInputs, deployed } from '../lab/deploy-rig.ts';
import { GATEWAYS, type GatewayKind } from '../lab/rolling-rig.ts';
import { SMALL_APP } from '../lab/small-app.ts';
import { running, startGateways } from '../lab/swarm-gateways.ts';
import { table } from './peers.ts';

/** Rolling deployments that are counted. */
const DEPLOYMENTS = Number(process.env['DEPLOYMENTS'] ?? 5);
/** Requests a second, of all proxies together. */
const RATE = Number(process.env['SWARM_RATE'] ?? 400);
/** Seconds that a request may take on a machine that both measures and deploys. */
const PATIENCE = 30;
const KINDS = Object.keys(GATEWAYS) as GatewayKind[];
const TITLES: Readonly<Record<GatewayKind, string>> = { nginx: 'nginx', caddy: 'Caddy', haproxy: 'HAProxy' };

/** The application: three tasks, and a network that the proxies are on too. By hand an image is named by its tag, as people do. */
const service = (more: { image: string; mount: string; update: string }) => `  api:
    image: ${more.image}
    entrypoint: [node, /app.mjs]
    init: true
    environment: { APP_VERSION: '\${TAG}', APP_FAULT: '\${FAULT}', PORT: '8000', READY_AFTER: '1500' }
    volumes: ['${more.mount}:/app.mjs:ro']
    networks: [edge]
    stop_grace_period: 15s
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8000/']
      interval: 1s
      retries: 3
      start_period: 5s
      start_interval: 300ms
    deploy:
      endpoint_mode: dnsrr
      replicas: 3${more.update}
networks: { edge: { external: true } }
`;

interface Row {
  what: string;
  reports: LoadReport[];
  came: string;
}

/**
 * Three servers that are one swarm, and proxies in containers of the first one, on the overlay of the application: keep-alive
 * clients that never retry, GET and POST, 1 % of the requests lasting 1.5 s, while the application is deployed, a node is
 * drained and one is killed; beside it the same by \`docker stack deploy\`. Throws where a rolling deployment lost a request.
 */
export async function countRequests(): Promise<void> {
  const lab = await openLab({ hosts: 3, progress: (line) => console.log(`  ${line}`) });
  const rows: Row[] = [];
  try {
    await joinCluster(lab.hosts);
    await lab.host.sh('docker network create --driver overlay --attachable edge');
    const workspace = mkdtempSync(join(tmpdir(), 'swarm-bench-'));
    writeFileSync(join(workspace, 'app.mjs'), SMALL_APP);
    writeFileSync(
      join(workspace, 'compose.yaml'),
      `name: shop\nservices:\n${service({ image: '${REGISTRY}/shop/api@${API}', mount: './app.mjs', update: '' })}`,
    );
    const api = await lab.registry.digest('shop/api:v1');
    const inputs = (tag: string, fault = '') =>
      deployInputs(
        lab,
        tag,
        {
          engine: 'swarm',
          files: 'app.mjs',
          migrate: '',
          'migration-state': '',
          env: `REGISTRY=${lab.registry.address}\nAPI=${api}\nTAG=${tag}\nFAULT=${fault}\n`,
        },
        lab.hosts,
      );
    const up = async (tag: string) => await deployed(inputs(tag), { workspace });
    await up('v0');
    await startGateways(lab, KINDS);
    const row = async (what: string, work: () => Promise<string>, now: string) => {
      rows.push(await counted(lab, what, now, work));
      console.log(`  ${lineOf(rows.at(-1)!).join('  ')}`);
      for (const [index, { failures }] of rows.at(-1)!.reports.entries())
        for (const { at, method, path, failure, tookMs } of failures.slice(0, 5))
          console.log(
            `    ${TITLES[KINDS[index]!]}: ${new Date(at).toISOString()} ${method} ${path} ${failure}, after ${tookMs.toFixed(0)} ms`,
          );
      if (rows.at(-1)!.reports[KINDS.indexOf('haproxy')]!.failed > 0)
        console.log(await lab.host.sh('docker logs --tail 20 edge-haproxy 2>&1'));
    };

    await row(
      `deployed ${DEPLOYMENTS} times`,
      async () => {
        for (let index = 1; index <= DEPLOYMENTS; index += 1) await up(`v${index}`);
        return 'succeeded';
      },
      'v0',
    );
    const last = `v${DEPLOYMENTS}`;
    await row(
      'a version that never gets healthy',
      async () => String((await deploy(inputs('bad', 'sick'), { workspace })).outputs['outcome']),
      last,
    );
    await row(
      'a node drained',
      async () => {
        await lab.host.sh('docker node update --availability drain h3');
        await running(lab.host, 'shop_api', ['h1', 'h2']);
        return 'moved';
      },
      last,
    );
    await lab.host.sh('docker node update --availability active h3');
    const gone = async (stack: string) =>
      await lab.host.sh(
        `docker stack rm ${stack}; while docker ps | grep -q ${stack}_api; do sleep 0.2; done`,
      );
    await gone('shop');
    await byHand(lab, row);
    await gone('hand');
    await up('again');
    await row('a node killed', async () => await killed(lab), 'again');
  } finally {
    console.log(
      `\n${table(['what', 'came to', ...KINDS.map((kind) => TITLES[kind]), 'p99 ms'], rows.map(lineOf))}`,
    );
    await lab.close();
  }
  const lost = rows[0]!.reports.reduce((sum, { failed }) => sum + failed, 0);
  if (lost > 0) throw new Error(`rolling deployments to a swarm lost ${lost} requests`);
}

const lineOf = ({ what, came, reports }: Row): string[] => [
  what,
  came,
  ...reports.map(({ failed, sent }) => `${failed} of ${sent}`),
  Math.max(...reports.map(({ p99 }) => p99)).toFixed(0),
];

async function counted(lab: Lab, what: string, now: string, work: () => Promise<string>): Promise<Row> {
  const loads = KINDS.map((kind) =>
    startLoad({
      url: lab.host.url(GATEWAYS[kind].port),
      rate: RATE / KINDS.length,
      clients: 12,
      slowShare: 0.01,
      slowMs: 1500,
      timeoutMs: PATIENCE * 1000,
      maxSeconds: 3600,
    }),
  );
  try {
    await Promise.all(loads.map((load) => load.seen(now, PATIENCE * 1000)));
    const came = await work();
    // What the change does to idle connections comes a little later.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    return { what, came, reports: await Promise.all(loads.map((load) => load.stop())) };
  } catch (error) {
    await Promise.all(loads.map((load) => load.stop()));
    throw error;
  }
}

/** The power of a node goes; answers how long it took until all tasks ran elsewhere. */
async function killed(lab: Lab): Promise<string> {
  const [, , victim] = lab.hosts;
  const there = await lab.host.sh(
    "docker service ps --filter desired-state=running --format '{{.Node}}' shop_api | grep -c h3 || :",
  );
  const began = Date.now();
  await lab.engine.docker(['kill', victim!.container]);
  await running(lab.host, 'shop_api', ['h1', 'h2']);
  return `${there.trim()} of 3 tasks lost, whole again in ${Math.round((Date.now() - began) / 1000)} s`;
}

/** The same by a person's stack file: as Docker's defaults are, and with what its manual says about updates. */
async function byHand(
  lab: Lab,
  row: (what: string, work: () => Promise<string>, now: string) => Promise<void>,
): Promise<void> {
  const update = `
      update_config: { order: start-first, failure_action: rollback }`;
  for (const host of lab.hosts) await host.write('/srv/edge/app.mjs', SMALL_APP);
  const write = async (more: string) =>
    await lab.host.write(
      '/srv/edge/stack.yaml',
      `version: '3.8'\nservices:\n${service({ image: lab.registry.image('shop/api:v1'), mount: '/srv/edge/app.mjs', update: more })}`.replace(
        /\n {6}start_interval: .*/,
        '',
      ),
    );
  /** Answers its exit code: 124 where it does not come back within three minutes. */
  const hand = async (tag: string, fault: string, options: string) => {
    const { code } = await lab.host.exec(
      ['sh', '-c', `timeout 180 docker stack deploy ${options} --compose-file /srv/edge/stack.yaml hand`],
      { env: { TAG: tag, FAULT: fault }, timeoutMs: 200_000 },
    );
    return `exit code ${code}`;
  };
  /** As long as an update of three tasks takes, or is given up. */
  const settled = async () =>
    await lab.host.sh(
      `for i in $(seq 240); do
         case $(docker service inspect --format '{{with .UpdateStatus}}{{.State}}{{end}}' hand_api) in updating | rollback_started) sleep 0.5 ;; *) exit 0 ;; esac
       done`,
      { timeoutMs: 180_000 },
    );
  await write('');
  await hand('by-hand', '', '');
  await running(lab.host, 'hand_api', ['h1', 'h2', 'h3']);
  await row(
    'docker stack deploy, its defaults',
    async () => {
      const code = await hand('by-hand-2', '', '');
      await settled();
      return code;
    },
    'by-hand',
  );
  await row(
    '… a version that never gets healthy',
    async () => {
      const code = await hand('bad', 'sick', '');
      await settled();
      return code;
    },
    'by-hand-2',
  );
  await write(update);
  await hand('by-hand-3', '', '--detach=false');
  await row(
    '… with start-first, rollback and --detach=false',
    async () => await hand('by-hand-4', '', '--detach=false'),
    'by-hand-3',
  );
  await row(
    '… and a version that never gets healthy',
    async () => await hand('bad', 'sick', '--detach=false'),
    'by-hand-4',
  );
}
