import { type Member, type MemberOutcome, openFleet, upload } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type FlipOptions, tellEvent } from '@deploy-actions/traffic';
import type { Decision } from './decision.ts';
import type { RollbackInputs } from './fields.ts';

type Commands = Pick<RollbackInputs, 'down-migrate' | 'restore-backup' | 'migrate-on'>;

interface Deciding {
  server: { name: string };
  decision: Pick<Decision, 'kind'>;
}

/**
 * The server that runs the user's commands for all, as it migrated for all: the first of `host`. Undefined where each
 * server runs its own, or there are none. Throws where the commands may have run before.
 */
export function databaseServer(
  acting: readonly Deciding[],
  servers: readonly { name: string }[],
  inputs: Commands,
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
export function commandsFor<T extends Commands>(inputs: T, server: string, database: string | undefined): T {
  if (database === undefined || database === server) return inputs;
  return { ...inputs, 'down-migrate': [], 'restore-backup': [] };
}

/** Phases of a rollback that come after the commands. */
const PAST_DATABASE = ['up', 'wait', 'finish'];

/**
 * Runs rollbacks of which one, on `database`, runs commands first: all are ready before they run, and the others change
 * nothing before they have succeeded.
 */
export async function runAfterDatabase(
  members: readonly Member[],
  database: string,
  { clock, log, signal }: FlipOptions,
): Promise<MemberOutcome[]> {
  const fleet = openFleet({
    clock,
    signal,
    onEvent: (name, event) => tellEvent(log, `${name} | `, event),
  });
  const ended = () => fleet.runs.every(({ outcome }) => outcome !== undefined);
  const goOn = async () => {
    await fleet.until(
      () => fleet.failed() || fleet.runs.every(({ state, outcome }) => outcome || state === 'ready'),
    );
    if (fleet.failed()) return false;
    await fleet.go();
    const first = fleet.runs.find(({ member }) => member.name === database);
    await fleet.until(
      () => fleet.failed() || first?.outcome !== undefined || PAST_DATABASE.includes(first?.phase ?? ''),
    );
    if (fleet.failed()) return false;
    for (const one of fleet.runs) {
      if (one === first || one.outcome) continue;
      const { path, directory } = one.run.reference;
      await upload(one.run.session, path, directory, [{ name: 'proceed', content: '' }]);
    }
    return true;
  };
  try {
    await fleet.start(members, true);
    if (!(await goOn())) await fleet.cancel();
    await fleet.until(ended);
  } catch (error) {
    await fleet.cancel();
    throw error;
  }
  return fleet.runs.map(({ outcome }) => outcome!);
}
