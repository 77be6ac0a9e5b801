import {
  FieldError,
  type Inputs,
  duration,
  field,
  flag,
  integer,
  lines,
  linesOf,
  messageOf,
  oneOf,
  quote,
  withDefault,
} from '@deploy-actions/kit';
import { engineField, projectField } from '@deploy-actions/ledger';
import { parseLogPlace, parseTextMatch, targetFields } from '@deploy-actions/probe/inputs';
import { optionalServerFields } from '@deploy-actions/shell';
import { parseTemplate } from './access-log/template.ts';
import { parseBaseline } from './baseline.ts';
import { parseMetricLine } from './metric-line.ts';

/** A share such as `0.5%`, from 0 to 1. */
function shareOf(value: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d{1,4})?) ?%$/.exec(value) ?? [];
  if (number === undefined || Number(number) > 100)
    throw new FieldError(`${quote(value)} is not a share`, {
      remedy: 'Write percent from 0% to 100%, such as 0.5%.',
    });
  return Number(number) / 100;
}

/** An http or https address without query. */
function baseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new FieldError(`${quote(value.replace(/\/\/[^/@\s]*@/, '//'))} is no address of Prometheus`, {
      remedy: 'Write such as http://prometheus.example.org:9090.',
    });
  return value;
}

export const fields = {
  ...targetFields,
  duration: withDefault(duration(1000, 6 * 3_600_000), 300_000),
  interval: withDefault(duration(1000, 3_600_000), 10_000),
  'requests-per-interval': withDefault(integer(1, 10_000), 100),
  'warm-up': withDefault(duration(0, 3_600_000), 0),
  'max-errors': integer(0, 1_000_000),
  'max-error-rate': field(shareOf),
  'min-requests': withDefault(integer(1, 1_000_000), 100),
  'max-consecutive-errors': withDefault(integer(0, 1_000_000), 5),
  'max-p95': duration(1, 600_000),
  'max-restarts': withDefault(integer(0, 10_000), 0),
  'log-patterns': linesOf((line) => {
    try {
      return parseTextMatch(line);
    } catch (error) {
      throw new FieldError(messageOf(error), { cause: error });
    }
  }),
  'max-cpu': field(shareOf),
  'max-memory': field(shareOf),
  'max-disk': field(shareOf),
  metrics: linesOf(parseMetricLine),
  'prometheus-url': field(baseUrl),
  'access-log': field(parseLogPlace),
  'access-log-format': field(parseTemplate),
  baseline: field(parseBaseline),
  'baseline-only': flag(),
  plan: flag(),
  'on-no-data': withDefault(oneOf(['fail', 'warn']), 'fail'),
  project: projectField(),
  engine: engineField(),
  services: lines(),
  ...optionalServerFields,
};

export type WatchInputs = Inputs<typeof fields>;

export const outputs = [
  'stable',
  'errors',
  'requests',
  'p95-ms',
  'reason',
  'baseline',
  'report',
  'report-file',
  'elapsed-ms',
] as const;

export type WatchOutputs = Record<(typeof outputs)[number], string | number | boolean | undefined>;
