export { BACKUP, LOOK_AT_BACKUPS, PROGRAMS } from './programs.ts';
export { type Source, sourceFile } from './source.ts';
