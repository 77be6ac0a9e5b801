import { fromRunner, openServers } from '@deploy-actions/probe';
import { type Ports, writeReport } from '@deploy-actions/runner';
import type { WatchInputs } from './fields.ts';
import type { World } from './stability-watch.ts';

/** The real world around stability-watch. */
export function openWorld(inputs: WatchInputs, ports: Ports): World & { close(): Promise<void> } {
  const runner = fromRunner({ env: process.env, redactor: ports.redactor });
  const servers = openServers(inputs, ports);
  return {
    runner,
    server: servers.first,
    isCluster: servers.isCluster,
    nodes: servers.nodes,
    writeReport: (json) => writeReport(ports.workflow, 'stability-watch', json),
    async close() {
      await runner.close();
      await servers.close();
    },
  };
}
