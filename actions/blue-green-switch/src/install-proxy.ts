import { ALL_OR_NONE, type Member, fleetFailure, operationHash, runTogether } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import { type Installation, planInstallation } from '@deploy-actions/traffic/install';
import {
  MANAGED,
  type SeenServer,
  colorNetworksOf,
  colorsOf,
  flagFolder,
  installProgram,
  lookAt,
  managedConfigFile,
  managedFiles,
  managedParameters,
  managedPlace,
  placeOf,
  siteParameters,
  switchParameters,
} from '@deploy-actions/traffic';
import { checkForCluster } from './cluster.ts';
import { tellDiffs } from './difference.ts';
import type { SwitchInputs, SwitchOutputs } from './fields.ts';
import { NO_OUTPUTS, switchReport } from './move.ts';
import { publish } from './report.ts';
import { memberOf } from './member.ts';
import type { World } from './world.ts';

/** Prepares the proxies once, or says what that would change (`install: check`, `plan`). */
export async function installProxy(
  looked: readonly SeenServer[],
  inputs: SwitchInputs,
  world: World,
): Promise<SwitchOutputs> {
  let seen = looked;
  checkForCluster(seen, inputs);
  if (inputs.proxy === 'managed') seen = await startManaged(seen, inputs, world);
  const planned = await Promise.all(
    seen.map(async (one) => ({
      ...one,
      installation: await planInstallation(one.look, {
        project: inputs.project,
        ...(inputs.proxy === 'managed' ? managedPlace(inputs.project) : { proxy: inputs.proxy }),
        routes: inputs.routes,
        siteConfig: inputs['site-config'] ?? managedConfigFile(one.server.path),
        header: inputs['color-header'],
        sticky: inputs.sticky,
        canary: inputs.weight.some((weight) => weight < 100),
        verifyUrl: inputs['verify-url'],
      }),
    })),
  );
  for (const { installation } of planned) {
    world.addSecret(installation.site.token);
    checkRange(installation, inputs['port-range'], world);
  }
  tellDiffs(
    planned.map(({ server, look, installation: { edit, diff } }) => ({
      server: server.name,
      file: look.configFile,
      changes: edit.changes,
      diff,
    })),
    world,
  );
  for (const { look, installation } of planned) {
    for (const warning of installation.edit.warnings) world.log.warning(`${look.configFile}: ${warning}`);
  }
  if (inputs.install === 'check' || inputs.plan) {
    world.log.info('Nothing was changed.');
    return { ...NO_OUTPUTS, from: seen[0]!.look.share, to: seen[0]!.look.share };
  }
  const members = planned.map(({ server, session, look, installation }, index): Member => {
    const verification = {
      url: installation.site.url,
      connect: installation.site.connect,
      version: '',
      seconds: Math.ceil(inputs['verify-timeout'] / 1000),
    };
    return memberOf(
      { server, session },
      {
        name: 'install',
        program: installProgram(installation.site.kind, colorsOf(look)).take({
          ...siteParameters(installation.site, verification, server.dockerHost),
          ...switchParameters({
            target: installation.site.fallback,
            place: placeOf(look, index),
            actor: world.workflow.actor,
            runUrl: world.workflow.runUrl,
            reason: 'install',
          }),
          first_share: installation.site.fallback,
          fresh: installation.fresh ? '1' : '0',
          old_sum: installation.oldSum,
          socket_folder: installation.socketFolder,
          login: look.user,
          login_group: look.group,
        }),
        files: installation.files,
        inputHash: operationHash([
          installation.edit.text,
          installation.oldSum,
          installation.site,
          look.share ?? '',
          world.clock.wall().getTime(),
        ]),
      },
      inputs,
      world,
    );
  });
  const outcomes = await runTogether(members, ALL_OR_NONE, world);
  const outputs: SwitchOutputs = {
    ...NO_OUTPUTS,
    from: outcomes[0]?.result?.fields['to'],
    to: outcomes[0]?.result?.fields['to'],
    ...publish(switchReport(outcomes, 0), world),
  };
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  if (failure) throw failure;
  return outputs;
}

/** Says so when a colour lies outside of the ports that are meant for colours (blue may have the plain stack's). */
function checkRange(installation: Installation, range: string | undefined, ports: Ports): void {
  if (range === undefined || installation.site.container !== '') return;
  const [first, last] = range.split('-').map(Number) as [number, number];
  for (const route of installation.site.routes) {
    for (const address of route.green) {
      const port = Number(address.split(':')[1]);
      if (port >= first && port <= last) continue;
      ports.log.warning(`${route.name} of green is at ${address}, outside of port-range ${range}`);
    }
  }
}

/** Starts the project's own proxy on every server, and looks at them again with its file as the site's. */
async function startManaged(
  seen: readonly SeenServer[],
  inputs: SwitchInputs,
  world: World,
): Promise<readonly SeenServer[]> {
  const { managed, project, routes } = inputs;
  const [route] = routes;
  if (!managed || routes.length !== 1 || !route) {
    throw new Failure('input', 'a managed proxy needs `managed` and one line in `routes`', {
      input: managed ? 'routes' : 'managed',
      remedy: 'Write `managed: |` with `address: shop.example.org`, and `routes: site: web:8080`.',
    });
  }
  if (inputs.install === 'check' || inputs.plan) {
    throw new Failure(
      'input',
      '`install: check` and `plan` show what changes in a file of yours; a managed proxy has none',
      { input: 'install' },
    );
  }
  const members = seen.map(({ server, session, look }): Member => {
    const parameters = {
      ...managedParameters(
        project,
        managed,
        flagFolder(project),
        server.dockerHost,
        colorNetworksOf(look, project, routes).map(([first]) => first!),
      ),
      login: look.user,
      login_group: look.group,
    };
    return memberOf(
      { server, session },
      {
        name: 'proxy',
        program: MANAGED.with(parameters),
        files: managedFiles(managed, route),
        inputHash: operationHash([parameters, world.clock.wall().getTime()]),
      },
      inputs,
      world,
    );
  });
  const outcomes = await runTogether(members, ALL_OR_NONE, world);
  const failure = fleetFailure(outcomes, { ...NO_OUTPUTS });
  if (failure) throw failure;
  return await Promise.all(
    seen.map(({ server, session }) =>
      lookAt(
        server,
        session,
        { project, wantsConfig: true, siteConfig: managedConfigFile(server.path) },
        { signal: world.signal },
      ),
    ),
  );
}
