import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type Lab, joinCluster, leaveCluster, openLab } from '@deploy-actions/lab';
import { deployInputs, deployed } from '../lab/deploy-rig.ts';
import { table } from './peers.ts';
import { type SshCounts, sshCounts } from './ssh-counts.ts';

/** Sizes of the swarm, one after the other; `SWARM_NODES="3"` measures one of them. */
const NODES = (process.env['SWARM_NODES'] ?? '1 3 5').split(' ').map(Number);
const SERVICES = [1, 10, 30];

interface Cost extends SshCounts {
  seconds: number;
}

/**
 * What a deployment costs as a swarm grows: seconds, connections and commands over SSH, for the first one, for one that changes
 * every service, and for one that changes nothing. All servers are on this machine: the seconds are those of its processors.
 */
export async function measureSizes(): Promise<void> {
  const lab = await openLab({ hosts: Math.max(...NODES), progress: (line) => console.log(`  ${line}`) });
  const rows: string[][] = [];
  try {
    for (const nodes of NODES) {
      const hosts = lab.hosts.slice(0, nodes);
      await joinCluster(hosts);
      for (const services of SERVICES) {
        const costs = await threeDeployments(lab, hosts, services);
        rows.push([
          String(nodes),
          String(services),
          ...costs.map(({ seconds }) => seconds.toFixed(1)),
          ...costs.map(({ connections }) => (connections / nodes).toFixed(1)).slice(1, 2),
          ...costs.slice(1).map(({ execs }) => (execs / nodes).toFixed(1)),
        ]);
        console.log(`  ${rows.at(-1)!.join('  ')}`);
        await hosts[0]!.sh(
          'docker stack rm shop >/dev/null; while docker network ls --format "{{.Name}}" | grep -qx shop_default || docker ps -q --filter label=com.docker.stack.namespace=shop | grep -q .; do sleep 0.3; done',
          { timeoutMs: 120_000 },
        );
        await Promise.all(hosts.map((host) => host.sh('rm -rf /srv/deploy/shop')));
      }
      await leaveCluster(hosts);
      await Promise.all(hosts.map((host) => host.reset()));
    }
    const head = ['nodes', 'services', 'first s', 'all changed s', 'unchanged s'];
    console.log(
      `\n${table([...head, 'connections each', 'execs each, all changed', 'execs each, unchanged'], rows)}`,
    );
  } finally {
    await lab.close();
  }
}

async function threeDeployments(lab: Lab, hosts: readonly Host[], services: number): Promise<Cost[]> {
  const workspace = mkdtempSync(join(tmpdir(), 'swarm-bench-'));
  const each = Array.from(
    { length: services },
    (_, index) =>
      `  s${index}: { image: '\${REGISTRY}/shop/web@\${WEB}', environment: { VERSION: '\${TAG}' }, stop_grace_period: 2s }\n`,
  );
  writeFileSync(join(workspace, 'compose.yaml'), `name: shop\nservices:\n${each.join('')}`);
  const web = await lab.registry.digest('shop/web:v1');
  const costs: Cost[] = [];
  for (const tag of ['v1', 'v2', 'v2']) {
    const inputs = deployInputs(
      lab,
      tag,
      {
        engine: 'swarm',
        files: '',
        migrate: '',
        'migration-state': '',
        env: `REGISTRY=${lab.registry.address}\nWEB=${web}\nTAG=${tag}\n`,
        'wait-timeout': '5m',
      },
      hosts,
    );
    const before = await sshCounts(hosts);
    const began = performance.now();
    await deployed(inputs, { workspace });
    const seconds = (performance.now() - began) / 1000;
    const after = await sshCounts(hosts);
    costs.push({
      seconds,
      connections: after.connections - before.connections,
      execs: after.execs - before.execs,
    });
  }
  return costs;
}
