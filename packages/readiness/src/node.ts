import { complaintOf } from '@deploy-actions/engine/complaint';
import { type ClusterNode, type NodeSelf, readNodeSelf, readNodes } from '@deploy-actions/engine/stack';
import { NODE_FACTS, REACH_NODES } from '@deploy-actions/engine/watch';
import { Failure } from '@deploy-actions/kit';
import { type Session, SessionFailure } from '@deploy-actions/shell';
import type { Known } from './facts.ts';

/** What a server tells of itself as a node of a cluster. */
export interface NodeFacts {
  /** Undefined where it is in no cluster, or a locked one. */
  self: NodeSelf | undefined;
  /** Version of the engine. */
  version: string;
  /** The engine keeps containers alive without itself, which goes with no cluster. */
  liveRestore: boolean;
  /** The kernel can spread connections over tasks. */
  ipvs: boolean;
  /** Bits of the prefix of the networks that the cluster makes; undefined: it is no manager. */
  subnetSize: number | undefined;
  /** Of a manager: every node. */
  nodes: readonly ClusterNode[];
  /** Of a manager: id of a node -> where it is reached, as `host:port` of the gossip, and of its manager where it is one. */
  addresses: ReadonlyMap<string, readonly string[]>;
  /** Why it tells nothing of other nodes. */
  refusal: Failure | undefined;
}

/** Ports that nodes reach each other at over TCP: the managers', and the gossip's. 7946 and 4789 over UDP cannot be asked. */
const [MANAGER_PORT, GOSSIP_PORT] = [2377, 7946];

/** Asks a server; what it refuses is an answer. Throws when the connection is gone. */
export async function askNode(session: Session, dockerHost: string | undefined): Promise<Known<NodeFacts>> {
  const { code, stdout, stderr } = await session.run({
    script: NODE_FACTS.text(),
    args: [dockerHost ?? ''],
    timeout: 60_000,
  });
  if (code !== 0) return { failure: await complaintOf(session, stderr.toString('utf8'), code, dockerHost) };
  const told = (word: string) =>
    stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1));
  const [, version, liveRestore, size] = /^(\S+) (true|false) (\d+|-)$/.exec(told('engine')[0] ?? '') ?? [];
  if (version === undefined) {
    return {
      failure: new Failure('remote', `what ${session.name} tells of its engine has not the form of it`, {
        remedy: 'Look at what answers as docker on the server.',
      }),
    };
  }
  try {
    const self = told('self')[0] ?? '';
    const refused = told('said').join('\n');
    return {
      is: {
        self: self.startsWith('active ') ? readNodeSelf(self) : undefined,
        version,
        liveRestore: liveRestore === 'true',
        ipvs: told('ipvs')[0] === 'true',
        subnetSize: size === '-' ? undefined : Number(size),
        nodes: readNodes(told('node').join('\n')),
        addresses: new Map(told('address').flatMap(addressOf)),
        refusal: refused === '' ? undefined : await complaintOf(session, refused, 1, dockerHost),
      },
    };
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof SessionFailure) throw error;
    return { failure: error };
  }
}

/** A leader that was promoted says 0.0.0.0 of itself; its manager's address is right (moby). */
function addressOf(line: string): [id: string, addresses: string[]][] {
  const [, id, own, manager] = /^([a-z0-9]{25}) (\S+) (\S+)$/.exec(line) ?? [];
  if (id === undefined) return [];
  const host = manager === '-' ? own! : manager!.replace(/:\d+$/, '');
  return [[id, [`${host}:${GOSSIP_PORT}`, ...(manager === '-' ? [] : [`${host}:${MANAGER_PORT}`])]]];
}

/** What a node has and reaches. */
export interface NodeWays {
  /** Of the paths that were asked about, those that it has not. */
  missing: readonly string[];
  closed: readonly string[];
  /** It has no program that can ask. */
  unknown: readonly string[];
}

/** Asks a node for files and folders, and whether it reaches addresses of others. Throws when the connection is gone. */
export async function askWays(
  session: Session,
  paths: readonly string[],
  addresses: readonly string[],
): Promise<Known<NodeWays>> {
  const { code, stdout } = await session.run({
    script: REACH_NODES.text(),
    args: [String(paths.length), ...paths, ...addresses],
    timeout: 60_000,
  });
  const lines = stdout.toString('utf8').split('\n');
  const of = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const answers = ['open', 'closed', 'unknown'].flatMap(of);
  if (code !== 0 || addresses.some((one) => !answers.includes(one))) {
    return {
      failure: new Failure('remote', `${session.name} does not tell what it reaches`, {
        remedy: 'Run the job again; with debug logging it shows what the server answered.',
      }),
    };
  }
  return { is: { missing: of('missing'), closed: of('closed'), unknown: of('unknown') } };
}
