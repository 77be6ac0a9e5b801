import {
  FieldError,
  type Inputs,
  bytes,
  duration,
  field,
  flag,
  integer,
  lines,
  oneOf,
  pattern,
  percent,
  quote,
  rawText,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { idField } from '@deploy-actions/ledger';
import { links, webAddress } from '@deploy-actions/notice';
import { optionalServerFields } from '@deploy-actions/shell';
import { DEPLOY_OUTCOMES, JOB_STATUSES, ROLLBACK_MODES } from './verdict.ts';

/** An address that a reader may follow: http or https, and no name or password in it. */
function address(value: string): string {
  if (!webAddress(value) || new URL(value).username !== '')
    throw new FieldError(`${quote(value)} is no http or https address`, {
      remedy: 'Write where the application answers, such as https://shop.example.org.',
    });
  return value;
}

export const fields = {
  record: rawText(),
  reports: rawText(),
  outcome: oneOf(DEPLOY_OUTCOMES),
  'rollback-mode': oneOf(ROLLBACK_MODES),
  backup: text(),
  'job-status': oneOf(JOB_STATUSES),
  version: text(),
  environment: text(),
  'deployment-id': idField(),
  reason: text(),
  'environment-url': field(address),
  links: links(),
  logs: lines(),
  history: withDefault(oneOf(['none', 'server']), 'none'),
  ...optionalServerFields,
  'max-duration': duration(1),
  'max-image-size': bytes(),
  'max-smoke-time': duration(1),
  'max-rollback-rate': percent(),
  'deployment-status': flag(),
  comment: flag(),
  'pull-request': integer(1),
  'comment-author': withDefault(
    pattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$/, "an account's login"),
    'github-actions[bot]',
  ),
  'notes-file': text(),
  'release-tag': pattern(/^(?!.*\.\.)[^\s~^:?*[\\\0-\x1f\x7f]{1,200}$/, 'a tag'),
  approvals: flag(),
  'github-token': secret(text()),
};

export type RecordInputs = Inputs<typeof fields>;

export const outputs = [
  'status',
  'summary',
  'deployment-id',
  'duration-ms',
  'record',
  'record-file',
  'page',
  'files',
  'metrics',
  'environment-url',
  'deployment',
  'comment-url',
  'report',
  'report-file',
] as const;
