import { type ServerSide, fromRunner, openServerSide } from '@deploy-actions/probe';
import { type Ports, writeReport } from '@deploy-actions/runner';
import type { WatchInputs } from './fields.ts';
import type { World } from './stability-watch.ts';

/** The real world around stability-watch. */
export function openWorld(inputs: WatchInputs, ports: Ports): World & { close(): Promise<void> } {
  const runner = fromRunner({ env: process.env, redactor: ports.redactor });
  let opening: Promise<ServerSide> | undefined;
  return {
    runner,
    server: () => (opening ??= openServerSide(inputs, ports)),
    writeReport: (json) => writeReport(ports.workflow, 'stability-watch', json),
    async close() {
      await runner.close();
      const side = await opening?.catch(() => undefined);
      await side?.reach.close();
      await side?.session.close();
    },
  };
}
