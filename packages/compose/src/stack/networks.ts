import type { ComposeModel } from '../model.ts';
import { type Findings, below, judge, pruned, refuse } from './finding.ts';

/** A network that services of a release meet on, for what makes it before the stack is there. */
export interface StackNetwork {
  /** Its name in the file. */
  key: string;
  name: string;
  /** It must be there, with a scope over all nodes. */
  external: boolean;
  internal: boolean;
}

/** Swarm's rule for the names of services and networks (swarmkit, manager/controlapi/common.go). */
const SWARM_NAME = /^[a-zA-Z0-9]+(?:[-_]+[a-zA-Z0-9]+)*$/;

/** Letters of such a name. */
const LONGEST_NAME = 63;

/** Why Swarm does not take a name; undefined: it does. */
export function whyNoName(name: string): string | undefined {
  if (SWARM_NAME.test(name) && name.length <= LONGEST_NAME) return undefined;
  return `${name}, which Swarm does not take: letters, digits, - and _ between them, at most ${LONGEST_NAME}`;
}

/** Options that an overlay takes as well as a bridge. */
const OF_ANY = new Set(['com.docker.network.driver.mtu', 'encrypted']);

/** Networks as a stack says them: each reaches over all nodes, and one-shots and proxies may join it. */
export function stackNetworks(
  model: ComposeModel,
  used: ReadonlySet<string>,
  findings: Findings,
): { written: Record<string, unknown>; networks: StackNetwork[] } {
  const written: Record<string, unknown> = {};
  const networks: StackNetwork[] = [];
  for (const key of [...used].sort()) {
    const network = model.networks?.[key] ?? {};
    const of = `the network ${key}`;
    const where = { section: 'networks.*', of, path: `networks.${key}` } as const;
    const kept = judge(network, where, findings);
    const name = network.name ?? `${model.name}_${key}`;
    const external = network.external === true;
    networks.push({ key, name, external, internal: network.internal === true });
    if (external) {
      written[key] = { name, external: true };
      continue;
    }
    const unfit = whyNoName(name);
    if (unfit !== undefined) refuse(findings, where, 'name', `is ${unfit}`, 'Give it such a name');
    const driver = network['driver'];
    if (driver !== undefined && driver !== '' && driver !== 'bridge' && driver !== 'overlay') {
      refuse(
        findings,
        where,
        'driver',
        `is ${String(driver)}, which is of one node`,
        'Leave it out, for an overlay; or make the network by `docker network create` and name it as external',
      );
    }
    const options = below(network['driver_opts']);
    for (const option of Object.keys(options).filter((one) => driver !== 'overlay' && !OF_ANY.has(one))) {
      refuse(findings, where, `driver_opts.${option}`, 'is of the network of one node', 'Leave it out');
    }
    const ipam = below(network['ipam']);
    judge(ipam, { section: 'networks.*.ipam', of, path: `networks.${key}.ipam` }, findings);
    const pools = Array.isArray(ipam['config']) ? (ipam['config'] as unknown[]) : [];
    const config = pools.map((pool, index) =>
      judge(
        below(pool),
        { section: 'networks.*.ipam.config.*', of, path: `networks.${key}.ipam.config.${index}` },
        findings,
      ),
    );
    if (driver === 'bridge') findings.notes.push(`${of} is an overlay over all nodes: a bridge is of one`);
    written[key] = {
      ...kept,
      name,
      driver: 'overlay',
      attachable: true,
      ...pruned({ driver_opts: options, ipam: pruned({ config }) }),
    };
  }
  return { written, networks };
}
