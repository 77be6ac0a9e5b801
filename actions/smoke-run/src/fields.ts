import {
  FieldError,
  duration,
  field,
  flag,
  integer,
  lines,
  oneOf,
  pairs,
  rawText,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { projectField } from '@deploy-actions/ledger';
import { optionalServerFields } from '@deploy-actions/shell';
import { hideUserInfo } from './request/request.ts';

/** `name=value` lines whose values are secrets. */
const secretPairs = secret(pairs());

export const fields = {
  file: lines(),
  checks: rawText(),
  'base-url': field((value) => {
    if (!URL.canParse(value) || !/^https?:\/\//i.test(value)) {
      throw new FieldError(`"${hideUserInfo(value)}" is no URL`, {
        remedy: 'Write such as https://app.example.org.',
      });
    }
    return value;
  }),
  variables: pairs(),
  secrets: secretPairs,
  only: lines(),
  skip: lines(),
  retries: integer(0, 100),
  concurrency: withDefault(integer(1, 500), 8),
  'fail-fast': flag(),
  timeout: withDefault(duration(1000, 86_400_000), 600_000),
  'request-timeout': duration(10, 3_600_000),
  address: text(),
  'ip-version': field((value): 4 | 6 => {
    if (value === '4' || value === '6') return Number(value) as 4 | 6;
    throw new FieldError(`"${value}" is not 4 or 6`);
  }),
  ca: field((value) => {
    if (!value.includes('-----BEGIN CERTIFICATE-----')) throw new FieldError('is not a PEM certificate');
    return value;
  }),
  via: withDefault(oneOf(['runner', 'ssh']), 'runner'),
  project: projectField(),
  'junit-file': text(),
  'json-file': text(),
  ...optionalServerFields,
};

export const outputs = [
  'passed',
  'failed',
  'skipped',
  'report',
  'report-file',
  'p95-ms',
  'junit-file',
] as const;
