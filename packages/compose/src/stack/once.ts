import { type ComposeModel, type Service, joinedBy, replicasOf } from '../model.ts';
import { type Findings, below, refuse } from './finding.ts';
import { refuseRenaming } from './links.ts';

/**
 * The services that run to their end, as a Compose file of their own: on one manager, on the stack's networks, which are
 * there before. `long` are those of the stack; `manager` is the name of that node, where it is known. Answers the networks
 * too, by their names in the file.
 */
export function onceModel(
  model: ComposeModel,
  long: ReadonlySet<string>,
  manager: string | undefined,
  findings: Findings,
): { once: ComposeModel | undefined; networks: string[] } {
  const own = Object.entries(model.services).filter(([name]) => !long.has(name));
  if (own.length === 0) return { once: undefined, networks: [] };
  const services: Record<string, Service> = {};
  const networks = new Set<string>();
  for (const [name, { depends_on: needs, links, ...service }] of own) {
    refuseShared(name, model.services[name]!, model, long, findings);
    judgeRun(name, model.services[name]!, manager, findings);
    const ownNeeds = Object.entries(needs ?? {}).filter(([need]) => !long.has(need));
    const ownLinks = (links ?? []).filter((link) => !long.has(link.split(':')[0]!));
    services[name] = {
      ...service,
      ...(ownNeeds.length > 0 && { depends_on: Object.fromEntries(ownNeeds) }),
      ...(ownLinks.length > 0 && { links: ownLinks }),
    };
    if (service.network_mode !== undefined && service.network_mode !== 'default') continue;
    for (const key of Object.keys(service.networks ?? { default: null })) networks.add(key);
  }
  const joined = [...networks].sort();
  return {
    once: {
      ...model,
      services,
      networks: Object.fromEntries(
        joined.map((key) => [
          key,
          { name: model.networks?.[key]?.name ?? `${model.name}_${key}`, external: true },
        ]),
      ),
    },
    networks: joined,
  };
}

/** What a plain container of one manager, which runs once, cannot be. */
function judgeRun(name: string, service: Service, manager: string | undefined, findings: Findings): void {
  const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
  const count = replicasOf(service);
  if (count > 1) {
    refuse(
      findings,
      where,
      'deploy.replicas',
      `is ${count}, and a one-shot of a cluster is one container`,
      'Say 1, or write as many services',
    );
  }
  const { constraints } = below(below(service.deploy)['placement']);
  const places = Array.isArray(constraints) ? constraints.map(String) : [];
  const elsewhere = places.find((place) => !isOfManager(place, manager));
  if (elsewhere !== undefined) {
    refuse(
      findings,
      where,
      'deploy.placement.constraints',
      `has ${elsewhere}, and a one-shot runs on the manager that deploys${manager === undefined ? '' : `, ${manager}`}`,
      'Leave it out, or name that node first in `host`',
    );
  }
  if (/^on-failure/.test(service.restart ?? '') || below(service.deploy)['restart_policy']) {
    findings.notes.push(
      `${name} runs once: one that fails is not started again, and the deployment fails with it`,
    );
  }
}

/** Whether a constraint is one that the manager which deploys is known to fulfil. */
function isOfManager(constraint: string, manager: string | undefined): boolean {
  const [, what, name] = /^\s*node\.(role|hostname)\s*==\s*(\S+)\s*$/.exec(constraint) ?? [];
  return what === 'role' ? name === 'manager' : what === 'hostname' && name === manager;
}

/** What a plain container of one manager cannot have in common with tasks that are anywhere. */
function refuseShared(
  name: string,
  service: Service,
  model: ComposeModel,
  long: ReadonlySet<string>,
  findings: Findings,
): void {
  const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
  const joined = [...joinedBy(service), ...(service.volumes_from ?? []).map((one) => one.split(':')[0]!)];
  for (const other of joined.filter((one) => long.has(one))) {
    refuse(
      findings,
      where,
      '',
      `is in the container of ${other}, which may be on another node`,
      `Give ${name} networks and volumes of its own`,
    );
  }
  refuseRenaming(
    name,
    (service.links ?? []).filter((link) => long.has(link.split(':')[0]!)),
    findings,
  );
  for (const kind of ['configs', 'secrets'] as const) {
    for (const { source } of service[kind] ?? []) {
      if (model[kind]?.[source]?.external !== true) continue;
      refuse(
        findings,
        where,
        kind,
        `has ${source}, which is Swarm's: a one-shot is a plain container, and has none`,
        `Say its file or content under the top-level ${kind}`,
      );
    }
  }
  const volumes = new Set(
    (service.volumes ?? []).flatMap((mount) =>
      mount.type === 'volume' && mount.source ? [mount.source] : [],
    ),
  );
  for (const other of long) {
    const shared = (model.services[other]!.volumes ?? []).find(
      (mount) => mount.type === 'volume' && volumes.has(mount.source ?? ''),
    );
    if (!shared) continue;
    const driver = below(model.volumes?.[shared.source!])['driver'];
    if (typeof driver === 'string' && driver !== '' && driver !== 'local') continue;
    refuse(
      findings,
      where,
      'volumes',
      `has ${shared.source} in common with ${other}: a one-shot runs on a manager, and the volume is of the node of ${other}`,
      `Do it when ${other} starts, or put the files into its image`,
    );
  }
}
