export { LOOK_AT_BACKUPS } from './look.ts';
export { BACKUP, PROGRAMS } from './programs.ts';
export { type Return, restoreOperation } from './restore-operation.ts';
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
