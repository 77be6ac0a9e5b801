import { isId } from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { DISCARD_STAGING, SCHEMA_AFTER, SERVING_RELEASE, WHOLE_BACKUP } from './questions.ts';

/** The release that serves in the folder; empty for none, and where the answer is no id of one. Rejects when the
 * connection is gone. */
export async function servingRelease(session: Session, path: string): Promise<string> {
  const { code, stdout } = await session.run({
    script: SERVING_RELEASE.text(),
    args: [path],
    timeout: 30_000,
  });
  const release = stdout.toString('utf8').trim();
  return code === 0 && isId(release) ? release : '';
}

/**
 * What the migrations of a run did to the schema, by what it has written in its folder: whatever does not plainly say that
 * it is the same counts as `migrated`. Rejects when the connection is gone.
 */
export async function schemaAfter(session: Session, directory: string): Promise<'same' | 'migrated'> {
  const { code, stdout } = await session.run({
    script: SCHEMA_AFTER.text(),
    args: [directory],
    timeout: 30_000,
  });
  return code === 0 && stdout.toString('utf8').trim() === 'same' ? 'same' : 'migrated';
}

/** Whether a backup is in the folder, whole. Rejects when the connection is gone. */
export async function hasBackup(session: Session, path: string, backup: string): Promise<boolean> {
  const { code, stdout } = await session.run({
    script: WHOLE_BACKUP.text(),
    args: [path, backup],
    timeout: 30_000,
  });
  return code === 0 && stdout.toString('utf8').trim() === 'whole';
}

/** Removes what `inspectForDeploy` left for a deployment that will not come: it holds secrets. Never throws. */
export async function discardStaging(session: Session, staging: string): Promise<void> {
  await session
    .run({ script: DISCARD_STAGING.text(), args: [staging], timeout: 30_000 })
    .catch(() => undefined);
}
