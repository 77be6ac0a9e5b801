import { type Inputs, duration, flag, integer, lines, required, withDefault } from '@deploy-actions/kit';
import { engineField, projectField } from '@deploy-actions/ledger';
import { targetFields } from '@deploy-actions/probe/inputs';
import { optionalServerFields } from '@deploy-actions/shell';

export const fields = {
  ...targetFields,
  targets: required(targetFields.targets),
  interval: withDefault(duration(10, 3_600_000), 250),
  timeout: withDefault(duration(100, 86_400_000), 120_000),
  'initial-delay': withDefault(duration(0, 3_600_000), 0),
  retries: integer(0, 1_000_000),
  successes: withDefault(integer(1, 1000), 1),
  concurrency: withDefault(integer(1, 1000), 64),
  project: projectField(),
  engine: engineField(),
  services: lines(),
  'fail-fast': { ...flag(), empty: () => true },
  ...optionalServerFields,
};

export const outputs = ['healthy', 'report', 'report-file', 'elapsed-ms'] as const;

export type HealthInputs = Inputs<typeof fields>;
export type HealthOutputs = Record<(typeof outputs)[number], string | number | boolean | undefined>;
