import { type Color, isColor } from './color.ts';
import { type Kind, linesLike } from './form.ts';

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

/** Lines of colour, service, target, replica and port: how allocations are kept on the server. */
export function formatPorts(ports: readonly ColorPort[]): string {
  return ports
    .map((one) => `${one.color} ${one.service} ${one.target} ${one.replica} ${one.port}\n`)
    .join('');
}

/** Such lines as a server tells them. */
export const COLOR_PORTS: Kind<string> = linesLike(
  /^(?:blue|green) [a-zA-Z0-9][a-zA-Z0-9._-]* \d{1,5} \d{1,4} \d{1,5}$/,
  'a port of a colour',
);

export function parsePorts(text: string): ColorPort[] {
  return text.split('\n').flatMap((line) => {
    const [color, service = '', target, replica, port] = line.split(' ');
    if (!isColor(color)) return [];
    return [{ color, service, target: Number(target), replica: Number(replica), port: Number(port) }];
  });
}
