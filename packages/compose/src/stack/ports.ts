import type { Port } from '../model.ts';
import { type Findings, judge, pruned, refuse } from './finding.ts';

/** A port that a service of a stack opens. */
export interface StackPort {
  /** `mesh`: every node has it and hands on; `host`: only nodes with a task have it. */
  mode: 'mesh' | 'host';
  target: number;
  /** Undefined: one that Docker chooses. */
  published: number | undefined;
  protocol: string;
}

/** Addresses that mean every one. */
const EVERY = new Set(['', '0.0.0.0', '::', '[::]']);

const LOOPBACK = /^(?:127\.|::1$|\[::1\]$|localhost$)/;

/** The ports of a service as a stack says them; what differs between addresses alone is one. */
export function stackPorts(
  ports: readonly Port[],
  of: string,
  findings: Findings,
): { written: Record<string, unknown>[]; ports: StackPort[] } {
  const found = new Map<string, { written: Record<string, unknown>; port: StackPort }>();
  ports.forEach((port, index) => {
    const where = { section: 'services.*.ports.*', of, path: `services.${of}.ports.${index}` } as const;
    const kept = judge(port, where, findings);
    const address = port.host_ip ?? '';
    const wanted = `${port.published ?? ''}`;
    const shown = [address, wanted, String(port.target)].filter((one) => one !== '').join(':');
    if (!EVERY.has(address)) {
      const isLoopback = LOOPBACK.test(address);
      refuse(
        findings,
        where,
        'host_ip',
        `(${shown}) would be opened on every address of every node${isLoopback ? ', to whoever reaches them' : ''}`,
        isLoopback
          ? `Leave the port out: services of one network reach ${of} at ${of}:${port.target}; what must reach it from the server itself is a job for a container on that network`
          : 'Leave the address out, and let a firewall decide who reaches the port',
      );
    }
    if (wanted.includes('-')) {
      refuse(
        findings,
        where,
        'published',
        `(${shown}) is a range, of which a stack would not choose`,
        'Say one port: a stack hands it on to all tasks of the service',
      );
    }
    const published = /^\d+$/.test(wanted) && wanted !== '0' ? Number(wanted) : undefined;
    const protocol = port.protocol ?? 'tcp';
    const mode = port.mode === 'host' ? 'host' : 'mesh';
    const written = pruned({ ...kept, mode: port.mode ?? 'ingress', published, protocol });
    found.set(JSON.stringify([mode, port.target, published, protocol]), {
      written,
      port: { mode, target: port.target, published, protocol },
    });
  });
  const all = [...found.values()];
  return { written: all.map((one) => one.written), ports: all.map((one) => one.port) };
}
