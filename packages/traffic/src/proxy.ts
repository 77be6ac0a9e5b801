import { Failure, type Place } from '@deploy-actions/kit';
import type { Site } from './site.ts';
import type { TraefikReading } from './traefik-file.ts';

export type ProxyKind = 'nginx' | 'caddy' | 'haproxy' | 'traefik' | 'managed';

/** What surrounds the user's file and decides how the edit must look. */
export interface Surroundings {
  /** Path of the user's file, for messages and marks. */
  file: string;
  /** The whole configuration as the proxy reports it (`nginx -T`), where a level above matters. */
  whole?: string;
  /**
   * HAProxy: where its runtime socket shall be, as it sees that place, and the group that may use it. In a
   * container there is no group of the server's: the folder hands its own down (setgid).
   */
  socket?: { path: string; group: string | undefined };
  /** Traefik: the routers of the file. */
  traefik?: TraefikReading;
}

/** The user's file with our parts in it. Pure: nothing is written here. */
export interface Edit {
  text: string;
  /** One sentence per change, as `plan` shows it. */
  changes: string[];
  /** What a person should know, such as a setting that was overridden. */
  warnings: string[];
  /** Requests of a canary go to the site's log; else why they do not. */
  canaryLog?: 'on' | string;
}

/**
 * One proxy. Everything here is pure; what runs on the server is the sh text `program`, which defines
 *
 * - `traffic_apply NAME`: makes the share NAME effective, in one atomic step
 * - `traffic_taken NAME`: true when the proxy goes by the share; where it does at once, always
 * - `traffic_observe`: prints the share that the proxy goes by, or nothing
 * - `traffic_valid`: checks the configuration; a sentence on stdout and status 1 when it is not
 * - `traffic_reload`: makes the proxy read its configuration, only used by install and as a fallback
 * - `traffic_busy COLOR`: prints how many requests or connections the colour still has, or `unknown`
 */
export interface Proxy {
  readonly kind: ProxyKind;
  /** The user's configuration with our parts; running it on its own result changes nothing. */
  install(config: string, site: Site, surroundings: Surroundings): Edit;
  /** The user's configuration without them, as it was. */
  uninstall(config: string, site: Site): string;
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** The user's proxy configuration cannot be changed by us as it is: where, why, and what would be right. */
export function configFailure(message: string, remedy: string, file: string, line?: number): Failure {
  const place: Place = line === undefined ? { file } : { file, line };
  return new Failure('input', `${file}${line === undefined ? '' : `, line ${line}`}: ${message}`, {
    input: 'site-config',
    remedy,
    place,
  });
}

/** A text change by offsets of the old text. */
export interface Replacement {
  start: number;
  end: number;
  text: string;
}

/** Applies replacements that do not overlap. */
export function replaceAll(text: string, replacements: readonly Replacement[]): string {
  let result = text;
  for (const { start, end, text: replacement } of [...replacements].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + replacement + result.slice(end);
  }
  return result;
}
