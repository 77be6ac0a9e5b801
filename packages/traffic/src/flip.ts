import { type Operation, operationHash } from '@deploy-actions/host';
import { type RollbackDecision, liveOnlyServices, parseShare } from '@deploy-actions/ledger';
import { colorsOf } from './cluster.ts';
import { ANY_RELEASE, type Place, flipProgram, siteParameters, switchParameters } from './program/index.ts';
import { proxyOf } from './proxy/registry.ts';
import { type SeenServer, siteOn } from './server.ts';

export type FlipDecision = Extract<RollbackDecision, { kind: 'flip' }>;

/** How the traffic is moved back. */
export interface FlipOptions {
  project: string;
  /** How long the containers of the colour have to become well, where they are started first. */
  waitSeconds: number;
  /** How many servers go back together, and the seconds that each waits for the others. */
  hosts: number;
  goSeconds: number;
  /** Default: a server by itself. */
  place?: Place;
  common: Pick<Operation, 'name' | 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>;
}

/**
 * Moves the traffic back to a colour that still holds what was chosen. Throws a `refused` Failure where no proxy was
 * prepared.
 */
export function flipOperation(
  { server, look }: SeenServer,
  decision: FlipDecision,
  { project, waitSeconds, hosts, goSeconds, place = 'server', common }: FlipOptions,
): Operation {
  const site = siteOn(look, project);
  const parameters = {
    ...siteParameters(
      site,
      { url: site.url, connect: site.connect, version: '', seconds: 30 },
      server.dockerHost,
    ),
    ...switchParameters({
      target: decision.to,
      liveOnly: liveOnlyServices(look),
      trafficFirst: true,
      hosts,
      goSeconds,
      place,
      actor: common.holder.actor,
      runUrl: common.holder.runUrl,
      reason: decision.reason,
    }),
    start_target: String(waitSeconds),
    marks_bad: decision.fromRelease,
    expect_slot: decision.slot,
  };
  return {
    ...common,
    program: flipProgram(site.kind, colorsOf(look)).take(parameters),
    // No timers: what is rolled back stays so.
    files: proxyOf(site.kind).files(site),
    inputHash: operationHash(['flip', decision.to, look.share, look.traffic?.fence ?? 0]),
  };
}

/**
 * The parameters by which the same program moves the traffic to where it was before, by the fields of its result;
 * undefined where nothing was moved.
 */
export function flipBack(
  decision: FlipDecision,
  fields: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const from = parseShare(fields['from'] ?? '');
  if (fields['changed'] !== 'true' || !from) return undefined;
  return {
    target: from.color,
    steps: String(from.weight),
    expect_slot: ANY_RELEASE,
    marks_bad: '',
    marks_good: decision.fromRelease,
  };
}
