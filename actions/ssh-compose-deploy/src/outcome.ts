import type { ServiceChange } from '@deploy-actions/compose';
import { type MemberOutcome, succeeded } from '@deploy-actions/host';
import { formatDuration, messageOf } from '@deploy-actions/kit';
import type { Inspection, Wanted } from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import type { DeployInputs, DeployOutputs } from './fields.ts';
import { type DeploymentRecord, writeRecord } from './record.ts';
import {
  type ServiceOutcome,
  digestAmong,
  phasesMarkdown,
  planLines,
  serversMarkdown,
  servicesMarkdown,
  withDigest,
} from './summary.ts';
import type { Target } from './targets.ts';

/** Record, summary and outputs of what happened. */
export async function report(
  outcomes: readonly MemberOutcome[],
  targets: readonly Target[],
  inputs: DeployInputs,
  ports: Ports,
  wanted: Wanted,
  outputs: DeployOutputs,
  begun: number,
): Promise<DeployOutputs> {
  const first = targets[0]!;
  const result = outcomes[0]?.result;
  const ok = outcomes.length === targets.length && outcomes.every(succeeded);
  const restored = outcomes.some((one) => one.result?.fields['restored'] === 'true');
  const changed = outcomes.some((one) => one.result?.fields['changed'] === 'true');
  const release = result?.fields['release'] ?? wanted.release;
  // With colours what ran before goes on running: the live release.
  const previous = first.prepared.color
    ? first.found.current
    : (result?.fields['previous'] ?? first.found.current);
  const services = servicesOutput(first.prepared.changes, first.found, result?.fields['digests']);
  const duration = elapsed(ports, begun);
  const status = statusOf(outcomes, { ok, restored, isUnchanged: !changed && release !== wanted.release });
  const rows = targets.map((target) => {
    const outcome = outcomes.find((one) => one.name === target.server.name);
    return { name: target.server.name, ...rowOf(outcome) };
  });
  const record = await writeRecord(ports.workflow.temp, {
    timestamp: ports.clock.wall().toISOString(),
    deployment_id: String(outputs['deployment-id']),
    environment: inputs.environment ?? '',
    status,
    git_sha: ports.workflow.sha,
    git_ref: ports.workflow.ref,
    version: wanted.version,
    release,
    previous_release: previous,
    color: first.prepared.color ?? '',
    actor: ports.workflow.actor,
    run_url: ports.workflow.runUrl,
    duration_ms: duration,
    services_deployed: Object.entries(services).map(([service, one]) => ({
      service,
      image: one.to,
      action: one.action,
    })),
    health_checks: first.prepared.services
      .filter((service) => service.kind === 'long')
      .map((service) => ({ service: service.name, healthy: ok })),
    rollback_available: previous !== '' && previous !== release,
    servers: rows.map(({ name, outcome }) => ({ name, outcome })),
  });
  const title = titleOf(status, { release, version: wanted.version, duration });
  ports.log.info(title);
  ports.summary(`### ${ok ? '✅' : '❌'} ${title}\n`);
  if (targets.length > 1) ports.summary(`${serversMarkdown(rows)}\n`);
  ports.summary(
    `${servicesMarkdown(Object.entries(services).map(([service, one]) => ({ service, ...one })))}\n`,
  );
  ports.summary(`${phasesMarkdown(outcomes.map((one) => ({ name: one.name, result: one.result })))}\n`);
  return { ...outputs, release, 'previous-release': previous, changed, services, record, duration };
}

function statusOf(
  outcomes: readonly MemberOutcome[],
  { ok, restored, isUnchanged }: { ok: boolean; restored: boolean; isUnchanged: boolean },
): DeploymentRecord['status'] {
  if (ok) return isUnchanged ? 'unchanged' : 'success';
  if (restored) return 'restored';
  return outcomes.some((one) => one.lost !== undefined) ? 'unknown' : 'failure';
}

function rowOf(outcome: MemberOutcome | undefined): { outcome: ServerWord; detail: string } {
  if (!outcome) return { outcome: 'not started', detail: '' };
  if (!outcome.result) return { outcome: 'not known', detail: messageOf(outcome.lost) };
  const detail = outcome.result.failure?.message ?? '';
  if (succeeded(outcome)) return { outcome: 'deployed', detail };
  return { outcome: outcome.result.fields['restored'] === 'true' ? 'restored' : 'failed', detail };
}

type ServerWord = DeploymentRecord['servers'][number]['outcome'];

function titleOf(
  status: DeploymentRecord['status'],
  { release, version, duration }: { release: string; version: string; duration: number },
): string {
  if (status === 'unchanged') return `Nothing changed: ${release} runs already`;
  if (status === 'success') return `Deployed ${version} in ${formatDuration(duration)}`;
  if (status === 'unknown') return `What became of the deployment of ${version} is not known`;
  return `The deployment of ${version} failed${status === 'restored' ? ' and the release before it was restored' : ''}`;
}

/**
 * The output `services`: service -> what was done and the images, by digest where that is known. `digests` are
 * lines of the server's: a service and the digests of its image.
 */
export function servicesOutput(
  changes: readonly ServiceChange[],
  found: Inspection,
  digests = '',
): Record<string, Omit<ServiceOutcome, 'service'>> {
  const after = new Map(
    digests.split('\n').map((line): [string, string[]] => {
      const [service = '', ...references] = line.split(' ');
      return [service, references.filter((one) => one !== '')];
    }),
  );
  return Object.fromEntries(
    changes.map(({ service, action, from, to, reasons }) => [
      service,
      {
        action,
        from: withDigest(from, found.images),
        to: digestAmong(to, after.get(service)) ?? withDigest(to, found.images),
        reasons,
      },
    ]),
  );
}

/** Shows what would happen, in the log and the summary. */
export function showPlan(
  targets: readonly Target[],
  inputs: DeployInputs,
  ports: Ports,
  outputs: DeployOutputs,
): DeployOutputs {
  ports.summary('### Plan: nothing was changed\n');
  for (const { server, prepared, found } of targets) {
    const changes = prepared.changes.map((change) => ({
      ...change,
      from: withDigest(change.from, found.images),
      to: withDigest(change.to, found.images),
    }));
    ports.log.info(`${server.name}: what a deployment would do (nothing is changed)`);
    for (const line of planLines(changes)) ports.log.info(`  ${line}`);
    ports.summary(`${targets.length > 1 ? `**${server.name}**\n\n` : ''}${servicesMarkdown(changes)}\n`);
  }
  const commands = (['before-up', 'migrate', 'after-up'] as const).flatMap((kind) =>
    inputs[kind].map((hook) => `${kind}: ${hook.service}: ${hook.text}`),
  );
  for (const command of commands) ports.log.info(`  would run ${command}`);
  if (commands.length > 0)
    ports.summary(
      `Would run:\n\n${commands.map((one) => `- ${one.replace(/[\\`*_<>|[\]]/g, '\\$&')}`).join('\n')}\n`,
    );
  const changed = targets.some((target) =>
    target.prepared.changes.some((change) => change.action !== 'keep'),
  );
  return { ...outputs, changed };
}

/** Milliseconds since `begun`. */
export function elapsed(ports: Ports, begun: number): number {
  return Math.round(ports.clock.now() - begun);
}
