import type { BackupRecord } from '../backup-record.ts';
import type { ReleaseRecord } from '../release-record.ts';
import type { TrafficRecord } from '../traffic-record.ts';

/** A release that was deployed in place; `rN` was made on the Nth of January. */
export function releaseRecord(
  id: string,
  previous = '',
  more: Partial<Omit<ReleaseRecord, 'id' | 'previous'>> = {},
): ReleaseRecord {
  const day = /^r(\d)/.exec(id)?.[1] ?? '1';
  return {
    id,
    version: id.toUpperCase(),
    project: 'shop',
    color: '',
    engine: 'compose',
    environment: 'production',
    repository: 'o/r',
    ref: 'refs/heads/main',
    sha: `${day}0000000000000000000000000000000000000000`.slice(0, 40),
    actor: 'octo',
    run_url: 'https://github.example/o/r/actions/runs/7',
    compose_files: ['compose.yaml'],
    profiles: [],
    env_file: '',
    services: [],
    files: [],
    hooks: {},
    created: `2026-01-0${day}T00:00:00Z`,
    previous,
    images: {},
    migrations: { ran: false, reversible: true, state_before: '', state_after: '' },
    backup: '',
    ...more,
  };
}

/** The traffic on a share, by nginx on the host. */
export function trafficRecord(share: string, more: Partial<TrafficRecord> = {}): TrafficRecord {
  return {
    project: 'shop',
    proxy: 'nginx',
    container: '',
    share,
    since: '2026-01-01T00:00:00Z',
    release: '',
    previous: '',
    fence: 1,
    folder: '/var/lib/deploy-actions/shop',
    routes: [
      { name: 'web', service: 'web', port: 80, blue: ['127.0.0.1:18000'], green: ['127.0.0.1:18001'] },
    ],
    ...more,
  };
}

/** A whole backup of one database. */
export function backupRecord(id: string, more: Partial<Omit<BackupRecord, 'id'>> = {}): BackupRecord {
  return {
    id,
    created: '2026-01-01T00:00:00Z',
    deployment_id: '7-deploy',
    project: 'shop',
    release: 'r1',
    version: 'R1',
    sha: '1000000000000000000000000000000000000000',
    actor: 'octo',
    run_url: 'https://github.example/o/r/actions/runs/7',
    verified: 'read',
    bytes: 1000,
    services: [{ name: 'db', image: 'postgres:17', image_id: `sha256:${'a'.repeat(64)}`, state: 'running' }],
    files: [
      {
        name: 'db.shop.pgdump',
        kind: 'postgres',
        service: 'db',
        source: 'shop',
        bytes: 1000,
        sha256: 'a'.repeat(64),
        tool: 'pg_dump (PostgreSQL) 17.2',
        answer: '',
      },
    ],
    ...more,
  };
}

/** Records as a server keeps them: JSON, one a line. */
export function lines(records: readonly object[]): string {
  return records.map((one) => `${JSON.stringify(one)}\n`).join('');
}
