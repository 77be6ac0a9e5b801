/** The preparation of a proxy: for the action that does it alone, since it brings a YAML parser along. */
export { CANARY_LOGS, nginx } from './nginx.ts';
export { HAPROXY_MAP, haproxy } from './haproxy.ts';
export { caddy } from './caddy.ts';
export { readTraefik, traefik } from './traefik.ts';
export { type Edit, type Proxy, type Surroundings } from './proxy.ts';
export { type InstallRequest, type Installation, planInstallation } from './installation.ts';
