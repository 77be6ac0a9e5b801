import type { ComposeModel, Mount, Service } from '../model.ts';
import { type Findings, below, judge, pruned, refuse } from './finding.ts';

/** A file or folder of the node itself that a task mounts: it must be on every node that may get the task. */
export interface NodeMount {
  service: string;
  source: string;
  readOnly: boolean;
  /** It was sent with the release, so the deployment itself puts it there. */
  sent: boolean;
}

export interface StackMounts {
  written: Record<string, unknown>[];
  /** Sources on the node. */
  sources: NodeMount[];
  /** What holds data of one node alone, as it stands in the file: `the volume NAME`, or a path. */
  bound: string[];
  /** Named volumes, by their name in the file. */
  volumes: string[];
}

/** Folders in which nothing of the application's own is kept: what is written there is the node's. */
const OF_THE_NODE = /^\/(?:dev|proc|sys|run|var\/run)(?:\/|$)|\.sock$/;

/** Kinds of file systems that a volume of the driver `local` has in common with those of other nodes. */
const SHARED_TYPE = /^(?:nfs4?|cifs|smb3?|ceph|glusterfs|9p)$/;

/** Options of a tmpfs that it has anyway. */
const USUAL_OPTIONS = new Set(['rw', 'noexec', 'nosuid', 'nodev', 'mode=1777', 'mode=01777']);

/** What a service mounts, as a stack says it, with `tmpfs` and `shm_size`. `folder` is the application's on each node. */
export function stackMounts(
  name: string,
  service: Service,
  model: ComposeModel,
  folder: string,
  findings: Findings,
): StackMounts {
  const result: StackMounts = { written: [], sources: [], bound: [], volumes: [] };
  const path = `services.${name}`;
  (service.volumes ?? []).forEach((mount, index) => {
    const written = writtenMount(mount, name, `${path}.volumes.${index}`, findings);
    result.written.push(written);
    const readOnly = mount.read_only === true;
    if (mount.type === 'bind' && mount.source !== undefined) {
      const sent = mount.source.startsWith(`${folder}/files/`);
      result.sources.push({ service: name, source: mount.source, readOnly, sent });
      if (!readOnly && !sent && !OF_THE_NODE.test(mount.source)) result.bound.push(mount.source);
    }
    if (mount.type === 'volume' && mount.source) {
      result.volumes.push(mount.source);
      if (isOfOneNode(model.volumes?.[mount.source])) result.bound.push(`the volume ${mount.source}`);
    }
  });
  const tmpfs = service['tmpfs'];
  const listed = typeof tmpfs === 'string' ? [tmpfs] : Array.isArray(tmpfs) ? tmpfs.map(String) : [];
  listed.forEach((text, index) => {
    result.written.push(tmpfsMount(text, name, `${path}.tmpfs.${index}`, findings));
  });
  const shared = service['shm_size'];
  if (shared !== undefined && shared !== null && Number(shared) !== 0) {
    const size = bytesOf(String(shared));
    if (size === undefined) {
      const where = { section: 'services.*', of: name, path } as const;
      refuse(findings, where, 'shm_size', `(${String(shared)}) is not a size`, 'Say it as 256m');
    } else {
      result.written.push({ type: 'tmpfs', target: '/dev/shm', tmpfs: { size } });
    }
  }
  return result;
}

function writtenMount(mount: Mount, of: string, path: string, findings: Findings): Record<string, unknown> {
  const where = { section: 'services.*.volumes.*', of, path } as const;
  const kept = judge(mount, where, findings);
  const parts: Record<string, unknown> = {};
  for (const part of ['bind', 'volume', 'tmpfs'] as const) {
    const inner = { section: `services.*.volumes.*.${part}`, of, path: `${path}.${part}` } as const;
    const options = judge(below(mount[part]), inner, findings);
    const size = part === 'tmpfs' ? below(mount[part])['size'] : undefined;
    if (size !== undefined && size !== null) {
      const number = bytesOf(String(size));
      if (number === undefined)
        refuse(findings, inner, 'size', `(${String(size)}) is not a size`, 'Say it in bytes, or as 64m');
      else options['size'] = number;
    }
    // Options of another kind of mount are refused by Docker; Compose leaves empty ones.
    if (part === mount.type) parts[part] = options;
  }
  if (!['volume', 'bind', 'tmpfs'].includes(mount.type)) {
    refuse(
      findings,
      where,
      'type',
      `(${mount.type}) is not known to \`docker stack deploy\` of Docker 26`,
      'Mount a volume, a folder of the node or a tmpfs',
    );
  }
  if (mount.type === 'volume' && !mount.source) {
    refuse(
      findings,
      where,
      'source',
      `is missing: the volume at ${mount.target} has no name, so each new task would begin with an empty one`,
      'Give the volume a name, or make it a tmpfs if nothing in it is to be kept',
    );
  }
  return pruned({ ...kept, type: mount.type, source: mount.source, ...parts });
}

/** A line of `tmpfs:` as a mount. */
function tmpfsMount(text: string, of: string, path: string, findings: Findings): Record<string, unknown> {
  const where = { section: 'services.*', of, path } as const;
  const [target = '', options = ''] = text.split(/:(.*)/s);
  let size: number | undefined;
  for (const option of options.split(',').filter((one) => one !== '')) {
    const [key, value = ''] = option.split('=');
    const bytes = key === 'size' ? bytesOf(value) : undefined;
    if (bytes !== undefined) size = bytes;
    else if (!USUAL_OPTIONS.has(option)) {
      refuse(findings, where, '', `has the option ${option}, which a stack cannot say`, `Leave ${key} out`);
    }
  }
  return { type: 'tmpfs', target, ...(size !== undefined && { tmpfs: { size } }) };
}

/** Whether a volume is another one on each node. What is external may be anything; but Swarm makes no such thing itself. */
function isOfOneNode(volume: { [key: string]: unknown } | null | undefined): boolean {
  const driver = volume?.['driver'];
  if (typeof driver === 'string' && driver !== '' && driver !== 'local') return false;
  const type = below(volume?.['driver_opts'])['type'];
  return !(typeof type === 'string' && SHARED_TYPE.test(type));
}

/** Docker's own units, of 1024. */
function bytesOf(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return Math.floor(Number(digits) * 1024 ** ' kmgt'.indexOf(unit === '' ? ' ' : unit.toLowerCase()));
}
