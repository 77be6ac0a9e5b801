import {
  FieldError,
  type Inputs,
  duration,
  field,
  flag,
  integer,
  lines,
  linesOf,
  oneOf,
  pattern,
  quote,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { requiredValues } from '@deploy-actions/runner/required-values';
import { parseImageLine } from './image-lines.ts';
import { PLACEHOLDERS, parsePattern } from './placeholders.ts';
import { SOURCES, type Source } from './version-source.ts';

function sources(value: string): Source[] {
  const words = value.split(/[\s,]+/).filter((word) => word !== '');
  return words.map((word) => {
    const source = SOURCES.find((one) => one === word);
    if (source === undefined) throw new FieldError(`${quote(word)} is not one of ${SOURCES.join(', ')}`);
    return source;
  });
}

export const fields = {
  version: text(),
  'version-from': withDefault(field(sources), [...SOURCES]),
  'version-pattern': withDefault(
    field((value) => parsePattern(value, PLACEHOLDERS)),
    '{date}-{time}-{short-sha}',
  ),
  semver: withDefault(oneOf(['off', 'prefer', 'require']), 'off'),
  'deployment-id': field((value) => parsePattern(value, [...PLACEHOLDERS, 'version'])),
  images: linesOf(parseImageLine),
  'required-checks': lines(),
  'min-checks': integer(1, 1000),
  'checks-timeout': withDefault(duration(0, 6 * 3_600_000), 600_000),
  required: requiredValues(),
  'release-assets': linesOf((line) => parsePattern(line, [...PLACEHOLDERS, 'version'])),
  notes: withDefault(oneOf(['commits', 'pull-requests', 'none']), 'none'),
  'notes-since': pattern(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._+/@-]{0,199}$/, 'a tag or a commit'),
  environment: pattern(/^[\p{L}\p{N}][\p{L}\p{N} ._/@-]{0,254}$/u, "an environment's name"),
  reason: text(),
  'create-deployment': flag(),
  'github-token': secret(text()),
};

export type PrepareInputs = Inputs<typeof fields>;

export const outputs = [
  'version',
  'sha',
  'ref',
  'branch',
  'environment',
  'deployment-id',
  'images',
  'notes',
  'notes-file',
  'previous-version',
  'pull-request',
  'timestamp',
  'reason',
  'deployment',
  'report',
  'report-file',
] as const;
