import { Failure } from '@deploy-actions/kit';
import type { LookContainer } from './look-container.ts';

/** A server as the node of the cluster that the colours run in. */
export interface LookCluster {
  name: string;
  isManager: boolean;
  /** Where the other nodes find it, as a manager knows it of itself; empty: it does not know. */
  address: string;
  /** For each service of the colours the networks on which a proxy finds it: one of them will do. */
  meets: ReadonlyMap<string, readonly string[]>;
}

const NODE = /^(\w+) (true|false) \S+ (\S+)$/;
const SERVICE =
  /^([a-z0-9][a-z0-9_-]*) ([a-z0-9]{25}) ([a-zA-Z0-9][\w.-]*) (running|restarting) - (\d+ of \d+ tasks run)$/;

/** Reads what the look tells of a cluster; undefined where the colours are none's. */
export function lookCluster(fields: Readonly<Record<string, string>>): LookCluster | undefined {
  if (fields['node'] === undefined) return undefined;
  const [, state, manages, name] = NODE.exec(fields['node'].trim()) ?? [];
  if (name === undefined) throw lie('its node of the swarm');
  return {
    name,
    isManager: state === 'active' && manages === 'true',
    address: (fields['address'] ?? '').trim(),
    meets: new Map(
      linesOf(fields['meets'] ?? '').map((line): [string, string[]] => {
        const [service = '', ...networks] = line.split(' ');
        return [service, networks];
      }),
    ),
  };
}

/** The services of the project's stacks and of its colours', each as one container that runs or does not. */
export function lookServices(text: string): LookContainer[] {
  return linesOf(text).map((line) => {
    const [, project, id, service, status, words] = SERVICE.exec(line) ?? [];
    if (words === undefined) throw lie('the services of its swarm');
    return {
      id: id!,
      name: `${project!}_${service!}`,
      project: project!,
      service: service!,
      number: 1,
      status: status!,
      health: 'none',
      started: '',
      image: '',
      imageId: '',
      release: undefined,
      liveOnly: false,
      published: new Map(),
      networks: [],
    };
  });
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function lie(what: string): Failure {
  return new Failure('remote', `what the server tells of ${what} has not the form of it`, {
    remedy: 'Look at what answers as docker on the server.',
  });
}
