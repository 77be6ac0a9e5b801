import { createHash, randomBytes } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import { liveColorOf, parseShare } from '@deploy-actions/ledger';
import { refuseProxyOfHost } from './cluster.ts';
import { type WantedRoute, chooseProxy, colorNetworksOf, deriveRoutes, flagFolder } from './derive.ts';
import { lineDiff } from './line-diff.ts';
import type { Look, LookProxy } from './look.ts';
import { frontDoor } from './proxy/door.ts';
import { type ProxyMounts, insidePath } from './proxy/mounts.ts';
import type { Edit, ProxyFile } from './proxy/proxy.ts';
import { regionsOf } from './proxy/region.ts';
import { PROXIES, proxyOf } from './proxy/registry.ts';
import type { PreparedSite, Site } from './site.ts';

export interface InstallRequest {
  project: string;
  /** A proxy of the registry, or `auto`. */
  proxy: string;
  /** The only container that it may run in; undefined: wherever it runs. */
  container?: string;
  routes: readonly WantedRoute[];
  siteConfig: string;
  /** Response header with the colour; undefined: none. */
  header: string | undefined;
  sticky: string | undefined;
  /** The configuration is to know weights below 100. */
  canary: boolean;
  /** What the user says about the front door; undefined: read from the configuration. */
  verifyUrl: string | undefined;
}

/** What an installation would do; nothing is written here. */
export interface Installation {
  site: PreparedSite;
  /** The folder on the server for the runtime socket of a proxy in a container; empty: none. */
  socketFolder: string;
  edit: Edit;
  /** Added and removed lines of the user's file. */
  diff: string[];
  /** A proxy that decides in another way was there before: what it went by says nothing to this one. */
  fresh: boolean;
  /** SHA-256 of the file as it was seen, so that a change by somebody else is noticed. */
  oldSum: string;
  files: ProxyFile[];
}

/** Works out the changed configuration of the user's proxy. Throws `input` and `refused` Failures. */
export async function planInstallation(look: Look, request: InstallRequest): Promise<Installation> {
  const { project } = request;
  const chosen = chooseProxy(look, request.proxy, request.container);
  const proxy = proxyOf(chosen.kind);
  const container = chosen.id === '' ? undefined : mountsOf(look, chosen);
  refuseProxyOfHost(look, container?.name);
  const config = requireConfig(look, request.siteConfig);
  const configInside = seenConfig(look.configFile, container, request.siteConfig);
  const preparation = await proxy.prepare();
  const folder = flagFolder(project);
  const { socketFolder, warnings, ...reach } = preparation.reach({
    project,
    folder,
    configFile: look.configFile,
    container,
  });
  // What is under way must still be known afterwards.
  const isUnderWay = (parseShare(look.share ?? '')?.weight ?? 100) < 100;
  const canary = request.canary || request.sticky !== undefined || isUnderWay;
  const site: Site = {
    project,
    kind: proxy.kind,
    container: chosen.name,
    configFile: look.configFile,
    configInside,
    routes: deriveRoutes(look, project, request.routes, container !== undefined),
    folder,
    fallback: liveColorOf(look),
    header: request.header,
    sticky: request.sticky,
    token: look.proxy?.token ?? tokenIn(config, project) ?? randomBytes(12).toString('hex'),
    canary,
    ...(canary ? reach : { ...reach, ...NO_LOG }),
  };
  if (container) requireColors(container, colorNetworksOf(look, project, site.routes));
  const whole = look.whole.get(chosen.name);
  const edit = await preparation.install(config, site, {
    file: look.configFile,
    login: look.user,
    ...(whole === undefined ? {} : { whole }),
  });
  edit.warnings.push(...warnings);
  const canaryWhy = site.canaryWhy || edit.canaryWhy;
  if (canaryWhy !== '') edit.changes.push(`a canary is judged by probing: ${canaryWhy}`);
  const door = frontDoor(edit.doors, container?.published, request.verifyUrl);
  if (door === undefined) {
    throw new Failure('input', `where ${proxy.title} answers cannot be read from ${look.configFile}`, {
      input: 'verify-url',
      remedy: 'Give `verify-url`, such as https://shop.example.org/health.',
    });
  }
  const prepared: PreparedSite = {
    ...site,
    ...door,
    canaryLog: canaryWhy === '' ? site.canaryLog : '',
    canaryWhy,
    ...(edit.copied && { copied: edit.copied }),
  };
  return {
    site: prepared,
    socketFolder: container ? socketFolder : '',
    edit,
    diff: lineDiff(config, edit.text),
    fresh: look.proxy !== undefined && mechanismOf(look.proxy.kind) !== proxy.mechanism,
    oldSum: createHash('sha256').update(config).digest('hex'),
    files: [
      { name: 'site', content: edit.text },
      { name: 'proxy.json', content: `${JSON.stringify(prepared)}\n` },
      ...proxy.files(prepared),
    ],
  };
}

/** Undefined for a proxy that another version has prepared. */
const mechanismOf = (kind: string) => PROXIES.find((one) => one.kind === kind)?.mechanism;

/** Without a canary nothing is logged, and nobody asks why. */
const NO_LOG = { canaryLog: '', canaryLogInside: '', canaryWhy: '' };

function mountsOf(look: Look, { name }: LookProxy): ProxyMounts {
  const found = look.mounts.find((one) => one.name === name);
  if (found) return found;
  throw new Failure('refused', `the proxy's container ${name} is gone since it was looked for`, {
    remedy: 'Run it again.',
  });
}

function requireConfig(look: Look, siteConfig: string): string {
  if (look.config !== undefined) return look.config;
  throw new Failure('refused', `${siteConfig} cannot be read on the server`, {
    input: 'site-config',
    remedy: `It does not exist, or ${look.user} may neither read it nor use sudo without a password.`,
  });
}

function seenConfig(configFile: string, container: ProxyMounts | undefined, siteConfig: string): string {
  const inside = container ? insidePath(configFile, container) : configFile;
  if (inside !== undefined) return inside;
  throw new Failure('input', `${siteConfig} is in no mount of the container ${container!.name}`, {
    input: 'site-config',
    remedy: 'Name the file on the server that the container mounts.',
  });
}

/** A proxy in a container reaches the colours by names that only their networks have. */
function requireColors({ name, networks }: ProxyMounts, wanted: readonly string[][]): void {
  const apart = wanted.filter((ways) => !ways.some((one) => networks.includes(one))).map(([first]) => first!);
  if (apart.length === 0) return;
  throw new Failure(
    'refused',
    `the container ${name} is not on the network ${apart.join(' and ')}, so it cannot reach the colours`,
    {
      remedy: `Add ${apart.length > 1 ? 'them' : 'it'} to its compose file as external, and now: ${apart.map((one) => `docker network connect ${one} ${name}`).join('; ')}`,
    },
  );
}

/** The probe's word in a file that an administrator has put in place before the installation was proven. */
function tokenIn(config: string, project: string): string | undefined {
  return regionsOf(config, project)
    .map((text) => /\b([0-9a-f]{24})-(?:blue|green)\b/.exec(text)?.[1])
    .find((token) => token !== undefined);
}
