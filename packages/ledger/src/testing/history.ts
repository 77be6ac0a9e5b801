import type {
  BackupEntry,
  ConfirmEntry,
  DeployEntry,
  HistoryEntry,
  HistoryLine,
  RedeployEntry,
  RestoreEntry,
  RollbackEntry,
  SwitchEntry,
} from '../history.ts';
import { majorColor, parseShare } from '../share.ts';

/** What a builder is not told: who did it and when does not matter to most tests. */
export type Line<T extends HistoryEntry> = Partial<Omit<T, 'operation'>>;

function line(release: string): HistoryLine {
  return {
    deployment_id: '7-deploy',
    release,
    version: release.toUpperCase(),
    sha: '',
    environment: 'production',
    color: '',
    actor: 'octo',
    run_url: 'https://github.example/o/r/actions/runs/7',
    reason: '',
    bad: false,
    at: '2026-01-01T00:00:00Z',
  };
}

/** A deploy in place that went well. One that ended otherwise is bad unless it is said that nothing was changed. */
export function deployed(release: string, more: Line<DeployEntry> = {}): DeployEntry {
  const outcome = more.outcome ?? 'succeeded';
  return {
    operation: 'deploy',
    ...line(release),
    ref: 'refs/heads/main',
    duration_ms: 1000,
    digests: {},
    bad: outcome === 'failed' || outcome === 'restored',
    ...more,
    outcome,
  };
}

function colorOf(share: string): 'blue' | 'green' | '' {
  const known = parseShare(share);
  return known ? majorColor(known) : '';
}

/** A switch that went well, from share to share. */
export function moved(from: string, to: string, release: string, more: Line<SwitchEntry> = {}): SwitchEntry {
  return {
    operation: 'switch',
    ...line(release),
    color: colorOf(to),
    reason: 'switch',
    outcome: 'succeeded',
    from,
    to,
    ...more,
  };
}

/** A rollback by the traffic that went well, or in place, with `previous`. */
export function rolledBack(release: string, more: Line<RollbackEntry> = {}): RollbackEntry {
  return {
    operation: 'rollback',
    ...line(release),
    color: colorOf(more.to ?? ''),
    reason: 'previous was asked for',
    outcome: 'succeeded',
    from: '',
    to: '',
    previous: '',
    duration_ms: 1000,
    ...more,
  };
}

/** The mark that a rollback leaves on the release that it left; `taken-back` takes it off. */
export function marked(
  release: string,
  outcome: 'rolled-back' | 'taken-back' = 'rolled-back',
  more: Line<RollbackEntry> = {},
): RollbackEntry {
  return rolledBack(release, { outcome, bad: outcome === 'rolled-back', reason: '', ...more });
}

/** The lines of a rollback in place. */
export function rolledBackInPlace(from: string, to: string, more: Line<RollbackEntry> = {}): RollbackEntry[] {
  return [marked(from, 'rolled-back', more), rolledBack(to, { previous: from, ...more })];
}

/** A release that was brought up in the idle colour. */
export function redeployed(release: string, more: Line<RedeployEntry> = {}): RedeployEntry {
  return {
    operation: 'redeploy',
    ...line(release),
    color: 'green',
    outcome: 'succeeded',
    duration_ms: 1000,
    digests: {},
    ...more,
  };
}

/** A switch that was confirmed: the traffic stays at `share`. */
export function switchConfirmed(share: string, release: string, more: Line<ConfirmEntry> = {}): ConfirmEntry {
  return {
    operation: 'confirm',
    ...line(release),
    color: colorOf(share),
    outcome: 'confirmed',
    from: share,
    to: share,
    ...more,
  };
}

/** A switch that nobody confirmed: the server gave the traffic back from share to share, where `release` is. */
export function returned(
  from: string,
  to: string,
  release: string,
  more: Line<ConfirmEntry> = {},
): ConfirmEntry {
  return {
    ...switchConfirmed(to, release),
    outcome: 'returned',
    from,
    reason: 'not confirmed in time',
    ...more,
  };
}

/** A backup that went well. */
export function backedUp(backup: string, more: Line<BackupEntry> = {}): BackupEntry {
  return {
    operation: 'backup',
    ...line(''),
    version: '',
    outcome: 'succeeded',
    backup,
    verified: 'read',
    bytes: 1000,
    duration_ms: 1000,
    ...more,
  };
}

/** The data of a backup came back. */
export function dataRestored(backup: string, more: Line<RestoreEntry> = {}): RestoreEntry {
  return {
    operation: 'restore',
    ...line(''),
    version: '',
    outcome: 'succeeded',
    backup,
    duration_ms: 1000,
    ...more,
  };
}

/** The same entry, of another deployment. */
export function by<T extends HistoryEntry>(deploymentId: string, entry: T): T {
  return { ...entry, deployment_id: deploymentId };
}
