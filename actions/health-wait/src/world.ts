import { fromRunner, openServers } from '@deploy-actions/probe';
import { type Ports, writeReport } from '@deploy-actions/runner';
import type { HealthInputs } from './fields.ts';
import type { World } from './health-wait.ts';

/** The real world around health-wait. */
export function openWorld(inputs: HealthInputs, ports: Ports): World & { close(): Promise<void> } {
  const runner = fromRunner({ env: process.env, redactor: ports.redactor });
  const servers = openServers(inputs, ports);
  return {
    runner,
    server: servers.first,
    isCluster: servers.isCluster,
    nodes: servers.nodes,
    writeReport: (json) => writeReport(ports.workflow, 'health-wait', json),
    async close() {
      await runner.close();
      await servers.close();
    },
  };
}
