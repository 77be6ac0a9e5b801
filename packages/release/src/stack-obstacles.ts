import {
  type ComposeModel,
  type SentFile,
  type StackRelease,
  relocate,
  stackFailure,
} from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';
import { translated } from './cluster.ts';
import type { Inspection } from './inspection.ts';

/** What a release is as a stack, and what a deployment would refuse of it. */
export interface StackObstacles {
  /** Undefined where the release has not come so far. */
  stack: StackRelease | undefined;
  /** All that a stack cannot say. */
  failure: Failure | undefined;
}

/** Translates a release as the deployment does. Throws what is no Failure. */
export function stackObstacles(
  found: Inspection,
  path: string,
  model: ComposeModel,
  files: readonly SentFile[],
): StackObstacles {
  if (!found.cluster) throw new TypeError('the server was not looked at as a manager');
  try {
    const moved = relocate(model, { stage: found.stage, path, shared: found.shared }, files);
    const { release, refusals } = translated(found, moved, [], { cluster: found.cluster, path });
    return { stack: release, failure: stackFailure(refusals) };
  } catch (error) {
    if (error instanceof Failure) return { stack: undefined, failure: error };
    throw error;
  }
}

/** Addresses of a network of a stack: how many it has, and how many the stack takes at most. */
export interface NetworkRoom {
  name: string;
  addresses: number;
  wanted: number;
}

interface Written {
  services?: Record<
    string,
    {
      networks?: Record<string, unknown>;
      deploy?: {
        mode?: string;
        replicas?: number;
        endpoint_mode?: string;
        update_config?: { order?: string; parallelism?: number };
      };
    }
  >;
  networks?: Record<string, { name?: string; external?: boolean; ipam?: { config?: { subnet?: string }[] } }>;
}

/**
 * The networks that the stack makes. A task has an address on each of its networks, so has a service with a virtual address, and the
 * network on each node; start-first has two tasks of a replica at once. Three of a subnet's addresses are not given to anybody.
 */
export function networkRoom(stack: StackRelease, nodes: number, subnetSize: number): NetworkRoom[] {
  const { services = {}, networks = {} } = JSON.parse(stack.json) as Written;
  return Object.entries(networks).flatMap(([key, { name = key, external, ipam }]): NetworkRoom[] => {
    if (external) return [];
    const prefixes = (ipam?.config ?? []).flatMap(({ subnet }) => {
      const [, prefix] = /^\d+(?:\.\d+){3}\/(\d+)$/.exec(subnet ?? '') ?? [];
      return prefix === undefined ? [] : [Number(prefix)];
    });
    const addresses = (prefixes.length > 0 ? prefixes : [subnetSize]).reduce(
      (sum, prefix) => sum + Math.max(0, 2 ** (32 - prefix) - 3),
      0,
    );
    const on = Object.values(services).filter((one) => one.networks && key in one.networks);
    const wanted = on.reduce((sum, { deploy = {} }) => {
      const tasks = deploy.mode === 'global' ? nodes : (deploy.replicas ?? 1);
      const { order, parallelism = 1 } = deploy.update_config ?? {};
      const beside = order === 'start-first' ? (parallelism === 0 ? tasks : Math.min(tasks, parallelism)) : 0;
      return sum + tasks + beside + (deploy.endpoint_mode === 'dnsrr' ? 0 : 1);
    }, nodes);
    return [{ name, addresses, wanted }];
  });
}
