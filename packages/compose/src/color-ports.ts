import { Failure } from '@deploy-actions/kit';
import { type Color, type ColorPort, otherColor } from '@deploy-actions/ledger';
import type { Port } from './model.ts';

/** Where each routed port is reached from the server: `service`, or `service-port` where it has several. */
export function colorUrls(ports: readonly ColorPort[]): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const one of ports.filter((port) => port.replica === 1)) {
    const several =
      new Set(ports.filter((port) => port.service === one.service).map((port) => port.target)).size > 1;
    urls[several ? `${one.service}-${one.target}` : one.service] = `http://127.0.0.1:${one.port}`;
  }
  return urls;
}

/** What ports are chosen by. */
export interface PortChoice {
  /** Those that this application has set aside; they never change. */
  recorded: readonly ColorPort[];
  /** Those that something on the server listens on, or that another application has set aside. */
  taken: ReadonlySet<number>;
  range: { first: number; last: number };
  /** Where in the range the search begins. Default: at its first. */
  start?: number | undefined;
  /** The plain stack still holds the ports that it publishes; it goes before blue comes. */
  plainRuns: boolean;
}

/** Answers the ports of a service's port in a colour, one per replica, in their order. */
export type AllocatePorts = (color: Color, service: string, port: Port, replicas: number) => number[];

/**
 * Answers ports from what is recorded, else the one that the compose file publishes (blue has the addresses that
 * the plain stack had), else from the range; none that is taken. Throws `input` where the range has none left, or where
 * a service has fewer of a colour than it needs now.
 */
export function portAllocator({ recorded, taken, range, start, plainRuns }: PortChoice): AllocatePorts {
  const used = new Set(recorded.map((one) => one.port));
  const isFree = (port: number) => !used.has(port) && !taken.has(port);
  const from = start !== undefined && start > range.first && start <= range.last ? start : range.first;
  return (color, service, port, replicas) => {
    const known = portsOf(recorded, color, service, port.target);
    if (known.length >= replicas) return known.slice(0, replicas);
    if (known.length > 0) {
      throw wrong(
        'port-range',
        `${service} has ${known.length} ports of ${color} and now needs ${replicas}`,
        `Ports of a colour never change, because the proxy names them: keep ${service} at ${known.length} replicas.`,
      );
    }
    const published = Number(port.published);
    if (
      color === 'blue' &&
      replicas === 1 &&
      Number.isInteger(published) &&
      published > 0 &&
      (plainRuns ? !used.has(published) : isFree(published))
    ) {
      used.add(published);
      return [published];
    }
    const firsts = Array.from(
      { length: Math.max(0, range.last - range.first + 1) },
      (_, index) => range.first + index,
    );
    for (const first of [...firsts.filter((one) => one >= from), ...firsts.filter((one) => one < from)]) {
      const block = Array.from({ length: replicas }, (_, index) => first + index);
      if (block.at(-1)! > range.last || !block.every(isFree)) continue;
      for (const one of block) used.add(one);
      return block;
    }
    throw wrong(
      'port-range',
      `${range.first}-${range.last} has no ${replicas} free ports for ${service}`,
      'Widen it.',
    );
  };
}

/**
 * The ports of both colours, so that a proxy can be prepared for the other one before that is deployed. `own` are those
 * of the colour that is. What is set aside for the other one already stays as it is.
 */
export function withOtherColor(
  own: readonly ColorPort[],
  color: Color,
  recorded: readonly ColorPort[],
  published: (service: string, target: number) => Port,
  allocate: AllocatePorts,
): ColorPort[] {
  const other = otherColor(color);
  const routes = new Map(own.map((one) => [`${one.service}:${one.target}`, one]));
  return [
    ...own,
    ...[...routes.values()].flatMap(({ service, target }) => {
      const known = portsOf(recorded, other, service, target);
      const replicas = own.filter((one) => one.service === service && one.target === target).length;
      const ports = known.length > 0 ? known : allocate(other, service, published(service, target), replicas);
      return ports.map((port, index) => ({ color: other, service, target, replica: index + 1, port }));
    }),
  ];
}

function portsOf(recorded: readonly ColorPort[], color: Color, service: string, target: number): number[] {
  return recorded
    .filter((one) => one.color === color && one.service === service && one.target === target)
    .sort((a, b) => a.replica - b.replica)
    .map((one) => one.port);
}

function wrong(input: string, message: string, remedy?: string): Failure {
  return new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
}
