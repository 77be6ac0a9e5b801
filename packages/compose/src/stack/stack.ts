import { LABELS } from '@deploy-actions/ledger';
import type { ComposeModel } from '../model.ts';
import { classify, gatesOf, steps } from '../order.ts';
import { canonical, sha256 } from '../release.ts';
import { type Findings, type StackRefusal, below, judge, refuse } from './finding.ts';
import type { NodeMount } from './mounts.ts';
import { type StackNetwork, stackNetworks } from './networks.ts';
import { type FileContent, type StackObject, stackObjects } from './objects.ts';
import { onceModel } from './once.ts';
import { type StackService, type Written, stackService } from './service.ts';
import { stackText } from './text.ts';

/** What is known beside the file. */
export interface StackOptions {
  /** The application's folder on each node, absolute and without a slash at the end. */
  path: string;
  /** Services that run to their end, besides those that others wait for: the input `one-shot`. */
  oneShot: readonly string[];
  /** What the files of configs and secrets hold, by their path on the server. One that is not here is refused. */
  files: ReadonlyMap<string, FileContent>;
  /** Services whose image brings a health check along. */
  healthchecked?: ReadonlySet<string>;
  /** How many nodes may get tasks; undefined: not known. */
  nodes?: number;
  /** The name of the manager that deploys, where plain containers run; undefined: not known. */
  manager?: string;
}

/** A release for a swarm: the stack, and what must be there or be done besides. */
export interface StackRelease {
  /** The name of the stack. */
  project: string;
  /** The stack file, for `docker stack deploy -c`. It holds every variable of the services: 0600, and never in a log. */
  json: string;
  /** Services of the stack, in starting order. */
  services: StackService[];
  /**
   * One-shots, as a Compose file of their own: they run as plain containers, once, on the networks of the stack. Undefined
   * where there are none.
   */
  once: ComposeModel | undefined;
  /** Configs and secrets that must be there before: `docker config create`, `docker secret create`. */
  objects: StackObject[];
  /** Networks that services or one-shots are on. The stack makes those of its services that are not external. */
  networks: StackNetwork[];
  /** Files and folders that must be on each node that may get the service. */
  sources: NodeMount[];
  /** What is another way than on one server: for the plan and the log. */
  notes: string[];
}

/**
 * Turns a resolved model (images in place, paths moved, values of variables written) into what `docker stack deploy` of
 * Docker 26 and later takes, so that the services are what Compose would have run. What a stack would drop or change is
 * told: `refusals` has all of it that must not be, and then nothing may be deployed; `notes` the rest. Pure.
 *
 * Run the CLI as `env -i` with `STACK_CLI_VARIABLES` alone, with `--resolve-image never`, and `release.objects` made before.
 * `stackFailure(refusals)` is the failure that tells them all. Throws what `classify` and `steps` throw.
 */
export function toStack(
  model: ComposeModel,
  options: StackOptions,
): { release: StackRelease; refusals: StackRefusal[] } {
  const findings: Findings = { refusals: [], notes: [] };
  const extensions = judge(model, { section: '', of: 'the file', path: '' }, findings);
  const kinds = classify(model, options.oneShot);
  const order = steps(model);
  const gates = gatesOf(model);
  const around = {
    model,
    path: options.path,
    healthchecked: options.healthchecked ?? new Set<string>(),
    nodes: options.nodes,
  };
  const long = Object.entries(model.services).filter(([name]) => kinds.get(name) === 'long');
  const written = new Map<string, Written>(
    long.map(([name, service]) => [name, stackService(name, service, around, findings)]),
  );
  if (written.size === 0) {
    refuse(
      findings,
      { section: '', of: 'the file', path: 'services' },
      '',
      'has one-shots alone, of which no stack is made',
      'Deploy them with engine: compose',
    );
  }
  const names = new Set(written.keys());
  const { once, networks: joined } = onceModel(model, names, options.manager, findings);
  const used = new Set([
    ...long.flatMap(([, service]) => Object.keys(service.networks ?? { default: null })),
    ...joined,
  ]);
  const { written: networks, networks: met } = stackNetworks(model, used, findings);
  const given = (kind: 'configs' | 'secrets') =>
    new Set(long.flatMap(([, service]) => (service[kind] ?? []).map(({ source }) => source)));
  const { written: objects, objects: made } = stackObjects(
    model,
    { configs: given('configs'), secrets: given('secrets') },
    options.files,
    findings,
  );
  const volumes = volumesOf(model, new Set([...written.values()].flatMap((one) => one.volumes)), findings);
  refuseSamePorts([...written.values()], findings);
  noteUnrestarted(model, names, findings);
  const uses = { networks, volumes, ...objects };
  const services: StackService[] = [];
  const labelled: Record<string, unknown> = {};
  for (const [name, one] of written) {
    const hash = hashOf(model.name, one.written, uses);
    const deploy = below(one.written['deploy']);
    labelled[name] = {
      ...one.written,
      deploy: { ...deploy, labels: { ...below(deploy['labels']), [LABELS.hash]: hash } },
    };
    services.push({ ...one.facts, step: order.get(name)!, gate: gates.has(name), hash });
  }
  services.sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
  return {
    release: {
      project: model.name,
      json: stackText({ ...extensions, services: labelled, ...uses }),
      services,
      once,
      objects: made,
      networks: met,
      sources: [...written.values()].flatMap((one) => one.sources),
      notes: findings.notes,
    },
    refusals: findings.refusals,
  };
}

function volumesOf(
  model: ComposeModel,
  used: ReadonlySet<string>,
  findings: Findings,
): Record<string, unknown> {
  return Object.fromEntries(
    [...used].sort().map((key) => {
      const volume = model.volumes?.[key] ?? {};
      const where = { section: 'volumes.*', of: `the volume ${key}`, path: `volumes.${key}` } as const;
      const name = volume.name ?? `${model.name}_${key}`;
      if (volume.external === true) {
        findings.notes.push(
          `the volume ${key} is external: Swarm makes an empty one where there is no ${name}, so look that it is on its node`,
        );
      }
      return [key, { ...judge(volume, where, findings), name }];
    }),
  );
}

/**
 * A port on the mesh is one service's, on every node; one of the node is so where the other service may be as well. Swarm would
 * tell it in the middle of a deployment.
 */
function refuseSamePorts(services: readonly Written[], findings: Findings): void {
  const owners: { name: string; port: string; place: string | undefined }[] = [];
  for (const { facts } of services) {
    for (const { mode, published, protocol } of facts.ports) {
      if (published === undefined) continue;
      const port = `${published}/${protocol}`;
      // Undefined: every node.
      const place =
        mode === 'host' && facts.constraints.length > 0 ? [...facts.constraints].sort().join() : undefined;
      const owner = owners.find(
        (one) => one.port === port && (one.place === undefined || place === undefined || one.place === place),
      );
      if (owner !== undefined) {
        const where = { section: 'services.*', of: facts.name, path: `services.${facts.name}` } as const;
        refuse(
          findings,
          where,
          'ports',
          `has ${port}, which ${owner.name} has as well: a port of a swarm leads to one service`,
          'Publish another one',
        );
      }
      owners.push({ name: facts.name, port, place });
    }
  }
}

/** What Compose does not start again, Swarm does: without `restart` nobody has said which is meant. */
function noteUnrestarted(model: ComposeModel, names: ReadonlySet<string>, findings: Findings): void {
  const silent = [...names].filter((name) => {
    const { restart, deploy } = model.services[name]!;
    return !restart && !deploy?.['restart_policy'];
  });
  if (silent.length === 0) return;
  findings.notes.push(
    `${silent.join(', ')}: no restart is said, so Swarm replaces a task that ends (deploy.restart_policy.condition: none keeps it from that)`,
  );
}

/** How many tasks there are, and how Swarm replaces them, is no part of what one is. */
function hashOf(
  project: string,
  service: Record<string, unknown>,
  uses: Record<string, Record<string, unknown> | undefined>,
): string {
  const { replicas: _, update_config: __, rollback_config: ___, ...deploy } = below(service['deploy']);
  return sha256(canonical({ project, service: { ...service, deploy }, uses: usedBy(service, uses) }));
}

/** The networks, volumes, configs and secrets that a service names. */
function usedBy(
  service: Record<string, unknown>,
  uses: Record<string, Record<string, unknown> | undefined>,
): unknown {
  const named = (kind: string): string[] => {
    const value = service[kind];
    if (!Array.isArray(value)) return Object.keys(below(value));
    return value.flatMap((one) => {
      const { source } = below(one);
      return typeof source === 'string' ? [source] : [];
    });
  };
  return Object.fromEntries(
    Object.entries(uses).map(([kind, all = {}]) => [
      kind,
      Object.fromEntries(
        named(kind).flatMap((name) => (Object.hasOwn(all, name) ? [[name, all[name]]] : [])),
      ),
    ]),
  );
}
