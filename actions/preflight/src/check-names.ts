/** Every check, in the order of the table. */
export const CHECK_NAMES = [
  'connection',
  'system',
  'path',
  'docker',
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
