import { type Environment, parseEnv, parseImages } from '@deploy-actions/compose';
import {
  FieldError,
  type Inputs,
  bytes,
  duration,
  field,
  flag,
  integer,
  lines,
  linesOf,
  oneOf,
  pattern,
  percent,
  quote,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { type EngineKind, engineField, idField, projectField } from '@deploy-actions/ledger';
import { hooks } from '@deploy-actions/release/hook';
import { serverFields } from '@deploy-actions/shell';
import { envFile, workspacePath } from '@deploy-actions/workspace/path';

export const fields = {
  ...serverFields,
  'compose-file': linesOf(workspacePath),
  profiles: lines(),
  project: projectField(),
  services: lines(),
  images: withDefault(field(parseImages), new Map<string, string>()),
  'require-digest': field((value) => flag().parse(value)),
  version: name(),
  environment: name(),
  env: secret({ ...withDefault(field(parseEnv), new Map<string, string>() as Environment), raw: true }),
  'env-file': envFile(),
  files: linesOf(workspacePath),
  registry: pattern(/^[A-Za-z0-9.-]+(?::\d+)?$/, 'the host of a registry, such as ghcr.io'),
  'registry-username': text(),
  'registry-password': secret(text()),
  pull: withDefault(oneOf(['always', 'missing', 'never']), 'always'),
  'pull-timeout': withDefault(duration(1000), 1_800_000),
  'pull-only': flag(),
  'before-up': hooks(),
  migrate: hooks(),
  'after-up': hooks(),
  'migration-state': hooks(),
  'migration-reversible': flag(),
  backup: idField(),
  'migrate-on': withDefault(oneOf(['first', 'each']), 'first'),
  'hook-timeout': withDefault(duration(1000), 900_000),
  'migrate-timeout': withDefault(duration(1000), 3_600_000),
  'migrate-on-cancel': withDefault(oneOf(['finish', 'end']), 'finish'),
  'one-shot': lines(),
  'remove-orphans': withDefault(
    field((value) => flag().parse(value)),
    true,
  ),
  'wait-timeout': withDefault(duration(1000), 300_000),
  'stop-timeout': duration(0),
  engine: engineField(),
  strategy: withDefault(oneOf(['recreate', 'rolling']), 'recreate'),
  'rolling-fallback': withDefault(oneOf(['refuse', 'recreate']), 'refuse'),
  'drain-timeout': withDefault(duration(0), 30_000),
  'on-failure': withDefault(oneOf(['restore', 'keep']), 'restore'),
  'keep-releases': withDefault(integer(2, 100), 5),
  'lock-timeout': withDefault(duration(0), 600_000),
  'allow-older': flag(),
  'min-free-disk': withDefault(bytes(), 1_000_000_000),
  'min-free-inodes': withDefault(percent(), 5),
  adopt: flag(),
  'resume-on-boot': field((value) => flag().parse(value)),
  parallel: withDefault(
    field((value) => {
      if (!/^(?:[1-9]\d*|[1-9]\d?%|100%)$/.test(value)) {
        throw new FieldError(`${quote(value)} is neither a number of servers nor a percentage`);
      }
      return value;
    }),
    '100%',
  ),
  'deployment-id': idField(),
  plan: flag(),
  status: flag(),
  color: oneOf(['auto', 'blue', 'green']),
  'color-services': lines(),
  'shared-services': withDefault(oneOf(['keep', 'update']), 'keep'),
  'live-only-services': lines(),
  'port-range': withDefault(field(parsePortRange), { first: 18000, last: 18999 }),
};

function parsePortRange(value: string): { first: number; last: number } {
  const match = /^(\d+)-(\d+)$/.exec(value);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || first < 1024 || last > 65535 || last < first) {
    throw new FieldError(`${quote(value)} is not a range of ports from 1024 to 65535`, {
      remedy: 'Write first-last, such as 18000-18999.',
    });
  }
  return { first, last };
}

export const outputs = [
  'deployment-id',
  'outcome',
  'release',
  'version',
  'previous-release',
  'changed',
  'services',
  'record',
  'report',
  'report-file',
  'log',
  'migration-log',
  'duration',
  'color',
  'color-urls',
] as const;

export type DeployInputs = Inputs<typeof fields>;
/** With the engine that it comes to. */
export type DecidedInputs = Omit<DeployInputs, 'engine'> & { engine: EngineKind };
export type DeployOutputs = Record<(typeof outputs)[number], string | number | boolean | object | undefined>;

/** Every output, and none of them known. */
export const EMPTY = Object.fromEntries(outputs.map((name) => [name, undefined])) as DeployOutputs;

/** As a record keeps it, and people read it: one line. */
function name() {
  return pattern(/^[^\0-\x1f\x7f]{1,200}$/, 'one line of at most 200 characters');
}
