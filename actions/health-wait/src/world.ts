import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromRunner } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { type HealthInputs, type World } from './health-wait.ts';

/** The real world around health-wait. */
export function openWorld(_inputs: HealthInputs, ports: Ports): World & { close(): Promise<void> } {
  const runner = fromRunner({ env: process.env, redactor: ports.redactor });
  return {
    runner,
    writeReport(json) {
      const file = join(mkdtempSync(join(ports.workflow.temp, 'health-wait-')), 'report.json');
      writeFileSync(file, json, { mode: 0o600 });
      return file;
    },
    async close() {
      await runner.close();
    },
  };
}
