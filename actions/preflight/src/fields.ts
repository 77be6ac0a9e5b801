import { type Environment, parseEnv, parseImages } from '@deploy-actions/compose';
import {
  type Field,
  FieldError,
  type Inputs,
  bytes,
  duration,
  field,
  integer,
  lines,
  linesOf,
  pattern,
  percent,
  quote,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { engineField, projectField } from '@deploy-actions/ledger';
import { requiredValues } from '@deploy-actions/runner/required-values';
import { serverFields } from '@deploy-actions/shell';
import { envFile, workspacePath } from '@deploy-actions/workspace/path';
import { CHECK_NAMES, type CheckName } from './check-names.ts';
import { requiredEnv } from './required-env.ts';

/** Words of one input, each parsed; an error names its line. */
function words<T>(parse: (word: string) => T): Field<T[]> {
  const inner = linesOf((line) =>
    line
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .map(parse),
  );
  return { ...inner, parse: (value) => inner.parse(value).flat(), empty: () => [] };
}

function checkName(word: string): CheckName {
  const name = CHECK_NAMES.find((one) => one === word);
  if (name === undefined)
    throw new FieldError(`${quote(word)} is no check`, { remedy: `They are ${CHECK_NAMES.join(', ')}.` });
  return name;
}

function port(word: string): number {
  const number = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  if (number < 1 || number > 65_535) throw new FieldError(`${quote(word)} is no port from 1 to 65535`);
  return number;
}

function domain(line: string): string {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  if (!new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`, 'i').test(line))
    throw new FieldError(`${quote(line)} is no name of a domain`, {
      remedy: 'Write it without a scheme, a port or a path, such as shop.example.org.',
    });
  return line.toLowerCase();
}

function load(value: string): number {
  const number = /^\d{1,4}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (number <= 0) throw new FieldError(`${quote(value)} is no load, such as 2 or 0.8`);
  return number;
}

export const fields = {
  ...serverFields,
  'compose-file': linesOf(workspacePath),
  profiles: lines(),
  project: projectField(),
  engine: engineField(),
  images: withDefault(field(parseImages), new Map<string, string>()),
  env: secret({ ...withDefault(field(parseEnv), new Map<string, string>() as Environment), raw: true }),
  'env-file': envFile(),
  files: linesOf(workspacePath),
  registry: pattern(/^[A-Za-z0-9.-]+(?::\d+)?$/, 'the host of a registry, such as ghcr.io'),
  'registry-username': text(),
  'registry-password': secret(text()),
  'required-env': requiredEnv(),
  required: requiredValues(),
  'min-cpus': integer(1, 4096),
  'min-memory': bytes(),
  'max-memory': withDefault(percent(), 95),
  'min-disk': bytes(),
  'min-free-disk': withDefault(bytes(), 1_000_000_000),
  'max-disk': percent(),
  'min-free-inodes': withDefault(percent(), 5),
  'max-load': field(load),
  'max-cpu': percent(),
  'max-clock-skew': withDefault(duration(1), 30_000),
  domains: linesOf(domain),
  'expect-certificate-days': withDefault(integer(0, 10_000), 14),
  ports: words(port),
  'allowed-ports': words(port),
  'max-backup-age': duration(1000),
  warn: words(checkName),
  skip: words(checkName),
};

export const outputs = ['ready', 'warnings', 'facts', 'report', 'report-file'] as const;

export type PreflightInputs = Inputs<typeof fields>;
export type PreflightOutputs = Record<
  (typeof outputs)[number],
  string | number | boolean | object | undefined
>;
