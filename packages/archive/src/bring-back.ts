import { ENGINE, ENGINE_CONTAINERS, ENGINE_FAILURE, ENGINE_TASKS } from '@deploy-actions/engine';
import { FORMS, part } from '@deploy-actions/host';
import { BACKUP_READING_SH } from '@deploy-actions/ledger/backup-sh';
import { LEDGER_PARAMETERS, LEDGER_READING_SH, LEDGER_SH } from '@deploy-actions/ledger/sh';

// Apart from the programs, since what brings a release back carries these parts too, and a bundle takes along every file that
// a module names.

const READING = part(LEDGER_READING_SH);
export const LEDGER = part(LEDGER_SH, { needs: [READING], parameters: LEDGER_PARAMETERS });
/** Which backups may go. */
export const RETENTION = part(new URL('sh/retention.sh', import.meta.url));
/** What a server has of an application, by the engine that runs it. */
export const APPLICATION = part(new URL('sh/application.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_TASKS, READING],
  parameters: ['project', 'engine'],
});
export const FOLDER = part(new URL('sh/backup-folder.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_FAILURE, APPLICATION, READING, part(BACKUP_READING_SH)],
  parameters: ['docker_host'],
});
export const STREAM = part(new URL('sh/container-stream.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});
export const ATTEMPT = part(new URL('sh/attempt.sh', import.meta.url), { needs: [STREAM] });
export const POSTGRES_LOGIN = part(new URL('sh/postgres-login.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});
export const POSTGRES_QUESTION = part(new URL('sh/postgres-question.sh', import.meta.url), {
  needs: [POSTGRES_LOGIN, STREAM],
});
export const MYSQL_LOGIN = part(new URL('sh/mysql-login.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});
export const MYSQL_QUESTION = part(new URL('sh/mysql-question.sh', import.meta.url), {
  needs: [MYSQL_LOGIN, STREAM],
});
export const QUERY = part(new URL('sh/verify-query.sh', import.meta.url), {
  needs: [ATTEMPT, POSTGRES_QUESTION, MYSQL_QUESTION],
});

export const TRIAL = part(new URL('sh/trial.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT, ENGINE_FAILURE],
  parameters: ['project'],
});
const BESIDE = part(new URL('sh/beside.sh', import.meta.url), { parameters: ['backup'] });
const POSTGRES_RESTORE = part(new URL('sh/postgres-restore.sh', import.meta.url), {
  needs: [POSTGRES_LOGIN, QUERY, STREAM, BESIDE],
});
const MYSQL_RESTORE = part(new URL('sh/mysql-restore.sh', import.meta.url), {
  needs: [MYSQL_LOGIN, QUERY, BESIDE, FOLDER],
});
export const REDIS_LOGIN = part(new URL('sh/redis-login.sh', import.meta.url));
const FILE_PLACES = part(new URL('sh/file-places.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_FAILURE, FOLDER, TRIAL, BESIDE],
  parameters: ['project', 'min_free_disk'],
});
const SQLITE_RESTORE = part(new URL('sh/sqlite-restore.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, FILE_PLACES, READING],
  parameters: ['project'],
});
const REDIS_RESTORE = part(new URL('sh/redis-restore.sh', import.meta.url), {
  needs: [REDIS_LOGIN, FILE_PLACES],
});

/**
 * Brings the data of a backup back. A program that carries it gives it `backup` (an id) and the file `sources`, and perhaps
 * more files of its own; see `sourceFile`.
 */
export const BRING_BACK = part(new URL('sh/bring-back.sh', import.meta.url), {
  needs: [
    ENGINE,
    FOLDER,
    LEDGER,
    POSTGRES_RESTORE,
    MYSQL_RESTORE,
    FILE_PLACES,
    SQLITE_RESTORE,
    REDIS_RESTORE,
  ],
  parameters: ['backup', 'min_free_disk'],
  results: {
    backup: FORMS.id,
    folder: FORMS.path,
    restored: FORMS.line,
    replaced: FORMS.line,
  },
});
