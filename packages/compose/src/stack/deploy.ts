import { type Service, replicasOf } from '../model.ts';
import { type Findings, below, judge, pruned, refuse } from './finding.ts';

/** How Swarm replaces the tasks of a service. */
export type UpdateOrder = 'start-first' | 'stop-first';

/**
 * What the name of a service leads to: the tasks' own addresses (`dnsrr`), or one virtual address before them (`vip`), which
 * needs IPVS in the kernel of every node.
 */
export type Endpoint = 'dnsrr' | 'vip';

export interface Deploy {
  written: Record<string, unknown>;
  /** Undefined: one on each node. */
  replicas: number | undefined;
  order: UpdateOrder;
  endpoint: Endpoint;
  /** Where its tasks may run; empty: on every node. */
  constraints: string[];
}

/** What the rest of a service says about how it is deployed. */
export interface DeployFacts {
  /** It has a health check that is not off. */
  health: boolean;
  /** It opens a port of the node itself. */
  hostPort: boolean;
  /** It opens a port on the mesh. */
  meshPort: boolean;
  /** What holds data of one node, as `StackMounts.bound` has it. */
  bound: readonly string[];
  /** Two of it would have the same data open. */
  single: boolean;
  /** How many nodes there are; undefined: not known. */
  nodes: number | undefined;
}

/** The words of Docker for a processor, by those of an image's platform. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  x86_64: 'x86_64',
  arm64: 'aarch64',
  aarch64: 'aarch64',
};

/**
 * `deploy` of a service, with what `restart`, `scale`, `platform` and limits say besides. A release is brought back as a
 * whole, so Swarm itself stops at a failed update (`failure_action: pause`) and rolls nothing back.
 */
export function stackDeploy(name: string, service: Service, facts: DeployFacts, findings: Findings): Deploy {
  const deploy = below(service.deploy);
  const at = (key: string) => ({
    section: `services.*.deploy${key && `.${key}`}`,
    of: name,
    path: `services.${name}.deploy${key && `.${key}`}`,
  });
  const where = { ...at(''), section: 'services.*.deploy' } as const;
  const kept = judge(deploy, where, findings);
  const mode = modeOf(deploy['mode'], service, where, findings);
  const replicas = mode === 'global' ? undefined : replicasOf(service);
  const { written: placement, constraints } = placementOf(name, service, mode, facts, findings);
  const updating = below(deploy['update_config']);
  const { order } = orderOf(name, updating['order'], mode, facts, findings);
  const action = updating['failure_action'];
  if (action !== undefined && action !== 'pause') {
    findings.notes.push(
      `${name}: deploy.update_config.failure_action is pause, not ${String(action)}: the deployment itself brings the release before back, whole`,
    );
  }
  if (replicas !== undefined && facts.hostPort && facts.nodes !== undefined && replicas > facts.nodes) {
    refuse(
      findings,
      where,
      'replicas',
      `is ${replicas}, and a port with mode: host can be there once on each of ${facts.nodes} nodes`,
      'Say fewer, or mode: ingress for the port',
    );
  }
  const endpoint = endpointOf(name, deploy['endpoint_mode'], facts, findings);
  const written = {
    ...kept,
    mode,
    replicas,
    endpoint_mode: endpoint,
    update_config: {
      ...judge(updating, { ...at('update_config'), section: 'services.*.deploy.update_config' }, findings),
      order,
      failure_action: 'pause',
    },
    restart_policy: restartOf(name, service, findings),
    placement,
    resources: resourcesOf(name, service, findings),
  };
  return { written: pruned(written), replicas, order, endpoint, constraints };
}

/** The line to add for what is bound to one node. */
const PIN =
  "deploy: {placement: {constraints: ['node.hostname == NAME']}}, with NAME as `docker node ls` shows it";

function placementOf(
  name: string,
  service: Service,
  mode: string,
  { bound }: DeployFacts,
  findings: Findings,
): { written: Record<string, unknown>; constraints: string[] } {
  const placement = below(below(service.deploy)['placement']);
  const where = {
    section: 'services.*.deploy.placement',
    of: name,
    path: `services.${name}.deploy.placement`,
  } as const;
  const kept = judge(placement, where, findings);
  const constraints = Array.isArray(placement['constraints']) ? placement['constraints'].map(String) : [];
  constraints.push(...platformConstraints(name, service, findings));
  if (bound.length > 0 && mode === 'global') {
    findings.notes.push(`${name} has its own data on each node: ${bound.join(', ')}`);
  } else if (bound.length > 0 && !constraints.some(isPin)) {
    refuse(
      findings,
      where,
      'constraints',
      `is missing: ${bound.join(', ')} is on one node, and a task on another one would find nothing there`,
      `Add ${PIN}. If all nodes share that storage, give them a label (\`docker node update --label-add storage=shared NAME\`) and say 'node.labels.storage == shared'`,
    );
  }
  return { written: pruned({ ...kept, constraints }), constraints };
}

/** Whether a constraint says which nodes. A role may move to another node. */
function isPin(constraint: string): boolean {
  return /^\s*(?:node\.hostname|node\.id|node\.labels\.[^\s=!]+|engine\.labels\.[^\s=!]+)\s*==/.test(
    constraint,
  );
}

function platformConstraints(name: string, service: Service, findings: Findings): string[] {
  const platform = service['platform'];
  if (typeof platform !== 'string' || platform === '') return [];
  const [os = '', architecture] = platform.split('/');
  const known = architecture === undefined ? undefined : ARCHITECTURES[architecture];
  if (os !== 'linux' || (architecture !== undefined && known === undefined)) {
    const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
    refuse(
      findings,
      where,
      'platform',
      `(${platform}) has no placement constraint that is known here`,
      'Say the constraint under deploy.placement.constraints, and leave the platform out',
    );
    return [];
  }
  findings.notes.push(`${name} runs on nodes of the platform ${platform}`);
  return known === undefined ? [] : [`node.platform.arch == ${known}`];
}

function modeOf(
  mode: unknown,
  service: Service,
  where: Parameters<typeof judge>[1],
  findings: Findings,
): string {
  const wanted = mode === undefined || mode === '' ? 'replicated' : String(mode);
  if (wanted !== 'replicated' && wanted !== 'global') {
    refuse(
      findings,
      where,
      'mode',
      `(${wanted}) is repeated by Swarm with each deployment, and never ends if it fails`,
      'Leave the mode out and name the service in `one-shot`: it runs once',
    );
  }
  const count = service.scale ?? service.deploy?.replicas;
  if (wanted === 'global' && count !== undefined) {
    refuse(
      findings,
      where,
      'replicas',
      `(${count}) contradicts mode: global, which is one on each node`,
      'Leave one of both out',
    );
  }
  return wanted;
}

/** Two tasks may be there at once where nothing can be there only once, and a health check says when the new one may be asked. */
function orderOf(
  name: string,
  wanted: unknown,
  mode: string,
  { health, hostPort, bound, single }: DeployFacts,
  findings: Findings,
): { order: UpdateOrder } {
  if (wanted === 'stop-first') return { order: wanted };
  if (wanted === 'start-first') {
    if (hostPort) {
      const where = {
        section: 'services.*.deploy.update_config',
        of: name,
        path: `services.${name}.deploy.update_config`,
      } as const;
      refuse(
        findings,
        where,
        'order',
        'is start-first, and the port with mode: host is taken by the old task: Swarm would wait for ever',
        'Say stop-first, or mode: ingress for the port',
      );
    }
    return { order: wanted };
  }
  const both = health && !hostPort && bound.length === 0 && !single && mode === 'replicated';
  return { order: both ? 'start-first' : 'stop-first' };
}

/**
 * By Compose a service's name leads to its containers' own addresses: that is `dnsrr`, which needs no IPVS in the kernel
 * either. A port on the mesh needs the virtual address.
 */
function endpointOf(name: string, wanted: unknown, { meshPort }: DeployFacts, findings: Findings): Endpoint {
  if (wanted === 'dnsrr' && meshPort) {
    const where = { section: 'services.*.deploy', of: name, path: `services.${name}.deploy` } as const;
    refuse(
      findings,
      where,
      'endpoint_mode',
      '(dnsrr) cannot be with a port on the mesh',
      'Say mode: host for the port, or leave endpoint_mode out',
    );
  }
  if (wanted === 'dnsrr' || wanted === 'vip') return wanted;
  return meshPort ? 'vip' : 'dnsrr';
}

function restartOf(name: string, service: Service, findings: Findings): Record<string, unknown> {
  const own = service.deploy?.['restart_policy'];
  const { restart } = service;
  if (own !== undefined && own !== null) {
    const where = {
      section: 'services.*.deploy.restart_policy',
      of: name,
      path: `services.${name}.deploy.restart_policy`,
    } as const;
    const policy = judge(below(own), where, findings);
    const says = policyOf(restart);
    if (restart && says?.['condition'] !== (policy['condition'] ?? 'any')) {
      findings.notes.push(`${name} goes by deploy.restart_policy, not by restart: ${restart}`);
    }
    return { ...policy, condition: policy['condition'] ?? 'any' };
  }
  const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
  if (restart === 'no') {
    refuse(
      findings,
      where,
      'restart',
      '(no) would be `any`: Swarm starts what has ended again',
      'If it ends by itself, name it in `one-shot`; if it stays up, say restart: unless-stopped, or deploy.restart_policy.condition: none, with which it is not started elsewhere either when its node dies',
    );
  }
  const policy = policyOf(restart);
  if (policy !== undefined) return policy;
  if (restart && restart !== 'no')
    refuse(findings, where, 'restart', `(${restart}) is not known`, 'Say unless-stopped');
  return { condition: 'any' };
}

/** Undefined for none, and for what is no policy. */
function policyOf(restart: string | undefined): Record<string, unknown> | undefined {
  if (restart === 'always' || restart === 'unless-stopped') return { condition: 'any' };
  const failing = /^on-failure(?::(\d+))?$/.exec(restart ?? '');
  if (!failing) return undefined;
  const most = Number(failing[1] ?? 0);
  return { condition: 'on-failure', ...(most > 0 && { max_attempts: most }) };
}

function resourcesOf(name: string, service: Service, findings: Findings): Record<string, unknown> {
  const resources = below(below(service.deploy)['resources']);
  const path = `services.${name}.deploy.resources`;
  judge(resources, { section: 'services.*.deploy.resources', of: name, path }, findings);
  const limits = below(resources['limits']);
  const reservations = below(resources['reservations']);
  judge(
    limits,
    { section: 'services.*.deploy.resources.limits', of: name, path: `${path}.limits` },
    findings,
  );
  const kept = judge(
    reservations,
    { section: 'services.*.deploy.resources.reservations', of: name, path: `${path}.reservations` },
    findings,
  );
  return pruned({
    limits: pruned({
      cpus: cpuText(limits['cpus'] ?? service['cpus']),
      memory: sizeText(limits['memory'] ?? service['mem_limit']),
      pids: countOf(limits['pids'] ?? service['pids_limit']),
    }),
    reservations: pruned({
      ...kept,
      cpus: cpuText(reservations['cpus']),
      memory: sizeText(reservations['memory'] ?? service['mem_reservation']),
    }),
  });
}

/** Docker counts billionths of a processor, and refuses what is finer. */
function cpuText(value: unknown): string | undefined {
  const number = Number(value ?? 0);
  if (number === 0) return undefined;
  return Number.isFinite(number) ? number.toFixed(9).replace(/\.?0+$/, '') : String(value);
}

function sizeText(value: unknown): string | undefined {
  return value === undefined || value === null || Number(value) === 0
    ? undefined
    : String(value as string | number);
}

/** -1 and 0 mean no limit. */
function countOf(value: unknown): number | undefined {
  const number = Number(value ?? 0);
  return number > 0 ? number : undefined;
}
