import {
  ALL_OR_NONE,
  type Member,
  type MemberOutcome,
  fleetFailure,
  operationHash,
  runTogether,
  succeeded,
} from '@deploy-actions/host';
import type { Report } from '@deploy-actions/kit';
import {
  type SeenServer,
  colorsOf,
  doorFor,
  lookAt,
  placeOf,
  proxyOf,
  siteParameters,
  switchParameters,
  uninstallProgram,
} from '@deploy-actions/traffic';
import { planUninstallation } from '@deploy-actions/traffic/install';
import { checkForCluster } from './cluster.ts';
import { tellDiffs } from './difference.ts';
import type { SwitchInputs, SwitchOutputs } from './fields.ts';
import { NO_OUTPUTS } from './move.ts';
import { publish } from './report.ts';
import { memberOf } from './member.ts';
import type { World } from './world.ts';

/** Takes our parts out of the proxies' configurations again, or says what that would change (`plan`). */
export async function uninstallProxy(
  looked: readonly SeenServer[],
  inputs: SwitchInputs,
  world: World,
): Promise<SwitchOutputs> {
  checkForCluster(looked, inputs);
  const seen = await Promise.all(looked.map((one) => withConfig(one, inputs, world)));
  const planned = await Promise.all(
    seen.map(async (one) => ({ ...one, removal: await planUninstallation(one.look, inputs.project) })),
  );
  for (const { removal } of planned) world.addSecret(removal.site.token);
  tellDiffs(
    planned.map(({ server, removal }) => ({
      server: server.name,
      file: removal.site.configFile,
      changes: [`the parts of ${inputs.project} are taken out`],
      diff: removal.diff,
    })),
    world,
  );
  if (inputs.plan) {
    world.log.info('Nothing was changed.');
    return { ...NO_OUTPUTS, from: seen[0]!.look.share, to: seen[0]!.look.share };
  }
  const members = planned.map(({ server, session, look, removal }, index): Member => {
    const { site } = removal;
    const verification = {
      ...doorFor(site, inputs['verify-url']),
      version: '',
      seconds: Math.ceil(inputs['verify-timeout'] / 1000),
    };
    return memberOf(
      { server, session },
      {
        name: 'uninstall',
        program: uninstallProgram(site.kind, colorsOf(look)).take({
          ...siteParameters(site, verification, server.dockerHost),
          ...switchParameters({
            target: removal.color,
            place: placeOf(look, index),
            actor: world.workflow.actor,
            runUrl: world.workflow.runUrl,
            reason: 'uninstall',
          }),
          first_share: removal.color,
          fresh: '0',
          old_sum: removal.oldSum,
          socket_folder: site.container === '' ? '' : site.socket.replace(/\/[^/]*$/, ''),
          login: look.user,
          login_group: look.group,
        }),
        files: [{ name: 'site', content: removal.text }, ...proxyOf(site.kind).files(site)],
        inputHash: operationHash([removal.text, removal.oldSum, world.clock.wall().getTime()]),
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
    ...publish(removalReport(outcomes, inputs.project), world),
  };
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  if (failure) throw failure;
  return outputs;
}

/** One check per server. */
function removalReport(outcomes: readonly MemberOutcome[], project: string): Report {
  const checks = outcomes.map((one) => ({
    name: one.name,
    ok: succeeded(one),
    attempts: 1,
    elapsedMs: one.result?.elapsedMs ?? 0,
    detail: succeeded(one)
      ? `the site answers as before, without the parts of ${project}`
      : (one.result?.failure?.message ?? 'lost'),
  }));
  const ok = checks.every((one) => one.ok);
  return {
    kind: 'switch',
    ok,
    summary: `the parts of ${project} ${ok ? 'are taken out' : 'are still in the configuration'}`,
    elapsedMs: Math.max(0, ...checks.map(({ elapsedMs }) => elapsedMs)),
    checks,
  };
}

/** Looked at again with the file that was prepared, where the user names none. */
async function withConfig(seen: SeenServer, inputs: SwitchInputs, world: World): Promise<SeenServer> {
  const siteConfig = seen.look.proxy?.configFile;
  if (inputs['site-config'] !== undefined || siteConfig === undefined) return seen;
  const request = { project: inputs.project, wantsConfig: true, siteConfig };
  return await lookAt(seen.server, seen.session, request, { signal: world.signal });
}
