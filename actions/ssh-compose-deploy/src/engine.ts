import { askEngine } from '@deploy-actions/engine/used-engine';
import type { EngineKind } from '@deploy-actions/ledger';
import type { Server, Session } from '@deploy-actions/shell';
import type { DeployInputs } from './fields.ts';
import type { World } from './world.ts';

/** Which engine a deployment is for, and how its servers are connected to from then on. */
export interface Engine {
  engine: EngineKind;
  connect(server: Server): Promise<Session>;
}

/**
 * With `auto` the first server is asked, on the connection that the look goes by afterwards. Where it cannot be asked, the look
 * says so, together with what is wrong on others. Throws the Failure of a record that cannot be read.
 */
export async function chooseEngine(
  asked: DeployInputs['engine'],
  [first]: readonly Server[],
  world: World,
): Promise<Engine> {
  if (asked !== 'auto') return { engine: asked, connect: (server) => world.connect(server) };
  const opened = new Map<Server, Promise<Session>>([[first!, world.connect(first!)]]);
  const connect = (server: Server) => {
    const session = opened.get(server);
    opened.delete(server);
    return session ?? world.connect(server);
  };
  let session: Session;
  try {
    session = await opened.get(first!)!;
  } catch {
    return { engine: 'compose', connect };
  }
  return { engine: await askEngine(session, first!.path), connect };
}
