import { LABELS } from '@deploy-actions/ledger';
import type { StackRelease } from './stack.ts';
import { stackText } from './text.ts';

/** A stack file with one service of a release. */
export interface StackFile {
  service: string;
  /** As `StackRelease.json`: it holds every variable of the service. */
  json: string;
}

interface Stack {
  services: Record<string, { labels?: Record<string, string> }>;
  networks?: Record<string, unknown>;
  [key: string]: unknown;
}

/**
 * The stack of a release, a file for each of its services, so that they can be deployed in the order in which they need one
 * another: together the files are the stack. The tasks of a service have its hash as a label of their own, by which a task of
 * this release is told from one before it.
 */
export function stackFiles({ json, services }: Pick<StackRelease, 'json' | 'services'>): StackFile[] {
  const stack = JSON.parse(json) as Stack;
  return services.map(({ name, hash }) => {
    const service = stack.services[name]!;
    const labelled = { ...service, labels: { ...service.labels, [LABELS.hash]: hash } };
    return { service: name, json: stackText({ ...stack, services: { [name]: labelled } }) };
  });
}

/** The networks that a stack makes by itself, as it says them. */
export function ownNetworks({ json }: Pick<StackRelease, 'json'>): StackNetworkWords[] {
  const { networks = {} } = JSON.parse(json) as Stack;
  return Object.values(networks).flatMap((one) => {
    const network = one as RawNetwork;
    return network.external === true ? [] : [{ name: network.name, words: wordsOf(network) }];
  });
}

/** A network with the words by which `docker network create` makes it as the stack would. */
export interface StackNetworkWords {
  name: string;
  words: string[];
}

interface RawNetwork {
  name: string;
  external?: boolean;
  driver?: string;
  internal?: boolean;
  driver_opts?: Record<string, string | number>;
  labels?: Record<string, string>;
  ipam?: { driver?: string; config?: { subnet?: string }[] };
}

function wordsOf({
  driver = 'overlay',
  internal,
  driver_opts = {},
  labels = {},
  ipam,
}: RawNetwork): string[] {
  return [
    ['--driver', driver],
    internal === true ? ['--internal'] : [],
    ...Object.entries(driver_opts).map(([key, value]) => ['--opt', `${key}=${value}`]),
    ...Object.entries(labels).map(([key, value]) => ['--label', `${key}=${value}`]),
    ...(ipam?.config ?? []).flatMap(({ subnet }) => (subnet === undefined ? [] : [['--subnet', subnet]])),
  ].flat();
}
