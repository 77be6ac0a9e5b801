import { createHash, randomBytes } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import { caddy } from './caddy.ts';
import { COLORS } from './color.ts';
import {
  type WantedRoute,
  chooseProxy,
  connectOf,
  deriveRoutes,
  flagFolder,
  frontDoor,
  insidePath,
  liveColorOf,
} from './derive.ts';
import { haproxy } from './haproxy.ts';
import { lineDiff } from './line-diff.ts';
import type { Look, LookProxy, PreparedProxy, ProxyMounts } from './look.ts';
import { CANARY_LOGS, nginx } from './nginx.ts';
import type { ProxyPlace } from './program/index.ts';
import type { Edit, Proxy, ProxyKind } from './proxy.ts';
import { regionsOf } from './region.ts';
import type { Site } from './site.ts';
import { checkTraefikEdit, readTraefik, traefik } from './traefik.ts';
import { shareFiles } from './traefik-file.ts';

const PROXIES: Readonly<Record<ProxyKind, Proxy>> = { nginx, caddy, haproxy, traefik, managed: caddy };

/** What a proxy decides by. */
const DECIDES: Readonly<Record<ProxyKind, 'flag' | 'map' | 'file'>> = {
  nginx: 'flag',
  caddy: 'flag',
  managed: 'flag',
  haproxy: 'map',
  traefik: 'file',
};

export interface InstallRequest {
  project: string;
  proxy: ProxyKind | 'auto';
  routes: readonly WantedRoute[];
  siteConfig: string;
  /** Response header with the colour; undefined: none. */
  header: string | undefined;
  sticky: string | undefined;
  /** What the user says about the front door; undefined: read from the configuration. */
  verifyUrl: string | undefined;
}

/** What an installation would do; nothing is written here. */
export interface Installation {
  site: Site;
  place: ProxyPlace;
  prepared: PreparedProxy;
  /** The folder on the server for the runtime socket of HAProxy in a container; empty: none. */
  socketFolder: string;
  edit: Edit;
  /** Added and removed lines of the user's file. */
  diff: string[];
  /** A proxy that decides in another way was there before: what it went by says nothing to this one. */
  fresh: boolean;
  /** SHA-256 of the file as it was seen, so that a change by somebody else is noticed. */
  oldSum: string;
  files: { name: string; content: string }[];
}

/** Works out the changed configuration of the user's proxy. Throws `input` and `refused` Failures. */
export async function planInstallation(look: Look, request: InstallRequest): Promise<Installation> {
  const { project } = request;
  const proxy = chooseProxy(look, request.proxy, project);
  const contained = proxy.id !== '';
  const mounts = look.mounts.find((one) => one.name === proxy.name);
  const folder = flagFolder(project);
  if (look.config === undefined) {
    throw new Failure('refused', `${request.siteConfig} cannot be read on the server`, {
      input: 'site-config',
      remedy: `It does not exist, or ${look.user} may neither read it nor use sudo without a password.`,
    });
  }
  const configInside = contained ? insidePath(look.configFile, mounts!) : look.configFile;
  if (configInside === undefined) {
    throw new Failure('input', `${request.siteConfig} is in no mount of the container ${proxy.name}`, {
      input: 'site-config',
      remedy: 'Name the file on the server that the container mounts.',
    });
  }
  const watched = proxy.kind === 'traefik' ? look.configFile.replace(/\/[^/]*$/, '') : '';
  if (watched !== '' && contained && insidePath(`${watched}/new.yml`, mounts!) === undefined) {
    throw new Failure('refused', `the container ${proxy.name} sees ${look.configFile}, but not its folder`, {
      input: 'site-config',
      remedy: `Mount the folder ${watched} instead of the single file, name it in providers.file.directory, and recreate the container once.`,
    });
  }
  if (contained && proxy.kind !== 'traefik' && insidePath(`${folder}/blue`, mounts!) !== `${folder}/blue`) {
    throw new Failure(
      'refused',
      `the container ${proxy.name} does not see the folder of the flags, ${folder}`,
      {
        remedy: `Add the volume ${folder}:${folder}:ro to it (the folder, not a file), and recreate it once.`,
      },
    );
  }
  const apart = contained ? colorNetworks(project).filter((one) => !mounts!.networks.includes(one)) : [];
  if (apart.length > 0) {
    throw new Failure(
      'refused',
      `the container ${proxy.name} is not on the network ${apart.join(' and ')}, so it cannot reach the colours`,
      {
        remedy: `Add ${apart.length > 1 ? 'them' : 'it'} to its compose file as external, and now: ${apart.map((one) => `docker network connect ${one} ${proxy.name}`).join('; ')}`,
      },
    );
  }
  const socket =
    proxy.kind !== 'haproxy'
      ? undefined
      : contained
        ? containerSocket(mounts!.mounts, project)
        : runtimeSocket('/run/haproxy', '/run/haproxy', project);
  const log = canaryLog(proxy, mounts, project);
  const routes = deriveRoutes(look, project, request.routes, contained);
  const reading =
    proxy.kind === 'traefik' ? await readTraefik(look.config, project, routes, look.configFile) : undefined;
  const site: Site = {
    project,
    routes,
    folder,
    fallback: liveColorOf(look),
    header: request.header,
    sticky: request.sticky,
    token: look.proxy?.token ?? tokenIn(look.config, project) ?? randomBytes(12).toString('hex'),
    contained,
    ...(log.inside === '' ? {} : { canaryLog: log.inside }),
    ...(reading && { traefik: reading.parts }),
  };
  const whole = look.whole.get(proxy.name);
  const edit = PROXIES[proxy.kind].install(look.config, site, {
    file: look.configFile,
    ...(whole === undefined ? {} : { whole }),
    ...(reading && { traefik: reading }),
    ...(socket && { socket: { path: socket.inside, group: contained ? undefined : look.group } }),
  });
  if (reading) await checkTraefikEdit(edit.text, reading, site, look.configFile);
  const socketFolder = proxy.kind === 'haproxy' && contained ? (socket?.folder ?? `${folder}.haproxy`) : '';
  if (proxy.kind === 'haproxy' && !socket) {
    edit.warnings.push(
      `the runtime socket of HAProxy in ${proxy.name} cannot be reached from the server, so each switch has to reload it, which closes idle connections of clients. To have none: add the volume ${socketFolder}:/run/haproxy to the container, recreate it once, and run install again`,
    );
  }
  const canaryWhy = log.why === '' && edit.canaryLog !== 'on' ? (edit.canaryLog ?? '') : log.why;
  if (canaryWhy !== '') edit.changes.push(`a canary is judged by probing: ${canaryWhy}`);
  const door = frontDoor(proxy.kind, edit.text, site, contained ? mounts!.published : undefined);
  const url = request.verifyUrl ?? door?.url;
  if (url === undefined) {
    throw new Failure('input', `where ${proxy.kind} answers cannot be read from ${look.configFile}`, {
      input: 'verify-url',
      remedy: 'Give `verify-url`, such as https://shop.example.org/health.',
    });
  }
  const place: ProxyPlace = {
    kind: proxy.kind,
    container: proxy.id,
    containerName: proxy.name,
    configFile: look.configFile,
    configInside,
    socket: socket?.path ?? '',
    watched,
    canaryLog: canaryWhy === '' ? log.path : '',
    canaryWhy,
  };
  const prepared: PreparedProxy = {
    kind: proxy.kind,
    container: proxy.name,
    configFile: look.configFile,
    configInside,
    socket: place.socket,
    watched,
    folder,
    fallback: site.fallback,
    header: site.header,
    sticky: site.sticky,
    token: site.token,
    url,
    // Traefik's ports are a guess, so the user's word counts.
    connect:
      (proxy.kind === 'traefik' && request.verifyUrl !== undefined ? undefined : door?.connect) ??
      connectOf(url),
    routes: site.routes,
    canaryLog: place.canaryLog,
    canaryWhy,
    ...(reading && { traefik: reading.parts }),
  };
  return {
    site,
    place,
    prepared,
    socketFolder,
    edit,
    diff: lineDiff(look.config, edit.text),
    fresh: look.proxy !== undefined && DECIDES[look.proxy.kind] !== DECIDES[proxy.kind],
    oldSum: createHash('sha256').update(look.config).digest('hex'),
    files: [
      { name: 'site', content: edit.text },
      { name: 'proxy.json', content: `${JSON.stringify(prepared)}\n` },
      ...(proxy.kind === 'traefik' ? shareFiles(site) : []),
    ],
  };
}

/** The networks of the colours, on which their services have the names that a proxy in a container uses. */
function colorNetworks(project: string): string[] {
  return COLORS.map((color) => `zz_${project}_${color}`);
}

/** The probe's word in a file that an administrator has put in place before the installation was proven. */
function tokenIn(config: string, project: string): string | undefined {
  return regionsOf(config, project)
    .map((text) => /\b([0-9a-f]{24})-(?:blue|green)\b/.exec(text)?.[1])
    .find((token) => token !== undefined);
}

/** HAProxy's socket in a container is reached where the folder that it lies in is mounted from the server. */
function containerSocket(
  mounts: readonly { source: string; destination: string }[],
  project: string,
): RuntimeSocket | undefined {
  const mount = mounts.find(({ destination }) => /^\/(?:var\/)?run\/haproxy\/?$/.test(destination));
  return (
    mount && runtimeSocket(mount.source.replace(/\/$/, ''), mount.destination.replace(/\/$/, ''), project)
  );
}

interface RuntimeSocket {
  /** On the server. */
  path: string;
  folder: string;
  /** As HAProxy sees it. */
  inside: string;
}

function runtimeSocket(folder: string, inside: string, project: string): RuntimeSocket {
  const name = `deploy-${project}.sock`;
  return { path: `${folder}/${name}`, folder, inside: `${inside}/${name}` };
}

/** Where the requests of a canary are logged, as the server and as the proxy sees it, or why nowhere. */
function canaryLog(
  proxy: LookProxy,
  mounts: ProxyMounts | undefined,
  project: string,
): { path: string; inside: string; why: string } {
  const path = `${CANARY_LOGS}/${project}.log`;
  const none = (why: string) => ({ path: '', inside: '', why });
  if (proxy.kind !== 'nginx') return none(`${proxy.kind} has no log of its own for a colour`);
  if (proxy.id === '') return { path, inside: path, why: '' };
  const inside = mounts && insidePath(path, mounts);
  if (inside !== undefined) return { path, inside, why: '' };
  return none(`${proxy.name} has no volume ${CANARY_LOGS}:${CANARY_LOGS}`);
}
