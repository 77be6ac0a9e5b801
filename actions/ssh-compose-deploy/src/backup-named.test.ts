import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import type { BackupRecord } from '@deploy-actions/ledger';
import { backupRecord } from '@deploy-actions/ledger/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { deployRig } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

/** A whole backup on the server, as the action backup leaves it. */
function backedUp({ host }: DockerServer, id: string, more: Partial<BackupRecord>): void {
  const folder = path.join(host.path, 'backups', id);
  mkdirSync(folder, { recursive: true });
  const record = backupRecord(id, more);
  for (const { name, bytes } of record.files) writeFileSync(path.join(folder, name), 'x'.repeat(bytes));
  writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(record)}\n`);
}

const named = ({ host }: DockerServer) =>
  (JSON.parse(host.read('current/release.json')) as { backup: string }).backup;

test('the record of a release names the newest whole backup of its deployment, or the one that was given', async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  const { web1 } = servers;
  for (const [id, created, deployment] of [
    ['20260101-000000-aaaa', '2026-01-01T00:00:00Z', 'today'],
    ['20260102-000000-bbbb', '2026-01-02T00:00:00Z', 'today'],
    ['20260103-000000-cccc', '2026-01-03T00:00:00Z', 'another'],
  ] as const) {
    backedUp(web1, id, { created, deployment_id: deployment });
  }
  backedUp(web1, '20260104-000000-dddd', { created: '2026-01-04T00:00:00Z', deployment_id: 'today' });
  writeFileSync(path.join(web1.host.path, 'backups/20260104-000000-dddd/manifest.json'), '{"id":"20260104');
  expect((await deploy('v1', { 'deployment-id': 'today' })).failure).toBeUndefined();
  expect(named(web1)).toBe('20260102-000000-bbbb');
  expect(
    (await deploy('v2', { 'deployment-id': 'later', backup: '20260103-000000-cccc' })).failure,
  ).toBeUndefined();
  expect(named(web1)).toBe('20260103-000000-cccc');
  expect((await deploy('v3', { 'deployment-id': 'without' })).failure).toBeUndefined();
  expect(named(web1)).toBe('');
});

test('a backup of the same workflow run is named where its step and the deployment have different ids', async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  const { web1 } = servers;
  const url = 'https://ci.test/70';
  backedUp(web1, '20260101-000000-aaaa', { created: '2026-01-01T00:00:00Z', run_url: url });
  backedUp(web1, '20260102-000000-bbbb', { created: '2026-01-02T00:00:00Z', run_url: `${url}1` });
  // What somebody calls himself is no address.
  const actor = `","run_url":"${url}",`;
  backedUp(web1, '20260103-000000-cccc', { created: '2026-01-03T00:00:00Z', actor, run_url: `${url}2` });
  expect((await deploy('v1', { 'deployment-id': 'prod-v1' }, '70')).failure).toBeUndefined();
  expect(named(web1)).toBe('20260101-000000-aaaa');
});

test('a backup that is not there, or not whole, is refused before anything changes', async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  expect((await deploy('v1', { backup: '20260101-000000-aaaa' })).failure).toMatchObject({
    code: 'backup-unknown',
    message: expect.stringContaining('there is no whole backup 20260101-000000-aaaa'),
  });
  expect(servers.web1.docker.running('shop')).toEqual([]);
});

test('of two servers one that has the backup is enough, and its record names it; where none has it, nothing changes on any', async () => {
  const { servers, deploy } = deployRig(['web1', 'web2'], hostWith);
  const backup = '20260101-000000-aaaa';
  expect((await deploy('v1', { backup })).failure).toMatchObject({
    code: 'backup-unknown',
    message: `there is no whole backup ${backup} on any of web1, web2`,
  });
  for (const { docker } of Object.values(servers)) expect(docker.running('shop')).toEqual([]);
  backedUp(servers.web2, backup, { created: '2026-01-01T00:00:00Z', deployment_id: 'another' });
  expect((await deploy('v1', { backup })).failure).toBeUndefined();
  expect([named(servers.web1), named(servers.web2)]).toEqual(['', backup]);
});
