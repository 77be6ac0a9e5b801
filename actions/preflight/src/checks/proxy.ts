import { formatDuration } from '@deploy-actions/kit';
import type { LoadedProxy } from '@deploy-actions/traffic/loaded';
import { PROXIES } from '@deploy-actions/traffic/proxies';
import { type Check, type Seen, type Verdict, listed, passed, told, unknown, warned } from './check.ts';

/** Which proxies run, and whether each goes by the configuration that stands on disk. */
export const PROXY: readonly Check[] = [{ name: 'proxy', judge }];

function judge({ facts, now }: Seen): Verdict {
  const { published, proxies } = facts;
  if (published === undefined) return unknown('the containers could not be looked at: see docker');
  if (proxies.length === 0) return told('none was found');
  const words = proxies.map((proxy) => `${nameOf(proxy)}: ${stateOf(proxy, now)}`).join('; ');
  const remedies = proxies.flatMap((proxy) => remedyOf(proxy) ?? []);
  return remedies.length === 0 ? passed(words) : warned(words, remedies.join(' '));
}

function nameOf({ kind, container }: LoadedProxy): string {
  const title = PROXIES.find((one) => one.kind === kind)!.title;
  return container === undefined ? `${title} on the host` : `${title} in the container ${container}`;
}

function stateOf({ changed, replaced, unknown: reasons, loaded }: LoadedProxy, now: Date): string {
  const words = [
    ...(replaced.length > 0 ? [`it has an older ${listed(replaced, 3)} than the host`] : []),
    ...(changed.length > 0 ? [`changed since it was loaded: ${listed(changed, 3)}`] : []),
    ...(reasons.length > 0 ? [`not known whether it runs what stands on disk: ${listed(reasons, 3)}`] : []),
  ];
  if (words.length > 0) return words.join(', ');
  const since = loaded === undefined ? '' : ` ${formatDuration(Math.max(0, now.getTime() - loaded))} ago`;
  return loaded === undefined
    ? 'it runs what its file says'
    : `nothing of it changed on disk since it was loaded${since}`;
}

/** What lets it run what stands on disk; undefined where it does. */
function remedyOf(proxy: LoadedProxy): string | undefined {
  const { kind, container, file, changed, replaced, unknown: reasons } = proxy;
  const { reloadBy } = PROXIES.find((one) => one.kind === kind)!;
  if (replaced.length > 0 && container !== undefined)
    return `Mount the folder instead of the file, and make ${container} anew: a single file that is mounted stays the one that it was.`;
  if (changed.length > 0) return `Let it take what stands there: ${reloadBy(container, file)}`;
  if (reasons.length > 0)
    return `Look yourself, or let it take what stands there: ${reloadBy(container, file)}`;
  return undefined;
}
