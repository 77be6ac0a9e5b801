import { Failure } from '@deploy-actions/kit';

/**
 * What `docker compose config --format json` prints, as far as this package looks at it: every variable
 * replaced (a literal `$` is written `$$`), every short form expanded, every relative path absolute.
 * Keys that are not named here are carried along untouched.
 */
export interface ComposeModel {
  name: string;
  services: Record<string, Service>;
  networks?: Record<string, Resource | null>;
  volumes?: Record<string, Resource | null>;
  configs?: Record<string, Resource | null>;
  secrets?: Record<string, Resource | null>;
  [key: string]: unknown;
}

export interface Service {
  image?: string;
  build?: unknown;
  command?: string[] | null;
  entrypoint?: string[] | null;
  environment?: Record<string, string | null>;
  depends_on?: Record<string, Dependency>;
  links?: string[];
  volumes_from?: string[];
  networks?: Record<string, NetworkAttachment | null>;
  network_mode?: string;
  volumes?: Mount[];
  configs?: Grant[];
  secrets?: Grant[];
  ports?: Port[];
  labels?: Record<string, string>;
  deploy?: { replicas?: number; mode?: string; [key: string]: unknown };
  scale?: number;
  healthcheck?: { test?: string[]; disable?: boolean; [key: string]: unknown };
  container_name?: string;
  restart?: string;
  profiles?: string[];
  [key: string]: unknown;
}

export interface Dependency {
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  required?: boolean;
  /** Restart this service when that one is recreated. */
  restart?: boolean;
  [key: string]: unknown;
}

export interface NetworkAttachment {
  aliases?: string[];
  [key: string]: unknown;
}

export interface Mount {
  type: string;
  source?: string;
  target: string;
  read_only?: boolean;
  [key: string]: unknown;
}

/** A config or secret that a service is given. */
export interface Grant {
  source: string;
  target?: string;
  [key: string]: unknown;
}

export interface Port {
  mode?: string;
  host_ip?: string;
  target: number;
  /** A port or a range `9000-9001`; absent or `0` means any free one. */
  published?: string;
  protocol?: string;
  [key: string]: unknown;
}

/** A top-level network, volume, config or secret. */
export interface Resource {
  name?: string;
  external?: boolean;
  file?: string;
  [key: string]: unknown;
}

/** Compose's own rule for service names (compose-spec, `^[a-zA-Z0-9._-]+$`). */
const SERVICE_NAME = /^[a-zA-Z0-9._-]+$/;

/** Reads what `docker compose config --format json` printed. Throws a `remote` Failure for anything else. */
export function parseModel(json: string): ComposeModel {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Failure('remote', '`docker compose config` did not print JSON', { cause: error });
  }
  const model = value as ComposeModel;
  if (typeof model !== 'object' || model === null || typeof model.name !== 'string') {
    throw new Failure('remote', '`docker compose config` printed a configuration without a project name');
  }
  if (
    typeof model.services !== 'object' ||
    model.services === null ||
    Object.keys(model.services).length === 0
  ) {
    throw new Failure('input', 'the compose file has no service to deploy', {
      remedy: 'Check `compose-file`, `profiles` and `services`.',
    });
  }
  for (const name of Object.keys(model.services)) {
    if (!SERVICE_NAME.test(name))
      throw new Failure('input', `the service name ${JSON.stringify(name)} is not allowed`);
  }
  return model;
}

/** How many containers a service has. */
export function replicasOf(service: Service): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}

/** Names of the services that a service needs, by any of Compose's ways to say so. */
export function needsOf(service: Service): string[] {
  const names = new Set(Object.keys(service.depends_on ?? {}));
  for (const link of service.links ?? []) names.add(link.split(':')[0]!);
  for (const from of service.volumes_from ?? []) {
    if (!from.startsWith('container:')) names.add(from.split(':')[0]!);
  }
  for (const name of joinedBy(service)) names.add(name);
  return [...names];
}

/** Names of the services whose containers' namespaces a service's containers are made in. */
export function joinedBy(service: Service): string[] {
  const modes = [service.network_mode, service['ipc'], service['pid']];
  return modes.flatMap((mode) =>
    typeof mode === 'string' && mode.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
}

/** Names of the services with whose recreation a service is restarted (`restart: true` in `depends_on`). */
export function restartedWith(service: Service): string[] {
  return Object.entries(service.depends_on ?? {}).flatMap(([name, { restart }]) => (restart ? [name] : []));
}

/** The model with each service replaced by what `change` answers. */
export function mapServices(
  model: ComposeModel,
  change: (service: Service, name: string) => Service,
): ComposeModel {
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(model.services)) services[name] = change(service, name);
  return { ...model, services };
}
