import type { CopiedParts, Site } from '../site.ts';
import type { Door } from './door.ts';
import type { Follows } from './follow.ts';
import type { Part } from '@deploy-actions/host';
import type { ProxyMounts } from './mounts.ts';

/**
 * Where a share stands for the proxy to go by: `flag`: the file of that name is there; `map`: a line of a map says it;
 * `file`: a file that the proxy loads was written for it.
 */
export type Mechanism = 'flag' | 'map' | 'file';

/** What a proxy's own part may be told. */
type ProxyParameter =
  | 'config_file'
  | 'config_inside'
  | 'socket'
  | 'watched'
  | 'project'
  | 'proxy_container'
  | 'folder'
  | 'share_names'
  | 'header'
  | 'header_probe'
  | 'token'
  | 'verify_url'
  | 'verify_connect'
  | 'expect_version';

/** What the parts of its preparation may be told besides. */
type PreparationParameter =
  'canary_log' | 'first_share' | 'fresh' | 'login' | 'login_group' | 'socket_folder' | 'verify_seconds';

/**
 * One proxy: all that the rest of this package and the actions know of it. What runs on the server is its `.sh`.
 */
export interface Proxy {
  /** In inputs, records and programs; the name of its program too. */
  readonly kind: string;
  /** As people write it. */
  readonly title: string;
  readonly mechanism: Mechanism;
  /** A file that a site may stand in, for messages. */
  readonly siteExample: string;
  /** `traffic_apply SHARE` moves the traffic; `traffic_taken SHARE` says whether the proxy goes by it. */
  readonly movePart: Part<ProxyParameter>;
  /** `traffic_observe` prints the share that the proxy goes by. */
  readonly sharePart: Part<ProxyParameter>;
  /**
   * `traffic_valid` fails and prints why where its configuration cannot be loaded, `traffic_whole` prints that configuration,
   * and `why_silent` what it has said where it does not go by what it was told.
   */
  readonly configurationPart: Part<ProxyParameter>;
  /**
   * How a server is looked at, before it is known which proxy counts: `share_KIND`, which prints the share that it would
   * go by.
   */
  readonly lookPart: Part<'project' | 'folder' | 'share_names'>;
  /** `whole_KIND [CONTAINER]`, which prints its whole configuration where a level above the site matters. */
  readonly wholePart: Part;
  /** What it has loaded, beside what stands on disk: `loaded_KIND`, by the words of `loaded.sh`. */
  readonly loadedPart: Part<'proxy_kinds'>;
  /** The command that lets it take what stands on disk: on the host, or in the container of this name; `file` where it was started with one. */
  reloadBy(container: string | undefined, file: string | undefined): string;
  /**
   * What `install` and `uninstall` carry besides: the functions that `preparation.sh` names, `traffic_reload`,
   * `traffic_generation`, which prints what another reload changes, and `told_by_header`, which prints what an answer's header
   * then says.
   */
  readonly preparationParts: readonly Part<ProxyParameter | PreparationParameter>[];
  /** Files that every run which moves traffic brings along. */
  files(site: Site): readonly ProxyFile[];
  /** `names_KIND CONTAINER`, which prints what tells how it looks names up. */
  readonly namesPart: Part;
  /** Whether it follows a name that leads elsewhere, by what `names_KIND` prints; without it, that is not known. */
  follows?(): Promise<Follows>;
  /** What `install` and `uninstall` need besides: parsers, loaded when they are asked for. */
  prepare(): Promise<Preparation>;
}

export interface ProxyFile {
  name: string;
  content: string;
}

/** How a proxy's configuration is read and changed. Everything here is pure. */
export interface Preparation {
  /** What the site needs of the server besides its configuration. Throws a `refused` Failure where it cannot be had. */
  reach(view: ProxyView): Reach;
  /** The user's configuration with our parts; run on its own result it changes nothing. Throws `input` Failures. */
  install(config: string, site: Site, surroundings: Surroundings): Edit | Promise<Edit>;
  /** The user's configuration without the project's parts, as it was. */
  uninstall(config: string, project: string, file: string): string;
}

/** Where a proxy runs and what it sees of the server. */
export interface ProxyView {
  project: string;
  /** The folder of the flags or the map on the server. */
  folder: string;
  /** The user's file on the server. */
  configFile: string;
  /** The container that it runs in; undefined: on the host. */
  container: ProxyMounts | undefined;
}

/** What a proxy is reached by, besides its configuration; all empty where it needs nothing. */
export interface Reach extends Pick<
  Site,
  'socket' | 'socketInside' | 'watched' | 'canaryLog' | 'canaryLogInside' | 'canaryWhy'
> {
  /** The folder on the server that its runtime socket lies in, where it has to be made; empty: none. */
  socketFolder: string;
  warnings: readonly string[];
}

/** What surrounds the user's file and decides how the edit must look. */
export interface Surroundings {
  /** Path of the user's file, for messages and marks. */
  file: string;
  /** The whole configuration as the proxy reports it where a level above matters. */
  whole?: string;
  /** The login user, who alone may use a runtime socket that the proxy makes for us on the host. */
  login: string;
}

/** The user's file with our parts in it. Pure: nothing is written here. */
export interface Edit {
  text: string;
  /** One sentence per change, as `plan` shows it. */
  changes: string[];
  /** What a person should know, such as a setting that was overridden. */
  warnings: string[];
  /** Where the sites that were changed are asked, the best first; none: unknown. */
  doors: Door[];
  /** Why the requests of a canary are not logged; empty: they are, or nobody asked for it. */
  canaryWhy: string;
  /** What the proxy's own files repeat of the user's. */
  copied?: CopiedParts;
}

export function emptyEdit(text: string): Edit {
  return { text, changes: [], warnings: [], doors: [], canaryWhy: '' };
}
