import {
  ALL_OR_NONE,
  type Member,
  type MemberOutcome,
  type Operation,
  changed,
  fleetFailure,
  operationHash,
  outcomeText,
  runTogether,
  succeeded,
  timerText,
} from '@deploy-actions/host';
import { Failure, type Report, formatDuration, sameVersion } from '@deploy-actions/kit';
import { type VersionSource, throughSession, versionOf } from '@deploy-actions/probe';
import {
  type Color,
  changesSchema,
  currentRelease,
  deploymentIdOf,
  liveOnlyServices,
  parseShare,
  releaseOfColor,
  schemaChanges,
} from '@deploy-actions/ledger';
import type { Ports } from '@deploy-actions/runner';
import type { Server } from '@deploy-actions/shell';
import {
  type PreparedSite,
  type ProxyFile,
  type SeenServer,
  type SwitchPlan,
  colorsOf,
  confirmProgram,
  doorFor,
  leadOf,
  movedAddresses,
  placeOf,
  proxyOf,
  siteOn,
  siteParameters,
  switchParameters,
  switchProgram,
  timerProgram,
} from '@deploy-actions/traffic';
import type { SwitchInputs, SwitchOutputs } from './fields.ts';
import { type Reporting, publish } from './report.ts';
import { switchMarkdown } from './summary.ts';
import { isConfirmed } from './target.ts';
import { checkForCluster } from './cluster.ts';
import { memberOf } from './member.ts';
import type { World } from './world.ts';

/** A server waits this long for the others before it stops without having changed anything. */
const GO_SECONDS = 120;

/** How often the server hears that the runner is there, and after how long it misses it. */
const ALIVE_EVERY = 5000;
const WATCH_RUNNER = 30;

/** Moves the traffic of every server to a colour, or none of them. */
export async function moveTraffic(
  seen: readonly SeenServer[],
  target: Color,
  source: VersionSource,
  inputs: SwitchInputs,
  world: World,
): Promise<SwitchOutputs> {
  const begun = world.clock.now();
  checkForCluster(seen, inputs, target);
  const sites = seen.map((one) => {
    const site = siteOn(one.look, inputs.project);
    const moved = movedAddresses(site, one.look);
    if (moved !== undefined) {
      throw new Failure('refused', `${one.server.name}: ${moved}`, {
        remedy: 'Run this action with install: true once more.',
      });
    }
    requireCanary(site, one.server.name, inputs.weight);
    return { ...one, site, liveOnly: liveOnlyOf(one, inputs) };
  });
  for (const one of sites) tellWayBack(one, target, inputs.project, world);
  await Promise.all(sites.map((one) => expectVersion(one, target, source, inputs, world)));
  const isCanary = inputs.weight.length > 1;
  const plan: Omit<SwitchPlan, 'liveOnly'> = {
    target,
    steps: inputs.weight,
    stepSeconds: Math.ceil(inputs['step-interval'] / 1000),
    drainSeconds: Math.ceil(inputs['drain-timeout'] / 1000),
    stopAfter: stopAfter(inputs),
    confirmSeconds: Math.ceil((inputs['confirm-within'] ?? 0) / 1000),
    hosts: seen.length,
    goSeconds: GO_SECONDS,
    maxErrorRate: inputs['max-error-rate'],
    maxP95: inputs['max-p95'],
    minRequests: inputs['min-requests'],
    watchRunner: isCanary ? WATCH_RUNNER : 0,
    actor: world.workflow.actor,
    runUrl: world.workflow.runUrl,
    reason: 'switch',
  };
  if (inputs.plan) return tellPlan(sites, target, inputs.weight, world);
  const [first] = sites;
  const lead = leadOf(first!.look, first!.site, doorFor(first!.site, inputs['verify-url']));
  const members = sites.map((one, index): Member => {
    const place = placeOf(one.look, index);
    const verification = {
      ...doorFor(one.site, inputs['verify-url']),
      version: inputs['expect-version'] ?? '',
      seconds: Math.ceil(inputs['verify-timeout'] / 1000),
    };
    const parameters = {
      ...siteParameters(one.site, verification, one.server.dockerHost),
      ...switchParameters({
        ...plan,
        liveOnly: one.liveOnly,
        place,
        // What a cluster runs goes once, by its manager.
        ...(place === 'node' && { stopAfter: undefined, lead }),
      }),
    };
    return memberOf(
      one,
      {
        name: 'switch',
        program: switchProgram(one.site.kind, colorsOf(one.look)).take(parameters),
        files: [
          timerFile(one, parameters, deploymentIdOf(inputs['deployment-id'], world.workflow)),
          ...proxyOf(one.site.kind).files(one.site),
        ],
        inputHash: operationHash([target, inputs.weight, one.look.share, one.look.traffic?.fence ?? 0]),
        resumeOnBoot: inputs['resume-on-boot'],
      },
      inputs,
      world,
    );
  });
  const protocol = { ...ALL_OR_NONE, undo: backFrom };
  const outcomes = await runTogether(members, protocol, {
    ...world,
    ...(isCanary ? { aliveEvery: ALIVE_EVERY } : {}),
  });
  const elapsed = Math.round(world.clock.now() - begun);
  const outputs = outputsOf(outcomes, elapsed, world);
  world.summary(switchMarkdown(outcomes, target));
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  if (failure) throw failure;
  return outputs;
}

/** Whether the traffic may come back after a migration, by the rule that rollback goes by too; said before it moves. */
function tellWayBack({ server, look }: SeenServer, target: Color, project: string, { log }: Ports): void {
  const release = look.releases.find(({ id }) => id === releaseOfColor(look, project, target));
  const current = currentRelease(look, project);
  if (!release || !changesSchema(release) || release.id === current) return;
  const back = schemaChanges(current, look).length === 0;
  log.info(
    `${server.name}: ${release.id} changed the schema while ${current || 'a stack without a record'} served. ` +
      (back
        ? 'That has run on it since, so the traffic may go back to it, by hand and by itself; to nothing that served before'
        : 'That has not run on it since: rollback refuses to go back to it'),
  );
}

/** A proxy that was prepared without a canary knows no weights. */
function requireCanary(site: PreparedSite, server: string, steps: readonly number[]): void {
  const step = steps.find((weight) => weight < 100);
  if (step === undefined || site.canary) return;
  throw new Failure(
    'refused',
    `${server}: the proxy was prepared without a canary, so it knows no share of ${step} %`,
    {
      input: 'weight',
      remedy: `Run this action once with install: true and weight: ${steps.join(',')}.`,
    },
  );
}

/** What undoes a switch that went well. */
function backFrom(member: Member, outcome: MemberOutcome): Operation | undefined {
  const { fields } = outcome.result!;
  const from = parseShare(fields['from'] ?? '');
  if (fields['changed'] !== 'true' || !from) return undefined;
  const { operation } = member;
  return {
    ...operation,
    program: changed(operation.program, {
      target: from.color,
      steps: String(from.weight),
      hosts: '1',
      confirm_seconds: '0',
      stop_after: '',
      traffic_first: '1',
      expect_version: '',
      reason: 'another server failed',
    }),
    inputHash: operationHash([operation.inputHash, 'back']),
  };
}

/** What runs only where the traffic is: as the containers say, and as the input adds. */
function liveOnlyOf(seen: SeenServer, inputs: SwitchInputs): string[] {
  return [...new Set([...liveOnlyServices(seen.look), ...inputs['live-only-services']])].sort();
}

/** The colour answers with the expected version before anything moves; asked at its own address, past the proxy. */
async function expectVersion(
  { site, ...seen }: SeenServer & { site: PreparedSite },
  target: Color,
  source: VersionSource,
  inputs: SwitchInputs,
  ports: Ports,
): Promise<void> {
  const expected = inputs['expect-version'];
  if (expected === undefined || site.container !== '') return;
  const address = site.routes[0]![target][0]!;
  const { pathname, search } = new URL(inputs['verify-url'] ?? site.url);
  const reach = throughSession(seen.session, { log: ports.log, redactor: ports.redactor });
  try {
    const answer = await reach.request({
      url: `http://${address}${pathname}${search}`,
      deadline: 10_000,
      overflow: 'cut',
      signal: ports.signal,
    });
    const got = versionOf(answer, source);
    if (got !== undefined && sameVersion(expected, got)) return;
    throw new Failure(
      'unhealthy',
      `${target} at ${address} answers ${answer.status} with ${got === undefined ? 'no version' : `version ${got}`}, not ${expected}; nothing was changed`,
      {
        remedy: 'Deploy that version to the idle colour, or correct `expect-version` and `version-from`.',
      },
    );
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('unhealthy', `${target} does not answer at ${address}; nothing was changed`, {
      cause: error,
    });
  } finally {
    await reach.close();
  }
}

/** Seconds until the old colour is stopped; undefined keeps it. */
function stopAfter(inputs: SwitchInputs): number | undefined {
  return inputs['stop-old'] === undefined ? undefined : Math.ceil(inputs['stop-old'] / 1000);
}

/** What the server runs by itself, when nobody confirms or when the old colour's time is over. */
function timerFile(
  { server, site, look }: SeenServer & { site: PreparedSite },
  parameters: ReturnType<typeof siteParameters> & ReturnType<typeof switchParameters>,
  deploymentId: string,
): ProxyFile {
  const timer = timerProgram(site.kind, colorsOf(look)).take({
    ...parameters,
    path: server.path,
    deployment_id: deploymentId,
  });
  return { name: 'timer.sh', content: timerText(timer) };
}

function tellPlan(
  sites: readonly { server: Server; look: SeenServer['look'] }[],
  target: Color,
  steps: readonly number[],
  ports: Ports,
): SwitchOutputs {
  const to = steps.map((weight) => `${weight} %`).join(', ');
  for (const { server, look } of sites) {
    ports.log.info(
      `${server.name}: traffic is on ${look.share}; ${target} would get ${to}. Nothing was changed.`,
    );
  }
  return { ...NO_OUTPUTS, from: sites[0]!.look.share, to: target, weight: 0 };
}

export const NO_OUTPUTS: SwitchOutputs = {
  from: undefined,
  to: undefined,
  weight: undefined,
  'switched-at': undefined,
  'overlap-ms': undefined,
  drained: undefined,
  report: undefined,
  'report-file': undefined,
};

function outputsOf(outcomes: readonly MemberOutcome[], elapsedMs: number, world: Reporting): SwitchOutputs {
  const [first] = outcomes;
  const fields = first?.result?.fields ?? {};
  const number = (name: string) => (fields[name] === undefined ? undefined : Number(fields[name]));
  const overlaps = outcomes.flatMap((one) =>
    one.result?.fields['overlap_ms'] === undefined ? [] : [Number(one.result.fields['overlap_ms'])],
  );
  return {
    from: fields['from'],
    to: fields['to'],
    weight: number('weight') ?? (fields['changed'] === 'false' ? 100 : 0),
    'switched-at': fields['switched_at'],
    'overlap-ms': overlaps.length === 0 ? undefined : Math.max(...overlaps),
    drained: drainedOf(outcomes),
    ...publish(switchReport(outcomes, elapsedMs), world),
  };
}

/** True when it is so on every server, false when it is not so on one. */
function drainedOf(outcomes: readonly MemberOutcome[]): string | undefined {
  const each = outcomes.map((one) => one.result?.fields['drained']);
  if (each.every((one) => one === 'true')) return 'true';
  return each.find((one) => one === 'false') ?? each.find((one) => one !== 'true');
}

/** One check per server, and one per canary step. */
export function switchReport(outcomes: readonly MemberOutcome[], elapsedMs: number): Report {
  const checks = outcomes.flatMap((one) => {
    const fields = one.result?.fields ?? {};
    const steps = (fields['gates'] ?? '').split(';').flatMap((text) => {
      const [share, count, errors, p95, ...source] = text.split(' ');
      if (!share || count === undefined) return [];
      return [
        {
          name: `${one.name}: ${share}`,
          ok: true,
          attempts: Number(count),
          elapsedMs: 0,
          detail: `${count} requests, ${Number(errors) / 100} % failed, p95 ${p95} ms, by ${source.join(' ')}`,
        },
      ];
    });
    // One that was undone serves what it served before.
    const ok = succeeded(one) && one.undone === undefined;
    const detail = ok
      ? `${fields['from']} to ${fields['to']} by ${fields['mechanism'] ?? 'nothing'}${fields['overlap_ms'] === undefined ? '' : `, overlap ${fields['overlap_ms']} ms`}${fields['drain_left'] === undefined ? '' : `, ${fields['drain_left']} connections left on the old colour`}`
      : outcomeText(one);
    const check = {
      name: one.name,
      ok,
      attempts: 1,
      elapsedMs: one.result?.elapsedMs ?? 0,
      detail,
    };
    return [
      check,
      ...(succeeded(one) ? steps : steps.map((step, index) => ({ ...step, ok: index < steps.length - 1 }))),
    ];
  });
  const ok = outcomes.every(succeeded);
  const to = outcomes[0]?.result?.fields['to'] ?? '';
  return {
    kind: 'switch',
    ok,
    summary: ok ? `traffic is on ${to} after ${formatDuration(elapsedMs)}` : `traffic did not move to ${to}`,
    elapsedMs,
    checks,
  };
}

/** Confirms a switch that would otherwise be taken back. */
export async function confirmSwitch(
  seen: readonly SeenServer[],
  inputs: SwitchInputs,
  world: World,
): Promise<SwitchOutputs> {
  const deploymentId = deploymentIdOf(inputs['deployment-id'], world.workflow);
  checkForCluster(seen, inputs);
  // An earlier attempt of this job may have confirmed it.
  const isDone = ({ look }: SeenServer) => world.workflow.runAttempt > 1 && isConfirmed(look, deploymentId);
  if (seen.every(isDone)) {
    const { share } = seen[0]!.look;
    world.log.info(`The switch to ${share} was confirmed by an earlier attempt of this job.`);
    const report = { ...switchReport([], 0), summary: `traffic is on ${share}, confirmed before` };
    return { ...NO_OUTPUTS, from: share, to: share, weight: 100, ...publish(report, world) };
  }
  const firstSite = siteOn(seen[0]!.look, inputs.project);
  const lead = leadOf(seen[0]!.look, firstSite, firstSite);
  const open = seen
    .map((one, index) => ({ ...one, place: placeOf(one.look, index) }))
    .filter((one) => !isDone(one));
  const members = open.map((one): Member => {
    const site = siteOn(one.look, inputs.project);
    const verification = { url: site.url, connect: site.connect, version: '', seconds: 10 };
    const parameters = {
      ...siteParameters(site, verification, one.server.dockerHost),
      ...switchParameters({
        target: 'blue',
        drainSeconds: Math.ceil(inputs['drain-timeout'] / 1000),
        stopAfter: one.place === 'node' ? undefined : stopAfter(inputs),
        place: one.place,
        lead: one.place === 'node' ? lead : undefined,
        hosts: open.length,
        goSeconds: GO_SECONDS,
        actor: world.workflow.actor,
        runUrl: world.workflow.runUrl,
        reason: 'confirmed',
      }),
    };
    return memberOf(
      one,
      {
        name: 'confirm',
        program: confirmProgram(site.kind, colorsOf(one.look)).take(parameters),
        files: [
          timerFile({ ...one, site }, parameters, deploymentId),
          // For the return, where the confirmation comes too late.
          ...proxyOf(site.kind).files(site),
        ],
        inputHash: operationHash([
          'confirm',
          one.look.share,
          one.look.traffic?.fence ?? 0,
          one.look.confirm ?? '',
        ]),
      },
      inputs,
      world,
    );
  });
  const outcomes = await runTogether(members, ALL_OR_NONE, world);
  const outputs: SwitchOutputs = {
    ...NO_OUTPUTS,
    from: outcomes[0]?.result?.fields['from'],
    to: outcomes[0]?.result?.fields['to'],
    weight: 100,
    drained: drainedOf(outcomes),
    ...publish(switchReport(outcomes, 0), world),
  };
  const failure = fleetFailure(outcomes, outputs);
  if (failure) throw failure;
  return outputs;
}
