export {
  type CodeOf,
  GENERAL_CODES,
  FAILURE_KINDS,
  type FailureCode,
  type FailureKind,
  failureCode,
} from './failure-code.ts';
export { Failure, type FailureDetails, type Place, causesOf, messageOf } from './failure.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { formatBytes, parseBytes } from './bytes.ts';
export { type Clock, systemClock } from './clock.ts';
export { type Backoff, type RetryOptions, backoffDelay, pool, retry } from './retry.ts';
export {
  codeBlock,
  codeSpan,
  escapeHtml,
  escapeLog,
  escapeMarkdown,
  folded,
  markdownTable,
} from './escape.ts';
export { MASK, type Redactor, redactor } from './redact.ts';
export {
  type Field,
  type FieldSources,
  FieldError,
  type Fields,
  type Inputs,
  bytes,
  duration,
  field,
  flag,
  integer,
  lines,
  linesOf,
  oneOf,
  pairs,
  orVariable,
  parseFields,
  percent,
  pattern,
  quote,
  rawText,
  required,
  secret,
  text,
  whyEmpty,
  withDefault,
} from './fields.ts';
export { type Log } from './log.ts';
export {
  type ExactNumber,
  WrittenNumber,
  compareNumbers,
  exactNumber,
  isInteger,
  isNumber,
  parseExactJson,
} from './number.ts';
export {
  type CheckResult,
  type PublishedReport,
  REPORT_LIMIT,
  type Report,
  cut,
  publishReport,
  redactTexts,
  reportJson,
} from './report.ts';
export { type Latency, latencyOf, quantile, readLatency } from './latency.ts';
export { type FoundReports, asReport, readReports } from './found-reports.ts';
export { sameVersion } from './version.ts';
export { MATCH_TIME, OutOfTime, matchWithin, within } from './within.ts';
