import { engineOf } from '@deploy-actions/engine/used-engine';
import { type Clock, Failure, type Inputs, type Log, type Redactor, messageOf } from '@deploy-actions/kit';
import type { EngineChoice, EngineKind } from '@deploy-actions/ledger';
import { type Server, type optionalServerFields, openSession, serversOf } from '@deploy-actions/shell';
import type { NodeSession } from './stack-evidence.ts';
import type { ServerSide } from './look.ts';
import { throughSession } from './session-reach.ts';

/** The servers of the inputs. */
export interface Servers {
  /** The first of them, opened at the first call. Throws an `input` Failure where they name none, or several that are no cluster. */
  first(): Promise<ServerSide>;
  /** Whether they are the nodes of a cluster, a manager first: then its tasks are what is seen. */
  isCluster(): Promise<boolean>;
  /** All of them, for what only a node knows of its tasks. One that cannot be reached is told, and left out. */
  nodes(): Promise<readonly NodeSession[]>;
  close(): Promise<void>;
}

type ServersInputs = Inputs<typeof optionalServerFields> & { engine: EngineChoice };

export function openServers(
  inputs: ServersInputs,
  ports: { clock: Clock; log: Log; redactor: Redactor; signal: AbortSignal },
): Servers {
  let opening: Promise<ServerSide & { engine: EngineKind }> | undefined;
  let others: Promise<readonly NodeSession[]> | undefined;
  const first = () => (opening ??= openFirst(inputs, ports));
  const another = async (server: Server): Promise<NodeSession[]> => {
    try {
      return [{ name: server.name, session: await openSession(server, ports) }];
    } catch (error) {
      ports.signal.throwIfAborted();
      ports.log.warning(`${server.name} cannot be asked of its tasks: ${messageOf(error)}`);
      return [];
    }
  };
  return {
    first,
    isCluster: async () => (await first()).engine === 'swarm',
    async nodes() {
      const { session } = await first();
      others ??= Promise.all(serversOf(inputs).slice(1).map(another)).then((found) => found.flat());
      return [{ name: session.name, session }, ...(await others)];
    },
    async close() {
      const side = await opening?.catch(() => undefined);
      await side?.reach.close();
      await side?.session.close();
      await Promise.all(((await others?.catch(() => [])) ?? []).map(({ session }) => session.close()));
    },
  };
}

async function openFirst(
  inputs: ServersInputs,
  ports: { clock: Clock; log: Log; redactor: Redactor; signal: AbortSignal },
): Promise<ServerSide & { engine: EngineKind }> {
  const [server, another] = serversOf(inputs);
  if (!server) {
    throw new Failure('input', 'a target is on the server, and input `host` is empty', {
      input: 'host',
      remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
    });
  }
  if (another && inputs.engine === 'compose') throw several();
  const session = await openSession(server, ports);
  try {
    const engine = await engineOf(inputs.engine, session, inputs.path);
    if (another && engine === 'compose') throw several();
    return { session, reach: throughSession(session, { log: ports.log, redactor: ports.redactor }), engine };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function several(): Failure {
  return new Failure('input', 'input `host` names several servers', {
    input: 'host',
    remedy: 'Use one step for each server. The nodes of a swarm are looked at in one: engine: swarm.',
  });
}
