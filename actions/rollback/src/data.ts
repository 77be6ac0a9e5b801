import { LOOK_AT_BACKUPS } from '@deploy-actions/archive/look';
import { inspect } from '@deploy-actions/host';
import { backupFor, currentRelease, dataCameWith, readBackups } from '@deploy-actions/ledger';
import type { SeenServer } from '@deploy-actions/traffic';
import type { RollbackInputs } from './fields.ts';
import { type Acting, ofServer } from './operations.ts';
import type { World } from './world.ts';

/**
 * The ids of the backups whose data come back, by the names of the servers that bring them back (`names`). `latest` is
 * another one on each, see `backupFor`. Changes nothing; throws where there is none.
 */
export async function backupsOf(
  names: readonly string[],
  acting: readonly Acting[],
  inputs: RollbackInputs,
  world: World,
): Promise<ReadonlyMap<string, string>> {
  const { backup } = inputs;
  if (backup === undefined) return new Map();
  if (backup !== 'latest') return new Map(names.map((name) => [name, backup]));
  const concerned = acting.filter(({ server }) => names.includes(server.name));
  return new Map(
    await Promise.all(
      concerned.map(async (one): Promise<[string, string]> => {
        const { name } = one.server;
        try {
          return [name, await latestOn(one, inputs, world)];
        } catch (error) {
          throw acting.length > 1 ? ofServer(name, error) : error;
        }
      }),
    ),
  );
}

async function latestOn(
  { server, session, look, decision }: Acting,
  inputs: RollbackInputs,
  world: World,
): Promise<string> {
  if (decision.kind !== 'redeploy' && decision.kind !== 'recolor') return '';
  const { fields } = await inspect(session, {
    path: server.path,
    program: LOOK_AT_BACKUPS.with({
      project: inputs.project,
      engine: 'compose',
      docker_host: server.dockerHost ?? '',
      plan: '',
      retention: '0',
      keep_last: '1',
    }),
    signal: world.signal,
    visit: true,
  });
  const { records, unread } = readBackups(fields['whole'] ?? '');
  for (const sentence of unread) world.log.warning(`${server.name}: ${sentence}`);
  const left = decision.kind === 'redeploy' ? decision.from : decision.fromRelease;
  const { backup, reason } = backupFor(decision.release.id, left, look.releases, records);
  world.log.info(
    `${server.name}: restore-backup: latest is ${backup.id}, begun ${backup.created}: ${reason}`,
  );
  return backup.id;
}

/**
 * The inputs without what takes the data back, where an earlier run has done that already on the server that does it for all,
 * and only failed on others: the first server serves the very release that these go to, and the data came back with it.
 */
export function withoutDone(
  seen: readonly SeenServer[],
  acting: readonly Acting[],
  inputs: RollbackInputs,
  world: World,
): RollbackInputs {
  const [first] = seen;
  if (!first || seen.length < 2 || inputs['migrate-on'] === 'each') return inputs;
  const serves = currentRelease(first.look, inputs.project);
  const goes = acting.every(({ decision }) => 'release' in decision && releaseOf(decision) === serves);
  const isActing = acting.some(({ server }) => server.name === first.server.name);
  if (serves === '' || isActing || !goes || !dataCameWith(serves, first.look.history)) return inputs;
  world.log.info(`${first.server.name}: an earlier run has taken the data back for ${serves}`);
  return { ...inputs, 'down-migrate': [], 'restore-backup': [], backup: undefined };
}

function releaseOf(decision: Extract<Acting['decision'], { release: unknown }>): string {
  return decision.kind === 'flip' ? decision.release : decision.release.id;
}
