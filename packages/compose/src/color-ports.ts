import { Failure } from '@deploy-actions/kit';
import { type Color, isColor } from '@deploy-actions/ledger';
import type { Port } from './model.ts';

/** A loopback port of the server that belongs to one replica of a service of a colour, for ever. */
export interface ColorPort {
  color: Color;
  service: string;
  /** Port inside the container. */
  target: number;
  /** From 1. */
  replica: number;
  port: number;
}

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

/**
 * Answers ports from what is recorded, else the one that the compose file publishes (blue has the addresses that
 * the plain stack had), else from the range; none that is taken. Recorded ports never change.
 */
export function portAllocator(
  color: Color,
  recorded: readonly ColorPort[],
  taken: ReadonlySet<number>,
  range: { first: number; last: number },
  /** The plain stack still holds the ports that it publishes; it goes before blue comes. */
  plainRuns: boolean,
): (service: string, port: Port, replicas: number) => number[] {
  const used = new Set(recorded.map((one) => one.port));
  const isFree = (port: number) => !used.has(port) && !taken.has(port);
  return (service, port, replicas) => {
    const known = recorded
      .filter((one) => one.color === color && one.service === service && one.target === port.target)
      .sort((a, b) => a.replica - b.replica)
      .map((one) => one.port);
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
    for (let first = range.first; first + replicas - 1 <= range.last; first += 1) {
      const block = Array.from({ length: replicas }, (_, index) => first + index);
      if (!block.every(isFree)) continue;
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

/** Lines of colour, service, target, replica and port: how allocations are kept on the server. */
export function formatPorts(ports: readonly ColorPort[]): string {
  return ports
    .map((one) => `${one.color} ${one.service} ${one.target} ${one.replica} ${one.port}\n`)
    .join('');
}

export function parsePorts(text: string): ColorPort[] {
  return text.split('\n').flatMap((line) => {
    const [color, service = '', target, replica, port] = line.split(' ');
    if (!isColor(color)) return [];
    return [{ color, service, target: Number(target), replica: Number(replica), port: Number(port) }];
  });
}

function wrong(input: string, message: string, remedy?: string): Failure {
  return new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
}
