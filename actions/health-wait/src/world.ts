import { Failure } from '@deploy-actions/kit';
import { fromRunner, throughSession } from '@deploy-actions/probe';
import { type Ports, writeReport } from '@deploy-actions/runner';
import { openSession, serversOf } from '@deploy-actions/shell';
import type { HealthInputs } from './fields.ts';
import type { ServerSide, World } from './health-wait.ts';

/** The real world around health-wait. */
export function openWorld(inputs: HealthInputs, ports: Ports): World & { close(): Promise<void> } {
  const runner = fromRunner({ env: process.env, redactor: ports.redactor });
  let opening: Promise<ServerSide> | undefined;
  const open = async (): Promise<ServerSide> => {
    const [server, another] = serversOf(inputs);
    if (!server) {
      throw new Failure('input', 'a target is on the server, and input `host` is empty', {
        input: 'host',
        remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
      });
    }
    if (another) {
      throw new Failure('input', 'input `host` names several servers', {
        input: 'host',
        remedy: 'Use one step for each server.',
      });
    }
    const session = await openSession(server, { clock: ports.clock, log: ports.log, signal: ports.signal });
    return { session, reach: throughSession(session, { log: ports.log, redactor: ports.redactor }) };
  };
  return {
    runner,
    server: () => (opening ??= open()),
    writeReport: (json) => writeReport(ports.workflow, 'health-wait', json),
    async close() {
      await runner.close();
      const side = await opening?.catch(() => undefined);
      await side?.reach.close();
      await side?.session.close();
    },
  };
}
