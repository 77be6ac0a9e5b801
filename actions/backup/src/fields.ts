import {
  type Inputs,
  bytes,
  duration,
  flag,
  integer,
  oneOf,
  required,
  withDefault,
} from '@deploy-actions/kit';
import { VERIFIED, idField, projectField } from '@deploy-actions/ledger';
import { serverFields } from '@deploy-actions/shell';
import { databases } from './databases.ts';
import { commands, paths, recipients, services, volumes } from './files-apart.ts';
import { queries } from './queries.ts';
import { ENGINES, repositoryAddress, repositoryEnvironment, repositoryPassword } from './repository.ts';

export const fields = {
  ...serverFields,
  project: required(projectField()),
  databases: databases(),
  commands: commands(),
  volumes: volumes(),
  paths: paths(),
  pause: services(),
  verify: withDefault(oneOf(VERIFIED), 'read'),
  'verify-query': queries(),
  retention: withDefault(duration(60_000, 86_400_000 * 3660), 30 * 86_400_000),
  'keep-last': withDefault(integer(1, 1000), 3),
  'min-free-disk': withDefault(bytes(), 1_000_000_000),
  timeout: withDefault(duration(1000, 86_400_000), 3_600_000),
  list: flag(),
  plan: flag(),
  'encrypt-to': recipients(),
  engine: withDefault(oneOf(ENGINES), 'files'),
  repository: repositoryAddress(),
  'repository-password': repositoryPassword(),
  'repository-env': repositoryEnvironment(),
  restore: idField(),
  confirm: idField(),
  'lock-timeout': withDefault(duration(0), 600_000),
  'deployment-id': idField(),
};

export const outputs = [
  'backup',
  'folder',
  'size',
  'verified',
  'backups',
  'replaced',
  'snapshot',
  'duration',
  'report',
  'report-file',
] as const;

export type BackupInputs = Inputs<typeof fields>;
export type BackupOutputs = Record<(typeof outputs)[number], string | number | object | undefined>;

/** Every output, and none of them known. */
export const EMPTY = Object.fromEntries(outputs.map((name) => [name, undefined])) as BackupOutputs;
