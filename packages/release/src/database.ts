import { ALL_OR_NONE, type Protocol } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import type { RollbackDecision } from '@deploy-actions/ledger';
import { type Hook, hookFile } from './hook.ts';

/**
 * What takes the data back: commands of the user's that undo what was done to them, or a backup, and where that is done; named
 * as the inputs are.
 */
export interface DatabaseCommands {
  'down-migrate': readonly Hook[];
  'restore-backup': readonly Hook[];
  /** In the place of commands of `restore-backup`: an id, or `latest`, which is another one on each server. */
  backup: string | undefined;
  'migrate-on': 'first' | 'each';
  /** Milliseconds that one of them, or the backup, may take. */
  'migrate-timeout': number;
}

interface Deciding {
  server: { name: string };
  decision: Pick<RollbackDecision, 'kind'>;
}

/** The commands, and what of a backup is wanted (all of it), as files of a run. */
export function databaseUploads(
  commands: Pick<DatabaseCommands, 'down-migrate' | 'restore-backup' | 'backup'>,
): { name: string; content: string }[] {
  const hooks = (['down-migrate', 'restore-backup'] as const).flatMap((kind) =>
    commands[kind].map((hook, index) => ({
      name: `hooks/${kind}-${String(index + 1).padStart(2, '0')}`,
      content: hookFile(hook),
    })),
  );
  return commands.backup === undefined ? hooks : [{ name: 'sources', content: '' }, ...hooks];
}

/** Whether something takes the data back. */
export function takesDataBack({
  'down-migrate': down,
  'restore-backup': restore,
  backup,
}: Pick<DatabaseCommands, 'down-migrate' | 'restore-backup' | 'backup'>): boolean {
  return down.length + restore.length > 0 || backup !== undefined;
}

/** The limits of the commands; data that is half brought back is worse than what takes its time. */
export function commandLimits({ 'migrate-timeout': limit }: Pick<DatabaseCommands, 'migrate-timeout'>) {
  const seconds = String(Math.ceil(limit / 1000));
  return { hook_timeout: seconds, migrate_timeout: seconds, migrate_on_cancel: 'finish' } as const;
}

/** So many seconds a server waits for the data on another one: for all that takes them back, one after the other. */
export function databaseSeconds(commands: Omit<DatabaseCommands, 'migrate-on'>, margin: number): number {
  const count =
    commands['down-migrate'].length +
    commands['restore-backup'].length +
    (commands.backup === undefined ? 0 : 1);
  return Math.ceil((count * commands['migrate-timeout']) / 1000) + margin;
}

/**
 * The server that takes the data back for all, as it migrated for all: the first of `host`. Undefined where each server has
 * its own, or nothing takes them back. Throws where that may have been done before.
 */
export function databaseServer(
  acting: readonly Deciding[],
  servers: readonly { name: string }[],
  inputs: DatabaseCommands,
): string | undefined {
  if (!takesDataBack(inputs)) return undefined;
  const input = inputs['down-migrate'].length > 0 ? 'down-migrate' : 'restore-backup';
  if (inputs['migrate-on'] === 'each' || servers.length < 2) return undefined;
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
        remedy: 'Take the data back in a step of its own, then roll back with allow-past-migration: true.',
      },
    );
  }
  return first;
}

/** The names of the servers that take the data back: `database` alone, or each. None where nothing does. */
export function databaseServers(
  acting: readonly Deciding[],
  database: string | undefined,
  inputs: DatabaseCommands,
): string[] {
  if (!takesDataBack(inputs)) return [];
  return acting
    .map(({ server }) => server.name)
    .filter((name) => database === undefined || name === database);
}

/** Only the server of the database, or each where there is none, runs the commands. */
export function commandsFor<T extends DatabaseCommands>(
  inputs: T,
  server: string,
  database: string | undefined,
): T {
  if (database === undefined || database === server) return inputs;
  return { ...inputs, 'down-migrate': [], 'restore-backup': [], backup: undefined };
}

/** Says of a failure after which nothing more is done that the data had been taken back before, and what to do then. */
export function onTakenData(failure: Failure): Failure {
  return new Failure(
    failure.kind,
    `${failure.message}. The data were taken back before, and what serves runs on them`,
    {
      ...failure,
      cause: failure.cause,
      remedy: [
        failure.remedy,
        'Mend that and run the same rollback again, or deploy the version that serves again: its migrations run then.',
      ]
        .filter(Boolean)
        .join(' '),
    },
  );
}

/**
 * Rollbacks of which one, on `database`, takes the data back first: all are ready before that, and the others change nothing
 * before it has succeeded.
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
