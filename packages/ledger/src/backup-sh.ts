/** Apart from `sh.ts`, since a bundle takes along every file that a module names: most actions ask for no backups. */
export const BACKUP_READING_SH: URL | string = new URL('sh/backup-reading.sh', import.meta.url);
