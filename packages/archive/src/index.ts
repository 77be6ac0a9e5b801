export { BACKUP, LOOK_AT_BACKUPS, PROGRAMS, RESTORE } from './programs.ts';
export { type Query, type Source, queryFile, sourceFile } from './source.ts';
