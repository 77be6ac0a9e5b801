import { type Member, afterTheEndOf, fleetFailure, runTogether } from '@deploy-actions/host';
import { systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { nodePart } from '../cluster.ts';
import { type DeployOptions, deployOperation } from '../deployment.ts';
import { inspectForDeploy, lookFiles } from '../inspection.ts';
import { inspectNode } from '../node-inspection.ts';
import { prepareRelease } from '../preparation.ts';
import { type TestRelease, testOptions, testWanted } from './deployed.ts';
import type { DockerServer } from './docker-servers.ts';

/** Deploys a release to a cluster, the managers first, by the programs that the action deploys with. */
export async function deployCluster(
  servers: readonly DockerServer[],
  wanted: Pick<TestRelease, 'compose' | 'version' | 'color'> & { managers?: number },
): Promise<void> {
  const [manager, ...nodes] = servers;
  const composeFiles = [{ path: 'compose.yaml', content: Buffer.from(wanted.compose), executable: false }];
  const found = await inspectForDeploy(manager!.host.session(), {
    path: manager!.host.path,
    project: '',
    composeFiles,
    profiles: [],
    env: new Map(),
    envFile: '',
    files: [],
    adopt: false,
    dockerHost: undefined,
    cluster: true,
  });
  const request = { ...testWanted(wanted), engine: 'swarm' as const, digestRule: 'all' as const };
  const prepared = prepareRelease(found, manager!.host.path, request);
  const member = (
    server: DockerServer,
    name: string,
    place: DeployOptions['place'],
    staging: string,
    isManager: boolean,
  ): Member => ({
    name,
    session: server.host.session(),
    reopen: () => Promise.resolve(server.host.session()),
    operation: deployOperation(place === 'manager' ? prepared : nodePart(prepared, isManager), request, {
      ...testOptions(server, `${wanted.version}-deploy`, staging),
      place,
      goDeadline: 60_000,
    }),
  });
  const members = [member(manager!, 'm', 'manager', found.staging, true)];
  for (const [index, server] of nodes.entries()) {
    const { staging } = await inspectNode(server.host.session(), {
      path: server.host.path,
      files: lookFiles({ path: server.host.path, files: [], composeFiles: [] }),
      dockerHost: undefined,
      sources: [],
    });
    members.push(member(server, `n${index}`, 'node', staging, index + 1 < (wanted.managers ?? 1)));
  }
  const outcomes = await runTogether(
    members,
    {
      steps: [
        { step: 'meet', at: { phase: 'ready' }, go: false },
        afterTheEndOf('m', ['release', 'previous']),
      ],
    },
    { clock: systemClock, log: memoryLog(), signal: new AbortController().signal },
  );
  const failure = fleetFailure(outcomes, {});
  if (failure) throw failure;
}
