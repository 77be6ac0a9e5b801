import { ENGINE, ENGINE_CONTAINERS, ENGINE_FAILURE } from '@deploy-actions/engine';
import { FORMS, defineInspection, defineProgram, part } from '@deploy-actions/host';
import { VERIFIED } from '@deploy-actions/ledger';
import { BACKUP_READING_SH } from '@deploy-actions/ledger/backup-sh';
import { LEDGER_PARAMETERS, LEDGER_READING_SH, LEDGER_SH } from '@deploy-actions/ledger/sh';

const READING = part(LEDGER_READING_SH);
const LEDGER = part(LEDGER_SH, { needs: [READING], parameters: LEDGER_PARAMETERS });
const BACKUP_READING = part(BACKUP_READING_SH);
const FOLDER = part(new URL('sh/backup-folder.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_CONTAINERS, ENGINE_FAILURE, READING, BACKUP_READING],
  parameters: ['project', 'docker_host'],
});
const STREAM = part(new URL('sh/container-stream.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});
const SESSION = part(new URL('sh/container-session.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, STREAM],
});
const ATTEMPT = part(new URL('sh/attempt.sh', import.meta.url), { needs: [STREAM] });
const QUERY = part(new URL('sh/verify-query.sh', import.meta.url), { needs: [ATTEMPT] });
const TRIAL = part(new URL('sh/trial.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT, ENGINE_FAILURE],
  parameters: ['project'],
});
const POSTGRES_LOGIN = part(new URL('sh/postgres-login.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});
const POSTGRES_DATABASES = part(new URL('sh/postgres-databases.sh', import.meta.url), {
  needs: [POSTGRES_LOGIN],
});
const POSTGRES_QUESTION = part(new URL('sh/postgres-question.sh', import.meta.url), {
  needs: [POSTGRES_LOGIN, QUERY],
});
const KEEP_QUERY = part(new URL('sh/keep-query.sh', import.meta.url), { needs: [QUERY] });
const POSTGRES = part(new URL('sh/postgres.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, POSTGRES_DATABASES, POSTGRES_QUESTION, KEEP_QUERY, SESSION],
});
const POSTGRES_TRIAL = part(new URL('sh/postgres-trial.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, POSTGRES_QUESTION, TRIAL],
});

const REDIS = part(new URL('sh/redis.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT, ENGINE_FAILURE],
});
const MYSQL = part(new URL('sh/mysql.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT],
});
const MYSQL_TRIAL = part(new URL('sh/mysql-trial.sh', import.meta.url), { needs: [MYSQL, TRIAL] });
const SQLITE = part(new URL('sh/sqlite.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT],
});
const FILES_APART = part(new URL('sh/files-apart.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ATTEMPT, FOLDER, TRIAL],
  parameters: ['project', 'pause'],
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
});

/** Brings the data of a backup back, or lets go what that has replaced. */
export const RESTORE = defineProgram({
  name: 'restore',
  parts: [
    FOLDER,
    LEDGER,
    part(new URL('sh/postgres-restore.sh', import.meta.url), { needs: [POSTGRES_QUESTION, STREAM] }),
    part(new URL('sh/restore.sh', import.meta.url), {
      needs: [ENGINE],
      results: {
        backup: FORMS.id,
        folder: FORMS.path,
        restored: FORMS.line,
        replaced: FORMS.line,
        dropped: FORMS.line,
      },
    }),
  ],
  parameters: ['backup', 'step', 'min_free_disk', 'timeout'],
});

/** Tells which backups there are, and what the next one would save. */
export const LOOK_AT_BACKUPS = defineInspection({
  name: 'look-at-backups',
  parts: [
    FOLDER,
    POSTGRES_DATABASES,
    part(new URL('sh/look-at-backups.sh', import.meta.url), {
      results: {
        whole: FORMS.text,
        broken: FORMS.text,
        planned: FORMS.text,
        old: FORMS.text,
        room: FORMS.count,
      },
    }),
  ],
  parameters: ['plan', 'retention', 'keep_last'],
});

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [BACKUP, RESTORE, LOOK_AT_BACKUPS];
