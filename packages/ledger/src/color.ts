/** One of the two compose projects `<project>-blue` and `<project>-green`, which hold the services that change. */
export type Color = 'blue' | 'green';

export const COLORS: readonly Color[] = ['blue', 'green'];

export function otherColor(color: Color): Color {
  return color === 'blue' ? 'green' : 'blue';
}

export function isColor(value: unknown): value is Color {
  return value === 'blue' || value === 'green';
}

/** The compose project of a colour. */
export function colorProject(project: string, color: Color): string {
  return `${project}-${color}`;
}

/** The project whose colour this one is; any other is itself. */
export function baseProject(project: string): string {
  const color = COLORS.find((one) => project.endsWith(colorProject('', one)));
  return color === undefined ? project : project.slice(0, -colorProject('', color).length);
}

/**
 * The network of a colour that stands for one of the file (`of`; empty: for the usual one). Networks of a container are
 * ordered by name, and joining one that sorts first moves its default gateway and drops live connections (moby#21741):
 * so the name sorts last. No project has a dot in its name.
 */
export function colorNetwork(project: string, color: Color, of = ''): string {
  return `zz_${project}_${color}${of === '' ? '' : `.${of}`}`;
}

/** Whether a network is one of a colour's. */
export function isColorNetwork(network: string, project: string, color: Color): boolean {
  const own = colorNetwork(project, color);
  return network === own || network.startsWith(`${own}.`);
}

/** The network that stands in the other colour for the same one of the file; any other network is itself. */
export function recolorNetwork(network: string, project: string, from: Color): string {
  if (!isColorNetwork(network, project, from)) return network;
  return `${colorNetwork(project, otherColor(from))}${network.slice(colorNetwork(project, from).length)}`;
}

/** What a container must tell of itself to be counted. */
export interface OwnedContainer {
  /** The compose project. */
  project: string;
  service: string;
}

/**
 * The containers of a colour. A plain stack that has never been a colour is blue: those of its services that change,
 * which are the ones that green has and the ones in `changing` (routed services, those that run only where the traffic
 * is); all of them as long as nothing tells which change.
 */
export function containersOfColor<T extends OwnedContainer>(
  containers: readonly T[],
  project: string,
  color: Color,
  changing: Iterable<string> = [],
): T[] {
  const of = (name: string) => containers.filter((one) => one.project === name);
  const own = of(colorProject(project, color));
  if (own.length > 0 || color === 'green') return own;
  const services = new Set([...of(colorProject(project, 'green')).map((one) => one.service), ...changing]);
  return of(project).filter((one) => services.size === 0 || services.has(one.service));
}

/** Whether a container in this state of Docker's is up, or comes up by itself: it is neither ended nor only made. */
export function isUp(status: string): boolean {
  return !['created', 'exited', 'dead', 'removing'].includes(status);
}

/** Whether the plain stack is up: a container of the base project whose service is one of those that change. */
export function plainStackRuns(
  containers: readonly (OwnedContainer & { status: string })[],
  project: string,
  changing: readonly string[],
): boolean {
  return containers.some(
    (one) => one.project === project && changing.includes(one.service) && isUp(one.status),
  );
}
