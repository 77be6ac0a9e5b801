import { part } from '@deploy-actions/host';
import { type Question, question } from '@deploy-actions/host/question';
import { BACKUP_READING_SH } from '@deploy-actions/ledger/backup-sh';
import { LEDGER_READING_SH } from '@deploy-actions/ledger/sh';

const READING = part(LEDGER_READING_SH);
const SERVING = part(new URL('sh/serving-release.sh', import.meta.url), { needs: [READING] });
const SCHEMA = part(new URL('sh/schema-after.sh', import.meta.url));
const WHOLE = part(new URL('sh/whole-backup.sh', import.meta.url), { needs: [part(BACKUP_READING_SH)] });
const DISCARD = part(new URL('sh/discard-staging.sh', import.meta.url));

export const SERVING_RELEASE = question(SERVING);
export const SCHEMA_AFTER = question(SCHEMA);
export const WHOLE_BACKUP = question(WHOLE);
export const DISCARD_STAGING = question(DISCARD);

/** What is asked of releases outside of any run, for the checks that each must pass. */
export const QUESTIONS: readonly Question[] = [SERVING_RELEASE, SCHEMA_AFTER, WHOLE_BACKUP, DISCARD_STAGING];
