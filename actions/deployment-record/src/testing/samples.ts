import type { CheckResult, Report } from '@deploy-actions/kit';
import type { StepRecord } from '@deploy-actions/ledger';

/** What ssh-compose-deploy writes of a deployment that went well. */
export function stepRecord(more: Partial<StepRecord> = {}): StepRecord {
  return {
    timestamp: '2026-01-01T00:00:00.000Z',
    deployment_id: '7-deploy',
    environment: 'production',
    status: 'success',
    git_sha: 'c'.repeat(40),
    git_ref: 'refs/heads/main',
    version: '1.4.0',
    release: '1.4.0-7',
    previous_release: '1.3.0-6',
    color: '',
    actor: 'octo',
    run_url: 'https://github.com/org/shop/actions/runs/7',
    duration_ms: 61_000,
    services_deployed: [
      { service: 'web', image: `ghcr.io/org/shop@sha256:${'a'.repeat(64)}`, action: 'recreate' },
      { service: 'db', image: 'postgres:17', action: 'keep' },
    ],
    health_checks: [
      { service: 'web', healthy: true },
      { service: 'db', healthy: true },
    ],
    rollback_available: true,
    servers: [{ name: 'web1', outcome: 'deployed' }],
    phases: [
      { name: 'pull', ok: true, duration_ms: 20_000 },
      { name: 'migrate', ok: true, duration_ms: 9000 },
      { name: 'up', ok: true, duration_ms: 12_000 },
      { name: 'wait', ok: true, duration_ms: 18_000 },
    ],
    ...more,
  };
}

export function checkOf(name: string, more: Partial<CheckResult> = {}): CheckResult {
  return { name, ok: true, attempts: 1, elapsedMs: 120, ...more };
}

export function reportOf(kind: Report['kind'], more: Partial<Report> = {}): Report {
  const ok = more.ok ?? true;
  return {
    kind,
    ok,
    summary: `${kind} ${ok ? 'is well' : 'failed'}`,
    elapsedMs: 5000,
    checks: [checkOf(`${kind} check`, { ok })],
    ...more,
  };
}
