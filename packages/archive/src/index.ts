export { BACKUP, LOOK_AT_BACKUPS, PROGRAMS, RESTORE } from './programs.ts';
export {
  DATABASE_KINDS,
  type DatabaseKind,
  LOADABLE_KINDS,
  type Query,
  type Source,
  commandFile,
  queryFile,
  sourceFile,
} from './source.ts';
