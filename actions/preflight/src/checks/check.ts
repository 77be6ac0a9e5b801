import type { Failure, Place } from '@deploy-actions/kit';
import type { EngineKind } from '@deploy-actions/ledger';
import type { Facts, Known, NodeFacts, NodeWays, RegistryAnswer } from '@deploy-actions/readiness';
import type { Inspection, NetworkRoom, Obstacles, StackObstacles } from '@deploy-actions/release';
import type { Workflow } from '@deploy-actions/runner';
import type { Proof, Server } from '@deploy-actions/shell';
import type { CheckName } from '../check-names.ts';
import type { PreflightInputs } from '../fields.ts';
import type { DomainAnswer } from '../world.ts';

/**
 * - `passed`: it was measured, and it is as it must be
 * - `told`: nobody asked for anything of it
 * - `warned`: it may be a mistake, or was named in `warn`
 * - `failed`: a deployment would fail by it, or somebody asked for something else
 * - `unknown`: it could not be measured, which is never good
 * - `skipped`: named in `skip`
 */
export type State = 'passed' | 'told' | 'warned' | 'failed' | 'unknown' | 'skipped';

export interface Verdict {
  state: State;
  /** What was seen, in words. */
  detail: string;
  /** What mends it, where it is red. */
  remedy?: string | undefined;
  /** Where in a file of the checkout it is wrong. */
  place?: Place | undefined;
}

/** How the look went. */
export interface ConnectionFacts {
  /** Milliseconds until the connection stood, and from then to the whole answer. */
  connectMs: number;
  lookMs: number;
  execs: number;
}

/** A server as a node. */
export interface SeenServer {
  server: string;
  facts: Known<NodeFacts>;
  skew: Facts['machine']['skew'];
}

/** What is known of a server's cluster. */
export interface ClusterSeen {
  /** It is the one that a deployment would change the cluster from. */
  isFirst: boolean;
  own: Known<NodeFacts>;
  /** All that could be looked at. */
  servers: readonly SeenServer[];
  /** Undefined where nobody knows whom it should reach. */
  ways: Known<NodeWays & { asked: readonly string[] }> | undefined;
  /** Of the first: the release as a stack; undefined where its configuration is not known. */
  release: StackObstacles | undefined;
  /** What of it does not fit the nodes. */
  unfit: Failure | undefined;
  room: readonly NetworkRoom[] | undefined;
}

/** What the checks judge by: one server, and what the world says of it. */
export interface Seen {
  server: Server;
  inputs: PreflightInputs;
  facts: Facts;
  proof: Proof | undefined;
  connection: ConnectionFacts;
  /** What a deployment would refuse of the release; undefined where the configuration is not known. */
  obstacles: Obstacles | undefined;
  /** What the registries say of images that are not on the server; undefined where nobody had to be asked. */
  registry: Known<RegistryAnswer> | undefined;
  /** By name. */
  domains: ReadonlyMap<string, DomainAnswer>;
  /** Addresses of all servers of this run, as far as they are known. */
  addresses: ReadonlySet<string>;
  /** By the runner's clock. */
  now: Date;
  workflow: Workflow;
  engine: EngineKind;
  /** Another node of the cluster than the first. */
  isNode: boolean;
  /** Where the servers are the nodes of a cluster. */
  cluster: ClusterSeen | undefined;
}

/** What is known without the server. */
export type Unseen = Pick<
  Seen,
  'inputs' | 'server' | 'workflow' | 'domains' | 'addresses' | 'now' | 'engine' | 'isNode'
>;

/** A row of the table. */
export interface Check {
  name: CheckName;
  /** Undefined: there is nothing to look at, and the table has no such row. */
  judge(seen: Seen): Verdict | undefined;
  /** The same of a server that could not be looked at, where that is not needed. */
  judgeUnseen?(unseen: Unseen): Verdict | undefined;
}

export const passed = (detail: string): Verdict => ({ state: 'passed', detail });
export const told = (detail: string): Verdict => ({ state: 'told', detail });
export const warned = (detail: string, remedy?: string): Verdict => ({ state: 'warned', detail, remedy });
export const failed = (detail: string, remedy?: string): Verdict => ({ state: 'failed', detail, remedy });
export const unknown = (detail: string, remedy?: string): Verdict => ({ state: 'unknown', detail, remedy });

/** A Failure as a red line; where nobody knows what mends it, what shows more of it. */
export function failedBy({ message, remedy, place }: Failure): Verdict {
  return { ...failed(message, remedy ?? SEE_MORE), place };
}

export const SEE_MORE = 'Run the job again with debug logging, which shows what the server answered.';

/** Judges what is known, or says why it is not. */
export function judged<T>(
  known: Known<T>,
  judge: (is: T) => Verdict | undefined,
  what = 'not looked at',
): Verdict | undefined {
  if ('is' in known) return judge(known.is);
  const { message, remedy = SEE_MORE } = known.failure;
  return unknown(`${what}: ${message}`, remedy);
}

/** Judges by the resolved configuration and what runs. */
export function ofRelease(
  { facts }: Seen,
  judge: (release: Inspection) => Verdict | undefined,
): Verdict | undefined {
  if ('is' in facts.release) return judge(facts.release.is);
  // The line of that has the reason.
  const row = isEngineFailure(facts) ? 'docker' : 'configuration';
  return unknown(`not looked at: see ${row}`);
}

/** Whether Docker itself is what is wrong. */
export function isEngineFailure(facts: Facts): boolean {
  return 'failure' in facts.engine;
}

/** `a`, `a and b`, `a, b and c`; of many the first ones. */
export function listed(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}
