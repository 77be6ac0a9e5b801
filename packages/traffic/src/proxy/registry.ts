import { Failure } from '@deploy-actions/kit';
import { caddy } from './caddy/caddy.ts';
import { haproxy } from './haproxy/haproxy.ts';
import { nginx } from './nginx/nginx.ts';
import type { Proxy } from './proxy.ts';
import { traefik } from './traefik/traefik.ts';

/** Every proxy that there is: a new one is a folder and a line here. */
export const PROXIES: readonly Proxy[] = [nginx, caddy, haproxy, traefik];

/** Throws a `refused` Failure for a name that a server told and nobody knows. */
export function proxyOf(kind: string): Proxy {
  const found = PROXIES.find((one) => one.kind === kind);
  if (found) return found;
  throw new Failure(
    'refused',
    `the server names a proxy that is not known: ${JSON.stringify(kind.slice(0, 40))}`,
    {
      remedy: 'It may have been prepared by another version of this action: run it once with install: true.',
    },
  );
}
