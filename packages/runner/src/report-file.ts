import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workflow } from './workflow.ts';

/**
 * Writes a report where only this job's user can read it, and answers its path: what an action gives as `report-file`.
 * The text has no secrets any more (see `publishReport`).
 */
export function writeReport(workflow: Pick<Workflow, 'temp'>, action: string, json: string): string {
  const file = join(mkdtempSync(join(workflow.temp, `${action}-`)), 'report.json');
  writeFileSync(file, json, { mode: 0o600, flag: 'wx' });
  return file;
}
