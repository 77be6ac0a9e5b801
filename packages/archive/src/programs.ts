import { ENGINE, ENGINE_CONTAINERS, ENGINE_FAILURE } from '@deploy-actions/engine';
import { FORMS, defineProgram, part } from '@deploy-actions/host';
import { VERIFIED } from '@deploy-actions/ledger';
import {
  ATTEMPT,
  BRING_BACK,
  FOLDER,
  LEDGER,
  MYSQL_LOGIN,
  MYSQL_QUESTION,
  POSTGRES_LOGIN,
  POSTGRES_QUESTION,
  QUERY,
  REDIS_LOGIN,
  RETENTION,
  STREAM,
  TRIAL,
} from './bring-back.ts';
import { LOOK_AT_BACKUPS, LOOK_AT_NODE, POSTGRES_DATABASES } from './look.ts';
import { LOOK_AT_REPOSITORY, REPOSITORY, REPOSITORY_PARAMETERS } from './repository.ts';

const SESSION = part(new URL('sh/container-session.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, STREAM],
});
const KEEP_QUERY = part(new URL('sh/keep-query.sh', import.meta.url), { needs: [QUERY] });
const POSTGRES = part(new URL('sh/postgres.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, POSTGRES_DATABASES, POSTGRES_QUESTION, KEEP_QUERY, SESSION],
});
const POSTGRES_TRIAL = part(new URL('sh/postgres-trial.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, POSTGRES_LOGIN, QUERY, TRIAL],
});

const REDIS = part(new URL('sh/redis.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT, ENGINE_FAILURE, REDIS_LOGIN],
});
const MYSQL = part(new URL('sh/mysql.sh', import.meta.url), {
  needs: [MYSQL_LOGIN, MYSQL_QUESTION, ATTEMPT, KEEP_QUERY, SESSION],
});
const MYSQL_TRIAL = part(new URL('sh/mysql-trial.sh', import.meta.url), { needs: [MYSQL, QUERY, TRIAL] });
const SQLITE = part(new URL('sh/sqlite.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT],
});
const FILES_APART = part(new URL('sh/files-apart.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT, FOLDER, TRIAL],
  parameters: ['project', 'pause'],
});

const CLAIM = part(new URL('sh/claim-backups.sh', import.meta.url));
const RESTIC_STREAM = part(new URL('sh/restic-stream.sh', import.meta.url), { needs: [REPOSITORY] });
const SEND = part(new URL('sh/send.sh', import.meta.url), {
  needs: [RESTIC_STREAM, STREAM, FOLDER],
  results: {
    snapshot: FORMS.like(/^[0-9a-f]{8,64}$/, 'the id of a snapshot'),
    forgotten: FORMS.line,
  },
});
const FETCH = part(new URL('sh/fetch.sh', import.meta.url), {
  needs: [RESTIC_STREAM, STREAM, FOLDER, CLAIM],
});

/** Saves the data of an application. */
export const BACKUP = defineProgram({
  name: 'backup',
  parts: [
    FOLDER,
    LEDGER,
    POSTGRES,
    POSTGRES_TRIAL,
    REDIS,
    MYSQL_TRIAL,
    SQLITE,
    FILES_APART,
    CLAIM,
    RETENTION,
    SEND,
    part(new URL('sh/encrypt.sh', import.meta.url), { needs: [ATTEMPT, LEDGER] }),
    part(new URL('sh/backup.sh', import.meta.url), {
      needs: [ENGINE, ENGINE_CONTAINERS],
      results: {
        backup: FORMS.id,
        folder: FORMS.path,
        bytes: FORMS.count,
        verified: FORMS.word(VERIFIED),
        shrunk: FORMS.count,
        removed: FORMS.line,
      },
    }),
  ],
  parameters: ['backup', 'verify', 'retention', 'keep_last', 'min_free_disk', 'timeout', 'pause'],
  secrets: REPOSITORY_PARAMETERS,
});

/** Brings the data of a backup back, or lets go what that has replaced. */
export const RESTORE = defineProgram({
  name: 'restore',
  parts: [
    BRING_BACK,
    FETCH,
    part(new URL('sh/restore.sh', import.meta.url), { results: { dropped: FORMS.line } }),
  ],
  parameters: ['step', 'timeout'],
  secrets: REPOSITORY_PARAMETERS,
});

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [BACKUP, RESTORE, LOOK_AT_BACKUPS, LOOK_AT_NODE, LOOK_AT_REPOSITORY];
