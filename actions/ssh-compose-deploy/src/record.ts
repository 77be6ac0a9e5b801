import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepRecord } from '@deploy-actions/ledger';

/** Writes the record into the runner's temporary folder and answers its path. */
export async function writeRecord(folder: string, record: StepRecord): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `deployment-record-${record.deployment_id}.json`);
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  return path;
}
