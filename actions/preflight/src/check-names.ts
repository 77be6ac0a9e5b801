/** Every check, in the order of the table. */
export const CHECK_NAMES = [
  'connection',
  'system',
  'path',
  'docker',
  'swarm',
  'nodes',
  'node-ports',
  'stack',
  'overlay-addresses',
  'configuration',
  'variables',
  'required-env',
  'example-values',
  'required',
  'ownership',
  'externals',
  'files',
  'images',
  'processors',
  'memory',
  'load',
  'cpu',
  'disk',
  'inodes',
  'clock',
  'domains',
  'certificates',
  'ports',
  'allowed-ports',
  'proxy',
  'lock',
  'leftovers',
  'releases',
  'health-checks',
  'limits',
  'root-user',
  'backup',
] as const;

export type CheckName = (typeof CHECK_NAMES)[number];

/** Looked at only where they are named in `warn`. */
export const ON_DEMAND: ReadonlySet<CheckName> = new Set(['limits', 'root-user']);

/** What is looked at of a node of a cluster that is not the first: the first one tells of the release for all. */
export const NODE_CHECKS: ReadonlySet<CheckName> = new Set([
  'connection',
  'system',
  'path',
  'docker',
  'swarm',
  'node-ports',
  'processors',
  'memory',
  'load',
  'cpu',
  'disk',
  'inodes',
  'clock',
  'lock',
]);
