import { Failure } from '@deploy-actions/kit';
import { caddy } from '../caddy/caddy.ts';
import type { WantedRoute } from '../../derive.ts';
import type { ProxyFile } from '../proxy.ts';

/**
 * A proxy for those who have none: a Caddy in a container of the project's own. Caddy and not HAProxy, because it
 * gets and renews certificates by itself, its flags need no runtime socket (and so no perl or socat on the server),
 * and it resolves a colour's name for each connection.
 */
export interface ManagedProxy {
  /** Caddy's site address: `shop.example.org`, or `:80`. */
  address: string;
  /** Default: `MANAGED_IMAGE`. */
  image: string | undefined;
  /** `host:container`, or one number for both. */
  ports: readonly string[];
  /** Paths of PEM files on the server. */
  certificate: string | undefined;
  key: string | undefined;
  /** For the account at the certificate authority. */
  email: string | undefined;
}

export const MANAGED_IMAGE = 'caddy:2';

/** The file with its site on a server, in the application's folder. */
export const managedConfigFile = (path: string): string => `${path}/proxy/Caddyfile`;

/** What `MANAGED` brings along: the configuration before `install` adds the colours, one site that leads to the plain service. */
export function managedFiles(managed: ManagedProxy, route: WantedRoute): readonly ProxyFile[] {
  const certificate =
    managed.certificate === undefined
      ? []
      : [`\ttls /etc/deploy-actions/cert.pem /etc/deploy-actions/key.pem`];
  const email = managed.email === undefined ? [] : ['{', `\temail ${managed.email}`, '}'];
  const lines = [
    ...email,
    `${managed.address} {`,
    ...certificate,
    `\treverse_proxy ${route.service}:${route.port}`,
    '}',
    '',
  ];
  return [{ name: 'Caddyfile', content: lines.join('\n') }];
}

/** Parameters of `MANAGED`, but for the login's. */
export function managedParameters(
  project: string,
  managed: ManagedProxy,
  folder: string,
  dockerHost: string | undefined,
  networks: readonly string[],
): Record<
  'project' | 'folder' | 'docker_host' | 'image' | 'ports' | 'certificate' | 'key' | 'networks',
  string
> {
  if ((managed.certificate === undefined) !== (managed.key === undefined)) {
    throw new Failure('input', 'a managed proxy needs both `certificate` and `key`, or neither', {
      input: 'managed',
    });
  }
  return {
    project,
    folder,
    docker_host: dockerHost ?? '',
    image: managed.image ?? MANAGED_IMAGE,
    ports: managed.ports.join(' '),
    certificate: managed.certificate ?? '',
    key: managed.key ?? '',
    networks: networks.join(' '),
  };
}

/** Where the proxy of a project's own runs, for those who have none: a Caddy in a container by this name. */
export function managedPlace(project: string): { proxy: string; container: string } {
  return { proxy: caddy.kind, container: `${project}-proxy` };
}
