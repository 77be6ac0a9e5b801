import type { ReadyStep } from '@deploy-actions/tooling/job';

/** A phase of the production pipeline, with what the team's own document allows it. */
export interface Phase {
  name: string;
  /** The steps of the example that do it, by their labels. */
  steps: readonly string[];
  allowedMinutes: number;
  /** What stands in the table where no step of the example does it. */
  instead?: string;
}

/**
 * The document that the example answers: how long its workflow is, and how long a release may take. Source: its sections
 * "Main Workflow File" and "Performance Benchmarks".
 */
export const DOCUMENT = { workflowLines: 847, allMinutes: 135 };

/** Its phases 1 to 10, in its order and with its minutes; the fourth as its parts 4a and 4b. */
export const PHASES: readonly Phase[] = [
  { name: 'Prepare', steps: ['prepare'], allowedMinutes: 5 },
  { name: 'Preflight', steps: ['verify', 'checkout', 'preflight'], allowedMinutes: 10 },
  { name: 'Tests', steps: [], allowedMinutes: 30, instead: 'in CI' },
  { name: 'Backup, loaded on trial', steps: ['backup'], allowedMinutes: 5 },
  { name: 'The new colour, migrations, static files', steps: ['deploy'], allowedMinutes: 30 },
  { name: 'Health checks', steps: ['health'], allowedMinutes: 20 },
  { name: 'Smoke tests', steps: ['smoke'], allowedMinutes: 10 },
  { name: 'Moving the traffic', steps: ['switch'], allowedMinutes: 5 },
  { name: 'Watch, to its confirmation', steps: ['watch', 'confirm'], allowedMinutes: 15 },
  { name: 'Record and messages', steps: ['record', 'telegram-notify', 'upload-artifact'], allowedMinutes: 2 },
  { name: 'The way back', steps: ['rollback'], allowedMinutes: 5 },
];

/** What a step is called here: its `id:`, else its action, and `confirm` for the one that confirms the switch. */
export function labelOf({ step: { id, uses, with: given } }: Pick<ReadyStep, 'step'>): string {
  if (id !== undefined) return id;
  return given['to'] === 'confirm' ? 'confirm' : uses.split('/').at(-1)!;
}

/** How many lines a YAML file has, comments and empty ones left out. */
export function countLines(yaml: string): number {
  return yaml.split('\n').filter((line) => !/^\s*(#|$)/.test(line)).length;
}
