import type { Facts } from '@deploy-actions/readiness';
import type { ConnectionFacts } from './checks/check.ts';

/** What may be told of a server: nothing of its configuration, and no value. */
export function factsOutput(
  { machine, engine, release, status, backups }: Facts,
  { connectMs, lookMs, execs }: ConnectionFacts,
): object {
  const { disks, skew, ...rest } = machine;
  const found = 'is' in release ? release.is : undefined;
  const lock = 'is' in status ? status.is.lock : undefined;
  return {
    connection: { connect_ms: connectMs, look_ms: lookMs, execs },
    ...rest,
    disks,
    clock_skew_ms: skew?.ms,
    docker: 'is' in engine ? engine.is.engine : undefined,
    compose: 'is' in engine ? engine.is.compose : undefined,
    project: found?.project,
    current: found?.current,
    releases: found?.releases.map(({ id, version }) => ({ id, version })),
    lock: lock && { actor: lock.actor, since: lock.since, run_url: lock.runUrl },
    newest_backup: backups[0] && new Date(backups[0].created).toISOString(),
  };
}
