import { parseFields } from '@deploy-actions/kit';
import type { Facts, Machine } from '@deploy-actions/readiness';
import type { Seen } from '../checks/check.ts';
import { fields } from '../fields.ts';
import { KEY } from './rig.ts';

/** A machine of two processors with half of everything free, and a clock that is right. */
export const MACHINE: Machine = {
  host: 'web1',
  kernel: 'Linux 6.1.0 x86_64',
  system: 'Debian GNU/Linux 12',
  user: 'deploy',
  groups: ['deploy', 'docker'],
  processors: 2,
  load: 0.5,
  busy: 20,
  memory: 4e9,
  available: 2e9,
  addresses: ['192.0.2.1'],
  disks: {
    path: { folder: '/srv/shop', size: 40e9, free: 20e9, inodes: 1000, freeInodes: 500 },
    images: { folder: '/var/lib/docker', size: 80e9, free: 40e9, inodes: 1000, freeInodes: 500 },
  },
  skew: { ms: 0, give: 50 },
};

/** What is seen of such a machine, with changes, by these inputs; nothing of Docker is known. */
export function seenOf(machine: Partial<Machine>, given: Readonly<Record<string, string>> = {}): Seen {
  const all: Record<string, string> = { host: 'web1', 'ssh-key': KEY, path: '/srv/shop', ...given };
  const inputs = parseFields(fields, { input: (name) => all[name] ?? '' });
  const failure = new Error('not asked');
  const facts = { machine: { ...MACHINE, ...machine }, release: { failure } };
  return { inputs, facts: facts as unknown as Facts } as Seen;
}
