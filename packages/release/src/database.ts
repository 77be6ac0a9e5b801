import { ALL_OR_NONE, type Protocol } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import type { RollbackDecision } from '@deploy-actions/ledger';
import { type Hook, hookFile } from './hook.ts';

/** Commands of the user's that undo what was done to the data, and where they run; named as the inputs are. */
export interface DatabaseCommands {
  'down-migrate': readonly Hook[];
  'restore-backup': readonly Hook[];
  'migrate-on': 'first' | 'each';
  /** Milliseconds that one of them may take. */
  'migrate-timeout': number;
}

interface Deciding {
  server: { name: string };
  decision: Pick<RollbackDecision, 'kind'>;
}

/** The commands, as files of a run. */
export function databaseUploads(
  commands: Pick<DatabaseCommands, 'down-migrate' | 'restore-backup'>,
): { name: string; content: string }[] {
  return (['down-migrate', 'restore-backup'] as const).flatMap((kind) =>
    commands[kind].map((hook, index) => ({
      name: `hooks/${kind}-${String(index + 1).padStart(2, '0')}`,
      content: hookFile(hook),
    })),
  );
}

/** The limits of the commands; data that is half brought back is worse than what takes its time. */
export function commandLimits({ 'migrate-timeout': limit }: Pick<DatabaseCommands, 'migrate-timeout'>) {
  const seconds = String(Math.ceil(limit / 1000));
  return { hook_timeout: seconds, migrate_timeout: seconds, migrate_on_cancel: 'finish' } as const;
}

/** So many seconds a server waits for the commands on another one: for all of them, one after the other. */
export function databaseSeconds(commands: Omit<DatabaseCommands, 'migrate-on'>, margin: number): number {
  const count = commands['down-migrate'].length + commands['restore-backup'].length;
  return Math.ceil((count * commands['migrate-timeout']) / 1000) + margin;
}

/**
 * The server that runs the user's commands for all, as it migrated for all: the first of `host`. Undefined where each
 * server runs its own, or there are none. Throws where the commands may have run before.
 */
export function databaseServer(
  acting: readonly Deciding[],
  servers: readonly { name: string }[],
  inputs: DatabaseCommands,
): string | undefined {
  const [input] = (['down-migrate', 'restore-backup'] as const).filter((name) => inputs[name].length > 0);
  if (input === undefined || inputs['migrate-on'] === 'each' || servers.length < 2) return undefined;
  const first = servers[0]!.name;
  const [own, ...others] = acting;
  if (own?.server.name !== first) {
    throw new Failure(
      'input',
      `\`${input}\` runs on ${first} for all servers, and nothing is to be rolled back there`,
      {
        input,
        remedy:
          'If it has run there before, leave it out and set allow-past-migration: true; if each server has a database of its own, set migrate-on: each.',
      },
    );
  }
  const other = others.find(({ decision }) => decision.kind !== own.decision.kind);
  if (other) {
    throw new Failure(
      'refused',
      `${first} and ${other.server.name} go back in different ways, so the other servers cannot wait for \`${input}\``,
      {
        input,
        remedy: 'Undo the migrations in a step of its own, then roll back with allow-past-migration: true.',
      },
    );
  }
  return first;
}

/** Only the server of the database, or each where there is none, runs the commands. */
export function commandsFor<T extends DatabaseCommands>(
  inputs: T,
  server: string,
  database: string | undefined,
): T {
  if (database === undefined || database === server) return inputs;
  return { ...inputs, 'down-migrate': [], 'restore-backup': [] };
}

/**
 * Rollbacks of which one, on `database`, runs commands first: all are ready before they run, and the others change
 * nothing before they have succeeded.
 */
export function afterDatabase(database: string): Protocol {
  return {
    steps: [
      ...ALL_OR_NONE.steps,
      {
        step: 'proceed',
        parallel: Infinity,
        first: { name: database, at: { phase: 'up' }, word: () => Promise.resolve('') },
      },
    ],
  };
}
