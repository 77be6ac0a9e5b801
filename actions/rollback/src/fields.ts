import {
  type Field,
  FieldError,
  type Inputs,
  duration,
  field,
  flag,
  oneOf,
  pattern,
  quote,
  required,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { engineField, idField, isId, projectField } from '@deploy-actions/ledger';
import { type Hook, hooks } from '@deploy-actions/release/hook';
import { serverFields } from '@deploy-actions/shell';

function parseUrl(value: string): string {
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol) || /["\\\s]/.test(url.href) || url.username !== '') {
    throw new FieldError(`${quote(value)} is no http or https address`, {
      remedy: 'Write where the site answers, such as https://shop.example.org/version.',
    });
  }
  return url.href;
}

/** How data come back: by commands of the user's, or from a backup that the action backup took. */
export interface Restoration {
  commands: readonly Hook[];
  /** Its id, or `latest`. */
  backup: string | undefined;
}

/** `service: command` lines, or the id of a backup. */
function restoration(): Field<Restoration | undefined> {
  const commands = hooks();
  return field((value) =>
    isId(value) ? { commands: [], backup: value } : { commands: commands.parse(value), backup: undefined },
  );
}

export const fields = {
  ...serverFields,
  project: required(projectField()),
  engine: engineField(),
  to: pattern(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/, 'last-good, previous, a release, a version or a commit'),
  mode: withDefault(oneOf(['auto', 'flip', 'redeploy']), 'auto'),
  list: flag(),
  plan: flag(),
  'restore-backup': restoration(),
  'down-migrate': hooks(),
  'migrate-on': withDefault(oneOf(['first', 'each']), 'first'),
  'migrate-timeout': withDefault(duration(1000), 3_600_000),
  'allow-past-migration': flag(),
  'version-from': text(),
  'verify-url': field(parseUrl),
  'wait-timeout': withDefault(duration(1000), 300_000),
  'lock-timeout': withDefault(duration(0), 600_000),
  'deployment-id': idField(),
};

export const outputs = [
  'from',
  'to',
  'mode',
  'elapsed-ms',
  'reason',
  'releases',
  'report',
  'report-file',
] as const;

/** The inputs as they are given. */
export type GivenInputs = Inputs<typeof fields>;
/** The same, with the backup apart from the commands. */
export type RollbackInputs = Omit<GivenInputs, 'restore-backup'> & {
  'restore-backup': readonly Hook[];
  backup: string | undefined;
};
export type RollbackOutputs = Record<(typeof outputs)[number], string | number | object | undefined>;

/** Every output, and none of them known. */
export const EMPTY = Object.fromEntries(outputs.map((name) => [name, undefined])) as RollbackOutputs;
