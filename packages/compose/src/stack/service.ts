import { isDatabase } from '../database.ts';
import { discoveredBy } from '../discovered.ts';
import { type ComposeModel, type Service, joinedBy, restartedWith } from '../model.ts';
import { type Endpoint, type UpdateOrder, stackDeploy } from './deploy.ts';
import { STACK_CLI_VARIABLES, envText } from './env-text.ts';
import { type Findings, below, judge, pruned, refuse } from './finding.ts';
import { refuseRenaming } from './links.ts';
import { type NodeMount, stackMounts } from './mounts.ts';
import { whyNoName } from './networks.ts';
import { stackGrants } from './objects.ts';
import { type StackPort, stackPorts } from './ports.ts';

/** What is known beside the file. */
export interface ServiceSurroundings {
  model: ComposeModel;
  /** The application's folder on each node. */
  path: string;
  /** Services whose image brings a health check along. */
  healthchecked: ReadonlySet<string>;
  /** How many nodes there are; undefined: not known. */
  nodes: number | undefined;
}

/** A service of a stack, as those who deploy it and watch it need to know it. */
export interface StackService {
  /** As in the file; in Swarm it is `<project>_<name>`. */
  name: string;
  image: string;
  /** Services start in the order of their steps. */
  step: number;
  /** Another service waits until this one is healthy. */
  gate: boolean;
  /** Undefined: one on each node that its constraints allow. */
  replicas: number | undefined;
  order: UpdateOrder;
  endpoint: Endpoint;
  /** It has a health check, of the file or of its image. */
  health: boolean;
  /** Where its tasks may run; empty: on every node. */
  constraints: string[];
  ports: StackPort[];
  /** What it has of one node alone, as it stands in the file: `the volume NAME`, or a path. */
  bound: string[];
  /** What `LABELS.hash` holds on the service: two with the same are the same. */
  hash: string;
}

export interface Written {
  written: Record<string, unknown>;
  facts: Omit<StackService, 'step' | 'gate' | 'hash'>;
  sources: NodeMount[];
  /** Named volumes, by their name in the file. */
  volumes: string[];
}

/** One service as a stack says it. What cannot be said is among the findings. */
export function stackService(
  name: string,
  service: Service,
  around: ServiceSurroundings,
  findings: Findings,
): Written {
  const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
  const kept = judge(service, where, findings);
  judgeIdentity(name, service, around.model.name, findings);
  const { written: ports, ports: opened } = stackPorts(service.ports ?? [], name, findings);
  const mounts = stackMounts(name, service, around.model, around.path, findings);
  const healthcheck = healthcheckOf(name, service, findings);
  const health = isProven(healthcheck, around.healthchecked.has(name));
  const deploy = stackDeploy(
    name,
    service,
    {
      health,
      hostPort: opened.some((port) => port.mode === 'host' && port.published !== undefined),
      meshPort: opened.some((port) => port.mode === 'mesh'),
      bound: mounts.bound,
      single: isDatabase(service),
      nodes: around.nodes,
    },
    findings,
  );
  const written = pruned({
    ...kept,
    ...pruned(commandOf(service, where, findings)),
    environment: environmentOf(name, service, findings),
    extra_hosts: hostsOf(service['extra_hosts']),
    healthcheck,
    logging: loggingOf(name, service, findings),
    networks: attachmentsOf(name, service, findings),
    ports,
    volumes: mounts.written,
    ...stackGrants({ configs: service.configs, secrets: service.secrets }, name, findings),
    deploy: deploy.written,
  });
  judgeNeeds(name, service, findings);
  noteDiscovery(name, service, findings);
  return {
    written,
    facts: {
      name,
      image: service.image ?? '',
      replicas: deploy.replicas,
      order: deploy.order,
      endpoint: deploy.endpoint,
      health,
      constraints: deploy.constraints,
      ports: opened,
      bound: mounts.bound,
    },
    sources: mounts.sources,
    volumes: mounts.volumes,
  };
}

function judgeIdentity(name: string, { image }: Service, project: string, findings: Findings): void {
  const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
  const unfit = whyNoName(`${project}_${name}`);
  if (unfit !== undefined) refuse(findings, where, '', `would be named ${unfit}`, 'Give it such a name');
  if (!image) {
    refuse(
      findings,
      where,
      'image',
      'is missing, and a stack builds nothing',
      'Name the image in `images`, or as image',
    );
  }
}

/**
 * Null and an empty list mean the image's own. But an entrypoint that is an empty list means none: one empty word says that
 * to the engine, if there is a command (moby, daemon/container.go, mergeAndVerifyConfig).
 */
function commandOf(
  service: Service,
  where: Parameters<typeof judge>[1],
  findings: Findings,
): Record<string, unknown> {
  const { entrypoint, command } = service;
  const words = command && command.length > 0 ? command : undefined;
  if (!entrypoint || entrypoint.length > 0) return { entrypoint: entrypoint ?? undefined, command: words };
  if (words === undefined) {
    refuse(
      findings,
      where,
      'entrypoint',
      'is an empty list, which a stack cannot say without a command',
      "Write the image's command as command",
    );
  }
  return { entrypoint: [''], command: words };
}

function environmentOf(
  name: string,
  { environment = {} }: Service,
  findings: Findings,
): Record<string, string | null> {
  const own: ReadonlySet<string> = new Set(STACK_CLI_VARIABLES);
  const where = { section: 'services.*', of: name, path: `services.${name}.environment` } as const;
  const filled: string[] = [];
  const entries = Object.entries(environment).map(([key, value]): [string, string | null] => {
    if (own.has(key) && (value === null || value === '')) {
      refuse(
        findings,
        where,
        key,
        'has no value, and `docker stack deploy` would put its own there',
        'Give it one, or leave it out',
      );
    }
    if (value === null) return [key, null];
    const { text, placeholders } = envText(value);
    if (placeholders.length > 0) filled.push(key);
    return [key, text];
  });
  if (filled.length > 0)
    findings.notes.push(`${name}: Swarm fills in its placeholders in ${filled.join(', ')}`);
  return Object.fromEntries(entries);
}

/** `host=address` or `host:address`, or a map of them. */
function hostsOf(value: unknown): string[] | undefined {
  const pairs = Array.isArray(value)
    ? value.map(String)
    : Object.entries(below(value)).flatMap(([host, all]) =>
        [all].flat().map((one) => `${host}=${String(one)}`),
      );
  const lines = pairs.map((pair) => {
    const [, host, address] = /^([^=:]*)[=:]\[?([^\]]*)\]?$/.exec(pair) ?? [];
    return host === undefined ? pair : `${host}:${address}`;
  });
  return lines.length > 0 ? [...new Set(lines)] : undefined;
}

function healthcheckOf(
  name: string,
  service: Service,
  findings: Findings,
): Record<string, unknown> | undefined {
  const { healthcheck } = service;
  if (!healthcheck) return undefined;
  const kept = judge(
    healthcheck,
    { section: 'services.*.healthcheck', of: name, path: `services.${name}.healthcheck` },
    findings,
  );
  return healthcheck.disable === true ? { disable: true } : kept;
}

/** Whether a health check says when a task may be asked: the file's own, or that of the image. */
function isProven(healthcheck: Record<string, unknown> | undefined, byImage: boolean): boolean {
  if (healthcheck === undefined) return byImage;
  return !isOff(healthcheck) && (healthcheck['test'] !== undefined || byImage);
}

function loggingOf(
  name: string,
  { logging }: Service,
  findings: Findings,
): Record<string, unknown> | undefined {
  if (logging === undefined || logging === null) return undefined;
  const where = { section: 'services.*.logging', of: name, path: `services.${name}.logging` } as const;
  return judge(below(logging), where, findings);
}

function isOff(healthcheck: Record<string, unknown>): boolean {
  const test = healthcheck['test'];
  return healthcheck['disable'] === true || (Array.isArray(test) && test[0] === 'NONE');
}

function attachmentsOf(
  name: string,
  service: Service,
  findings: Findings,
): Record<string, unknown> | undefined {
  if (!service.networks) return undefined;
  return Object.fromEntries(
    Object.entries(service.networks).map(([key, attachment]) => {
      const where = {
        section: 'services.*.networks.*',
        of: name,
        path: `services.${name}.networks.${key}`,
      } as const;
      const kept = judge(attachment ?? {}, where, findings);
      return [key, Object.keys(kept).length > 0 ? kept : null];
    }),
  );
}

function judgeNeeds(name: string, service: Service, findings: Findings): void {
  // Compose adds it where one service is in the other's container, or links to it.
  const implied = new Set([...joinedBy(service), ...linked(service)]);
  const wishes = restartedWith(service).filter((need) => !implied.has(need));
  if (wishes.length > 0) {
    findings.notes.push(
      `${name} is not started anew with ${wishes.join(', ')} (depends_on, restart: true): its clients must connect again`,
    );
  }
  for (const [need, dependency] of Object.entries(service.depends_on ?? {})) {
    judge(
      dependency,
      { section: 'services.*.depends_on.*', of: name, path: `services.${name}.depends_on.${need}` },
      findings,
    );
  }
  refuseRenaming(name, service.links ?? [], findings);
}

function linked({ links = [] }: Service): string[] {
  return links.map((link) => link.split(':')[0]!);
}

function noteDiscovery(name: string, service: Service, findings: Findings): void {
  const found = discoveredBy(service);
  if (!found) return;
  findings.notes.push(
    `${name} has ${found.what}: in a swarm ${found.proxy} looks at deploy.labels of the service, not at the containers of other nodes`,
  );
}
