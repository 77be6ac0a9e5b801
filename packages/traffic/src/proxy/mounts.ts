/** What a proxy's container sees of the server. */
export interface ProxyMounts {
  name: string;
  mounts: readonly { source: string; destination: string }[];
  /** Container port -> host port. */
  published: ReadonlyMap<number, number>;
  /** Names of the networks that it is on. */
  networks: readonly string[];
}

/** A path of the host as a container sees it; undefined when no mount leads there. */
export function insidePath(path: string, mounts: ProxyMounts): string | undefined {
  const covering = mounts.mounts
    .filter(({ source }) => path === source || path.startsWith(`${source.replace(/\/$/, '')}/`))
    .sort((a, b) => b.source.length - a.source.length)[0];
  return (
    covering &&
    covering.destination.replace(/\/$/, '') + path.slice(covering.source.replace(/\/$/, '').length)
  );
}
