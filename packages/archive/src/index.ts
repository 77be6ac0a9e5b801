export { LOOK_AT_BACKUPS, LOOK_AT_NODE } from './look.ts';
export { BACKUP, PROGRAMS } from './programs.ts';
export {
  LOOK_AT_REPOSITORY,
  type Repository,
  type SentBackup,
  readSent,
  repositoryValues,
} from './repository.ts';
export { type Return, restoreOperation } from './restore-operation.ts';
export {
  DATABASE_KINDS,
  type DatabaseKind,
  LOADABLE_KINDS,
  RETURNING_KINDS,
  type Query,
  type Source,
  commandFile,
  queryFile,
  sourceFile,
} from './source.ts';
