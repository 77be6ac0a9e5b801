import { engineOf } from '@deploy-actions/engine/used-engine';
import { Failure, type CheckResult, publishReport } from '@deploy-actions/kit';
import { type EngineKind, lastEngine } from '@deploy-actions/ledger';
import {
  type Facts,
  type Known,
  type RegistryAnswer,
  askNode,
  askRegistry,
  lookAtServer,
} from '@deploy-actions/readiness';
import {
  type InspectionRequest,
  type Obstacles,
  obstaclesOf,
  relativeSources,
  registryLogin,
  secretsOf,
} from '@deploy-actions/release';
import { type Server, type Session, serversOf, withSessions } from '@deploy-actions/shell';
import { type Workspace, readWorkspace } from '@deploy-actions/workspace';
import { placeInComposeFile } from '@deploy-actions/workspace/compose-error';
import { type LookedNode, seeCluster } from './cluster.ts';
import type { Seen, Unseen } from './checks/check.ts';
import { missingImages } from './checks/images.ts';
import { type Row, isRed, judgeAll, judgeUnseen } from './checks/table.ts';
import { factsOutput } from './facts-output.ts';
import type { PreflightInputs, PreflightOutputs } from './fields.ts';
import { logLine, renderSummary, sentenceOf, warningsOf } from './summary.ts';
import { type DomainAnswer, type World, askDomain, canonicalAddress } from './world.ts';

/** Milliseconds for which the processors are watched where somebody asks for `max-cpu`. */
const WATCHED = 500;

/** Servers that are looked at at once. */
interface Looked {
  server: Server;
  rows: Row[];
  facts: object | undefined;
  /** Why it could not be looked at. */
  failure: Failure | undefined;
  elapsedMs: number;
}

/**
 * Looks at every server and at what surrounds it, and judges all of it: no check ends the others. Takes no lock and changes
 * nothing. Throws a Failure with the outputs where something is red.
 */
export async function preflight(inputs: PreflightInputs, world: World): Promise<PreflightOutputs> {
  const begun = world.clock.now();
  for (const { value } of inputs.required) if (value !== '') world.addSecret(value);
  for (const value of inputs.env.values()) world.addSecret(value);
  const servers = serversOf(inputs);
  registryLogin(inputs);
  const workspace = await readWorkspace(world.workflow.workspace, inputs['compose-file'], inputs.files);
  const [looked, domains] = await withSessions(world, async (inner) => {
    const asked = Promise.all(
      inputs.domains.map(async (name): Promise<[string, DomainAnswer]> => [
        name,
        await askDomain(name, world),
      ]),
    );
    const addresses = addressesOfServers(servers, world);
    const connect = connectOnce(inner);
    const lookAtAll = (engine: EngineKind) =>
      Promise.all(
        servers.map((server, index) => {
          const place = engine === 'compose' ? 'server' : index === 0 ? 'manager' : 'node';
          return lookAt(server, inputs, { ...inner, connect }, workspace, place);
        }),
      );
    let engine = await engineFrom(servers, inputs, connect);
    let all = await lookAtAll(engine);
    // Of one server the look tells by itself, and is done again where it was for the other engine.
    if (inputs.engine === 'auto' && engine === 'compose' && usedCluster(all[0]?.seen)) {
      engine = 'swarm';
      all = await lookAtAll(engine);
    }
    const nodes = all.flatMap(({ looked }) => looked ?? []);
    const clusters = engine === 'swarm' ? await seeCluster(nodes, servers[0]!, workspace) : undefined;
    return [{ all, addresses: await addresses, engine, clusters }, new Map(await asked)] as const;
  });
  world.signal.throwIfAborted();
  const addresses = new Set([
    ...looked.addresses,
    ...looked.all.flatMap(({ seen }) => seen?.facts.machine.addresses.map(canonicalAddress) ?? []),
  ]);
  const results = looked.all.map(({ server, seen, failure, elapsedMs }): Looked => {
    const unseen: Unseen = {
      server,
      inputs,
      domains,
      addresses,
      now: world.clock.wall(),
      workflow: world.workflow,
      engine: looked.engine,
      isNode: looked.engine === 'swarm' && server !== servers[0],
    };
    const cluster = looked.clusters?.get(server);
    const rows = seen ? judgeAll({ ...seen, ...unseen, cluster }) : judgeUnseen(unseen, failure!);
    const facts = seen && factsOutput(seen.facts, seen.connection);
    return { server, rows, facts, failure, elapsedMs };
  });
  return conclude(results, begun, world);
}

type SeenAlone = Omit<Seen, keyof Unseen | 'cluster'>;

type Connect = (server: Server) => Promise<{ session: Session; connectMs: number }>;

/** Connects to each server once, whoever asks first. */
function connectOnce(world: World): Connect {
  const opened = new Map<Server, ReturnType<Connect>>();
  const open = async (server: Server) => {
    const begun = world.clock.now();
    const session = await world.connect(server);
    return { session, connectMs: Math.round(world.clock.now() - begun) };
  };
  return (server) => {
    const known = opened.get(server) ?? open(server);
    opened.set(server, known);
    return known;
  };
}

/** What a deployment would use; of a server that cannot be asked, its own row tells. One alone need not be asked before. */
async function engineFrom(
  [first, another]: readonly Server[],
  { engine }: PreflightInputs,
  connect: Connect,
): Promise<EngineKind> {
  if (engine !== 'auto') return engine;
  if (!another) return 'compose';
  try {
    const { session } = await connect(first!);
    return await engineOf(engine, session, first!.path);
  } catch (error) {
    if (error instanceof Failure) return 'compose';
    throw error;
  }
}

function usedCluster(seen: SeenAlone | undefined): boolean {
  if (!seen || !('is' in seen.facts.release)) return false;
  const { current, releases } = seen.facts.release.is;
  return lastEngine(current, releases) === 'swarm';
}

async function lookAt(
  server: Server,
  inputs: PreflightInputs,
  { connect, ...world }: Omit<World, 'connect'> & { connect: Connect },
  workspace: Workspace,
  place: 'server' | 'manager' | 'node',
): Promise<{ server: Server; seen?: SeenAlone; looked?: LookedNode; failure?: Failure; elapsedMs: number }> {
  const begun = world.clock.now();
  const elapsed = () => Math.round(world.clock.now() - begun);
  try {
    const { session, connectMs } = await connect(server);
    const node = place === 'server' ? undefined : await askNode(session, server.dockerHost);
    // Where the cluster cannot be asked, the rest is looked at all the same.
    const cluster =
      place === 'manager' && node !== undefined && 'is' in node && node.is.refusal === undefined;
    const told = await lookAtServer(session, requestOf(server, inputs, workspace, { place, cluster }), {
      clock: world.clock,
      signal: world.signal,
      watchProcessors: inputs['max-cpu'] === undefined ? undefined : WATCHED,
    });
    const release = place === 'node' ? told.release : await placed(told.release, server, inputs, workspace);
    const facts = { ...told, release };
    if ('is' in facts.release)
      for (const value of secretsOf(inputs.env, facts.release.is, [world.workflow.sha]))
        world.addSecret(value);
    const obstacles = await obstaclesTo(
      facts,
      server,
      inputs,
      workspace,
      place === 'server' ? 'compose' : 'swarm',
    );
    const registry = await registryOf(session, server, inputs, { facts, obstacles }, world);
    const { execs } = session.counts;
    const connection = { connectMs, lookMs: elapsed() - connectMs, execs };
    return {
      server,
      seen: { facts, proof: session.proof, connection, obstacles, registry },
      ...(node && { looked: { server, session, node, facts, obstacles } }),
      elapsedMs: elapsed(),
    };
  } catch (error) {
    if (world.signal.aborted || !(error instanceof Failure)) throw error;
    return { server, failure: error, elapsedMs: elapsed() };
  }
}

/** A configuration that cannot be read, by the file and the line of the checkout. */
async function placed(
  release: Facts['release'],
  server: Server,
  inputs: PreflightInputs,
  workspace: Workspace,
): Promise<Facts['release']> {
  if ('is' in release) return release;
  const files = { path: server.path, envFile: inputs['env-file'] ?? '.env' };
  const failure = await placeInComposeFile(release.failure, workspace, files);
  return { failure: failure as Failure };
}

/** Only where images are not on the server: it is a second round trip. */
async function registryOf(
  session: Session,
  server: Server,
  inputs: PreflightInputs,
  seen: Pick<Seen, 'facts' | 'obstacles'>,
  { signal }: Pick<World, 'signal'>,
): Promise<Known<RegistryAnswer> | undefined> {
  const missing = missingImages(seen);
  if (missing.length === 0 || inputs.skip.includes('images')) return undefined;
  try {
    const options = { minFreeDisk: inputs['min-free-disk'], signal };
    return { is: await askRegistry(session, server, missing, registryLogin(inputs), options) };
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    return { failure: error };
  }
}

/** A node that is not the first is asked for nothing of the release, and is sent none of it. */
function requestOf(
  server: Server,
  inputs: PreflightInputs,
  workspace: Workspace,
  { place, cluster }: { place: 'server' | 'manager' | 'node'; cluster: boolean },
): InspectionRequest {
  const isNode = place === 'node';
  return {
    path: server.path,
    project: inputs.project ?? '',
    composeFiles: isNode ? [] : workspace.composeFiles,
    profiles: inputs.profiles,
    env: isNode ? new Map() : inputs.env,
    envFile: isNode ? '' : (inputs['env-file'] ?? ''),
    files: isNode ? [] : workspace.files,
    adopt: false,
    dockerHost: server.dockerHost,
    cluster,
  };
}

async function obstaclesTo(
  facts: Facts,
  server: Server,
  inputs: PreflightInputs,
  workspace: Workspace,
  engine: EngineKind,
): Promise<Obstacles | undefined> {
  if (!('is' in facts.release)) return undefined;
  const found = facts.release.is;
  const workspaceSources = new Map<string, 'file' | 'folder'>();
  for (const path of relativeSources(found)) {
    const kind = await workspace.has(path);
    if (kind) workspaceSources.set(path, kind);
  }
  return obstaclesOf(found, server.path, {
    images: inputs.images,
    digestRule: engine === 'swarm' ? 'all' : 'named',
    engine,
    files: workspace.files,
    envFile: inputs['env-file'] ?? '',
    workspaceSources,
    adopt: false,
  });
}

/** What the names of the servers lead to from here; behind a jump host that says nothing. */
async function addressesOfServers(servers: readonly Server[], world: World): Promise<string[]> {
  const all = servers
    .filter(({ jump }) => jump === undefined)
    .map(({ host }) => world.addressesOf(host).catch(() => []));
  return (await Promise.all(all)).flat();
}

function conclude(results: readonly Looked[], begun: number, world: World): PreflightOutputs {
  const tables = results.map(({ server, rows }) => ({ name: server.name, rows }));
  for (const { name, rows } of tables) {
    if (tables.length > 1) world.log.info(`${name}:`);
    for (const row of rows) world.log.info(logLine(row));
  }
  annotatePlaces(tables, world);
  world.summary(renderSummary(tables));
  const summary = sentenceOf(tables);
  const ready = results.every(({ rows }) => !rows.some(isRed));
  const checks = results.flatMap((one) =>
    one.rows.map((row) => checkResult(row, results.length > 1 ? `${one.server.name}: ` : '', one.elapsedMs)),
  );
  const elapsedMs = Math.round(world.clock.now() - begun);
  const outputs: PreflightOutputs = {
    ready,
    warnings: warningsOf(tables),
    facts: Object.fromEntries(results.flatMap(({ server, facts }) => (facts ? [[server.name, facts]] : []))),
    ...publishReport(
      { kind: 'preflight', ok: ready, summary, elapsedMs, checks },
      world.redactor,
      world.writeReport,
    ),
  };
  if (ready) {
    world.log.info(`${summary}.`);
    return outputs;
  }
  // What keeps the only server from being looked at has a code and a remedy of its own.
  const [only] = results;
  if (results.length === 1 && only?.failure) {
    const { failure } = only;
    throw new Failure(failure.kind, failure.message, { ...failure, cause: failure.cause, outputs });
  }
  const first = results.flatMap(({ rows }) => rows.filter(isRed)).find(({ state }) => state === 'failed');
  throw new Failure('refused', summary, {
    code: 'not-ready',
    remedy: first ? `${first.name}: ${first.remedy ?? first.detail}` : 'See the table in the summary.',
    outputs,
  });
}

/** What is wrong in a file of the checkout stands at its line too; once, however many servers say so. */
function annotatePlaces(tables: readonly { rows: readonly Row[] }[], world: World): void {
  const annotated = new Set<string>();
  for (const { name, state, detail, remedy, place } of tables.flatMap(({ rows }) => rows)) {
    if (place === undefined) continue;
    const text = `${name}: ${detail}${remedy === undefined ? '' : `. ${remedy}`}`;
    const key = JSON.stringify([text, place]);
    if (annotated.has(key)) continue;
    annotated.add(key);
    world.annotate(state === 'warned' ? 'warning' : 'error', text, place);
  }
}

function checkResult({ name, state, detail, remedy }: Row, prefix: string, elapsedMs: number): CheckResult {
  const isGood = state === 'passed' || state === 'told' || state === 'skipped';
  return {
    name: `${prefix}${name}`,
    ok: isGood,
    ...(state === 'warned' ? { severity: 'warn' as const } : {}),
    ...(state === 'skipped' ? { skipped: true } : {}),
    attempts: state === 'skipped' ? 0 : 1,
    elapsedMs: state === 'skipped' ? 0 : elapsedMs,
    ...(state === 'unknown' ? { phase: 'not measured' } : {}),
    detail: isGood || remedy === undefined ? detail : `${detail}. ${remedy}`,
  };
}
