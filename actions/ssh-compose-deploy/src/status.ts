import { inspectForStatus } from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import { type Server, type Session } from '@deploy-actions/shell';
import { type DeployInputs, type DeployOutputs } from './fields.ts';

/** Changes nothing; tells what runs, the kept releases and who holds the lock. */
export async function showStatus(
  inputs: DeployInputs,
  ports: Ports,
  servers: readonly Server[],
  connect: (server: Server) => Promise<Session>,
): Promise<DeployOutputs> {
  const begun = ports.clock.now();
  let release: string | undefined;
  for (const server of servers) {
    const session = await connect(server);
    try {
      const view = await inspectForStatus(
        session,
        { path: server.path, project: inputs.project ?? '', dockerHost: server.dockerHost },
        { signal: ports.signal },
      );
      release ??= view.current;
      ports.log.info(`${server.name}: project ${view.project}, release ${view.current || '(none)'}`);
    } finally {
      await session.close();
    }
  }
  return {
    'deployment-id': undefined,
    release,
    version: undefined,
    'previous-release': undefined,
    changed: false,
    services: undefined,
    record: undefined,
    duration: Math.round(ports.clock.now() - begun),
    color: undefined,
    'color-urls': undefined,
  };
}
