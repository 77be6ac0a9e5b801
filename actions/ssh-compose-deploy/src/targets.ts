import { Failure, messageOf, pool } from '@deploy-actions/kit';
import {
  type Inspection,
  type Prepared,
  type Wanted,
  discardStaging,
  hasBackup,
  inspectForDeploy,
  prepareRelease,
  relativeSources,
  secretsOf,
} from '@deploy-actions/release';
import type { Server, Session } from '@deploy-actions/shell';
import { placeInComposeFile } from '@deploy-actions/workspace/compose-error';
import type { DecidedInputs } from './fields.ts';
import type { Workspace } from '@deploy-actions/workspace';
import type { World } from './world.ts';

/** A server with what was found on it and what is to be done there. */
export interface Target {
  server: Server;
  session: Session;
  found: Inspection;
  prepared: Prepared;
  /** The backup that was named, where it is on this server. */
  backup: string | undefined;
}

/**
 * Servers that are looked at at once: a look is a wait for the server, so fewer would add whole looks one behind the
 * other; more would let the first answers of a hundred handshakes come late.
 */
const LOOKS_AT_ONCE = 40;

/** Looks at every server before any is changed; one error names all that are not fit. */
export async function prepareAll(
  servers: readonly Server[],
  prepare: (server: Server) => Promise<Target>,
): Promise<Target[]> {
  const failed: { server: Server; error: unknown }[] = [];
  const targets = await pool(servers, LOOKS_AT_ONCE, async (server) => {
    try {
      return [await prepare(server)];
    } catch (error) {
      failed.push({ server, error });
      return [];
    }
  });
  if (failed.length === 0) return targets.flat();
  const first = failed[0]!;
  if (servers.length === 1 || !(first.error instanceof Failure)) throw first.error;
  throw new Failure(
    first.error.kind,
    `${first.server.name}: ${first.error.message}. Nothing was changed on any server`,
    {
      ...first.error,
      details: [
        first.error.details,
        ...failed.slice(1).map((one) => `${one.server.name}: ${messageOf(one.error)}`),
      ]
        .filter(Boolean)
        .join('\n'),
      cause: first.error.cause,
    },
  );
}

/** Resolves the configuration on a server and turns it into a release; nothing is changed. */
export async function prepareOn(
  server: Server,
  session: Session,
  inputs: DecidedInputs,
  ports: World,
  workspace: Workspace,
  wanted: Wanted,
): Promise<Target> {
  const shown = [wanted.version, ports.workflow.sha];
  let found: Inspection;
  try {
    found = await inspectForDeploy(
      session,
      {
        path: server.path,
        project: inputs.project ?? '',
        composeFiles: workspace.composeFiles,
        profiles: inputs.profiles,
        env: inputs.env,
        envFile: inputs['env-file'] ?? '',
        files: workspace.files,
        // The first colour takes the running stack as the live one, with its data and env files.
        adopt: inputs.adopt || (inputs.color !== undefined && inputs.engine !== 'swarm'),
        dockerHost: server.dockerHost,
        portClaims: ports.portClaims,
        cluster: inputs.engine === 'swarm',
      },
      {
        signal: ports.signal,
        onEvent: (event) => event.type === 'warning' && ports.log.warning(event.text),
        followed: true,
      },
    );
  } catch (error) {
    for (const value of inputs.env.values()) if (!shown.includes(value)) ports.addSecret(value);
    throw await placeInComposeFile(error, workspace, {
      path: server.path,
      envFile: inputs['env-file'] ?? '.env',
    });
  }
  for (const value of secretsOf(inputs.env, found, shown)) ports.addSecret(value);
  try {
    refuseForeign(found, inputs);
    const named = inputs.backup;
    const backup = named !== undefined && (await hasBackup(session, server.path, named)) ? named : undefined;
    const workspaceSources = new Map<string, 'file' | 'folder'>();
    for (const path of relativeSources(found)) {
      const kind = await workspace.has(path);
      if (kind) workspaceSources.set(path, kind);
    }
    const asked = { ...wanted, workspaceSources };
    const prepared = prepareRelease(found, server.path, asked);
    if (wanted.rolling === undefined || prepared.rolled.length === 0) {
      return { server, session, found, prepared, backup };
    }
    const { askCallers } = await import('@deploy-actions/traffic/callers');
    const request = { path: server.path, project: prepared.project, dockerHost: server.dockerHost };
    const callers = await askCallers(session, { ...request, signal: ports.signal }, prepared.rolled);
    const rolling = { ...wanted.rolling, callers };
    const rolled = prepareRelease(found, server.path, { ...asked, rolling });
    return { server, session, found, prepared: rolled, backup };
  } catch (error) {
    await discardStaging(session, found.staging);
    throw await placeInComposeFile(error, workspace, {
      path: server.path,
      envFile: inputs['env-file'] ?? '.env',
    });
  }
}

/** A stack that somebody else started is not taken over unasked. */
function refuseForeign(found: Inspection, inputs: DecidedInputs): void {
  const foreign = found.containers.filter((container) => container.hash === '' && !container.oneOff);
  if (found.current !== '' || foreign.length === 0 || inputs.adopt || inputs.color) return;
  throw new Failure(
    'refused',
    `the project ${found.project} has containers that this action did not start: ${foreign.map((one) => one.name).join(', ')}`,
    {
      code: 'foreign-containers',
      input: 'adopt',
      remedy: 'Set `adopt: true` once to take the running stack over as it is, or give another `project`.',
    },
  );
}
