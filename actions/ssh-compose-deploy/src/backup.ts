import { Failure } from '@deploy-actions/kit';
import { discardStaging } from '@deploy-actions/release';
import type { Target } from './targets.ts';

/**
 * Throws a `refused` Failure where a backup is named that is whole on none of the servers. One is enough: a database stands
 * on one of several servers, and the record of the release names its backup there.
 */
export async function checkBackup(backup: string | undefined, targets: readonly Target[]): Promise<void> {
  if (backup === undefined || targets.some((target) => target.backup === backup)) return;
  await Promise.all(targets.map(({ session, found }) => discardStaging(session, found.staging)));
  const where =
    targets.length === 1
      ? `in ${targets[0]!.server.path}/backups`
      : `on any of ${targets.map(({ server }) => server.name).join(', ')}`;
  throw new Failure('refused', `there is no whole backup ${backup} ${where}`, {
    code: 'backup-unknown',
    input: 'backup',
    remedy: 'The action backup with list: true shows which there are.',
  });
}
