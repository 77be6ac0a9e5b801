import { Failure } from '@deploy-actions/kit';
import type { BackupRecord } from './backup-record.ts';
import type { ReleaseRecord } from './release-record.ts';
import { originOf } from './served.ts';

/** A backup whose data go with a release, and why. */
export interface ChosenBackup {
  backup: BackupRecord;
  reason: string;
}

/**
 * The backup that `latest` means where a release is left for another one: the one that the record of the release that is
 * left names, if it was taken while the other one served (or nothing that is recorded); else the newest that was taken
 * while that one served, since a release may run on every schema that it has served on. `backups`: whole ones, in the order
 * in which they were begun. Throws a `refused` Failure where there is none: any other may have a schema that the release
 * does not know.
 */
export function backupFor(
  target: string,
  left: string,
  releases: readonly ReleaseRecord[],
  backups: readonly BackupRecord[],
): ChosenBackup {
  const servedOf = ({ release }: BackupRecord) =>
    release === target || originOf(release, releases) === target;
  const named = releases.find(({ id }) => id === left)?.backup ?? '';
  const own = backups.find((one) => one.id === named && (servedOf(one) || one.release === ''));
  if (own) return { backup: own, reason: `it was taken before ${left} was deployed` };
  const newest = backups.findLast(servedOf);
  if (newest) return { backup: newest, reason: `it is the newest that was taken while ${target} served` };
  const known = backups.map(({ id, release }) => `${id} (${release || 'no release'})`).join(', ');
  throw new Failure(
    'refused',
    `no whole backup was taken before ${left || 'what serves'} was deployed, nor while ${target} served`,
    {
      code: 'backup-unknown',
      input: 'restore-backup',
      remedy:
        known === ''
          ? 'There is none at all. Give commands that bring the data back, or set allow-past-migration: true if the old code can run on them as they are.'
          : `Give the id of one whose data the release can run on. There are, with what served then: ${known}.`,
    },
  );
}
