import { isDeepStrictEqual } from 'node:util';
import type { Part } from '@deploy-actions/host';
import { PROXIES } from './proxy/registry.ts';
import { LOADED } from './proxy/shared.ts';

/** What a program needs to call `tell_loaded`, whose lines `readLoaded` reads. */
export const LOADED_PARTS: readonly Part<'proxy_kinds'>[] = [
  LOADED,
  ...PROXIES.map(({ loadedPart }) => loadedPart),
];

/** A proxy that runs, and whether what it goes by is what stands on disk. */
export interface LoadedProxy {
  kind: string;
  /** The container's name; undefined: on the host. */
  container: string | undefined;
  /** The file that it was started with, where it was told one: its own command has to be told it too. */
  file: string | undefined;
  /** When it took its configuration, in milliseconds since 1970; undefined where that is not what tells. */
  loaded: number | undefined;
  /** What differs, a phrase each; none: nothing was found that does. */
  changed: readonly string[];
  /** Files of the host's that were replaced while the container keeps the older ones: no reload brings them in. */
  replaced: readonly string[];
  /** Why something of it is not known, a phrase each. */
  unknown: readonly string[];
}

/**
 * Reads the lines of `tell_loaded`. A time is told to the second and up to one second late, so that a change of within
 * two seconds after a reload is not seen.
 */
export function readLoaded(text: string): LoadedProxy[] {
  const blocks: { kind: string; container: string | undefined; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [, kind, name] = /^proxy ([a-z]+) ([a-zA-Z0-9][\w.-]*)?$/.exec(line) ?? [];
    if (kind === undefined) blocks.at(-1)?.lines.push(line);
    else if (PROXIES.some((one) => one.kind === kind)) blocks.push({ kind, container: name, lines: [] });
  }
  return blocks.map(({ kind, container, lines }) => ({ kind, container, ...readBlock(lines) }));
}

function readBlock(lines: readonly string[]): Omit<LoadedProxy, 'kind' | 'container'> {
  const changed = new Set<string>();
  const folders = new Set<string>();
  const replaced: string[] = [];
  const unknown = new Set<string>();
  let file: string | undefined;
  let loaded: number | undefined;
  let running: unknown;
  let files = 0;
  let isCompared = false;
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([a-z]+) (.*)$/.exec(line) ?? [];
    const [, seconds, path] = /^(\d{1,12}) (\/.*)$/.exec(rest) ?? [];
    if (word === 'loaded' && /^\d{1,12}$/.test(rest)) loaded = Number(rest) * 1000;
    else if ((word === 'file' || word === 'folder') && seconds !== undefined) {
      files += 1;
      if (loaded !== undefined && Number(seconds) * 1000 > loaded)
        (word === 'file' ? changed : folders).add(path!);
    } else if (word === 'replaced' && rest.startsWith('/')) replaced.push(rest);
    else if (word === 'main' && /^\/[\w./+-]*$/.test(rest)) file = rest;
    else if (word === 'running') running = parsed(rest);
    else if (word === 'adapted') {
      const adapted = parsed(rest);
      if (running === undefined || adapted === undefined) unknown.add('its answer is no JSON');
      else {
        isCompared = true;
        if (!isDeepStrictEqual(running, adapted)) changed.add('what its file would make of it');
      }
    } else if (word === 'current') isCompared = true;
    else if (word === 'unknown' && rest !== '') unknown.add(rest);
  }
  // What changed in a folder changes the folder too, where it is put there anew.
  for (const folder of folders)
    if (![...changed].some((file) => file.slice(0, file.lastIndexOf('/')) === folder))
      changed.add(`a file that came to ${folder} or left it`);
  // Nothing that differs was found among nothing that was looked at.
  if (!isCompared && unknown.size === 0 && (loaded === undefined || (files === 0 && changed.size === 0)))
    unknown.add('nothing on disk was found that it was started with');
  return { file, loaded, changed: [...changed], replaced, unknown: [...unknown] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
