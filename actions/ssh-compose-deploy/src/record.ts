import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The deployment record that other steps and tools read (schema/deployment-record.schema.json of packages/release). */
export interface DeploymentRecord {
  /** RFC 3339, UTC. */
  timestamp: string;
  deployment_id: string;
  environment: string;
  status: 'success' | 'failure' | 'restored' | 'unchanged' | 'unknown';
  git_sha: string;
  git_ref: string;
  version: string;
  release: string;
  previous_release: string;
  color: '' | 'blue' | 'green';
  actor: string;
  run_url: string;
  duration_ms: number;
  services_deployed: { service: string; image: string; action: string }[];
  health_checks: { service: string; healthy: boolean }[];
  /** Whether there is a release that a rollback could bring back. */
  rollback_available: boolean;
  servers: { name: string; outcome: 'deployed' | 'restored' | 'failed' | 'not started' | 'not known' }[];
}

/** Writes the record into the runner's temporary folder and answers its path. */
export async function writeRecord(folder: string, record: DeploymentRecord): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `deployment-record-${record.deployment_id}.json`);
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  return path;
}
