import {
  FieldError,
  duration,
  field,
  flag,
  lines,
  oneOf,
  pairs,
  quote,
  required,
  secret,
  text,
  withDefault,
  rawText,
} from '@deploy-actions/kit';
import { STATUSES, type Status } from './record.ts';
import { webAddress } from './telegram.ts';

/** What may stand in `only-on`: a status, or `change` for an outcome that differs from the last run's. */
export type Occasion = Status | 'change';

function word(value: string): Status {
  const status = STATUSES.find((one) => one === value);
  if (status === undefined) throw new FieldError(`${quote(value)} is not one of ${STATUSES.join(', ')}`);
  return status;
}

/** `name=https://…` lines. */
export function links() {
  const inner = pairs();
  return {
    ...inner,
    parse: (value: string) =>
      inner.parse(value).map(([name, url]) => {
        // An empty address comes from an output that was not set: the link is not there, the message is.
        if (url !== '' && !webAddress(url))
          throw new FieldError(`the address of ${quote(name)} is not an http(s) URL`);
        return { name, url };
      }),
    empty: () => [],
  };
}

/** The inputs that every messenger has, by their names in action.yml. */
export const noticeFields = {
  status: required(field(word)),
  title: text(),
  message: text(),
  environment: text(),
  version: text(),
  'deployment-id': text(),
  fields: pairs(),
  links: links(),
  details: rawText(),
  reports: text(),
  phase: text(),
  update: text(),
  'only-on': withDefault(
    field((value): Occasion[] =>
      value
        .split(/[\s,]+/)
        .filter((one) => one !== '')
        .map((one) => (one === 'change' ? 'change' : word(one))),
    ),
    [] as Occasion[],
  ),
  'mention-on-failure': lines(),
  silent: flag(),
  deadline: withDefault(duration(1000, 600_000), 60_000),
  'on-failure': withDefault(oneOf(['warn', 'fail']), 'warn'),
  'github-token': secret(text()),
  optional: flag(),
};

export const noticeOutputs = ['delivered', 'message', 'attempts'] as const;
