import { COLORS, type Color, type OwnedContainer, colorProject, containersOfColor } from './color.ts';
import { releaseOfLink } from './folder.ts';
import { isId } from './identity.ts';
import type { Past } from './served.ts';
import { liveColor } from './share.ts';
import { type TrafficRecord, plainRelease } from './traffic-record.ts';

/** A container of the application, as far as the rules about colours and releases go by it. */
export interface StandingContainer extends OwnedContainer {
  status: string;
  health: string;
  /** The release that it says it is of; undefined where it says none. */
  release: string | undefined;
  /** It runs only in the colour with the traffic. */
  liveOnly: boolean;
}

/** What stands on a server: its containers, where the traffic is, and what is recorded. */
export interface Standing<C extends StandingContainer = StandingContainer> extends Past {
  containers: readonly C[];
  /** Services that the proxy leads to; empty where none was prepared. */
  routed: readonly string[];
  /** The share as the proxy goes by it; undefined where none is known. */
  share: string | undefined;
  traffic: TrafficRecord | undefined;
  /** Where the link `current` leads. */
  current: string;
  /** The release that was deployed to each colour; empty for none. */
  slots: Readonly<Record<Color, string>>;
  /** A switch that waits to be confirmed: until when (seconds since 1970), and where traffic would go back to. */
  confirm: { until: number; from: string } | undefined;
}

/** The live colour as the proxy goes, else as it was recorded; a plain stack without any switch yet is blue. */
export function liveColorOf(standing: Pick<Standing, 'share' | 'traffic'>): Color {
  return liveColor(standing.share ?? standing.traffic?.share, true)!;
}

/** Containers of a colour; a plain stack that has never been a colour counts as blue. */
export function colorContainers<C extends StandingContainer>(
  { containers, routed }: Pick<Standing<C>, 'containers' | 'routed'>,
  project: string,
  color: Color,
): C[] {
  const changing = routed.length > 0 ? [...routed, ...liveOnlyServices({ containers })] : [];
  return containersOfColor(containers, project, color, changing);
}

/** Services whose containers say that they run only where the traffic is. */
export function liveOnlyServices({ containers }: Pick<Standing, 'containers'>): string[] {
  return [...new Set(containers.filter((one) => one.liveOnly).map((one) => one.service))];
}

/**
 * The release in a colour: as its deploy noted, else as its containers say, else (a plain stack) as the records say.
 * `color_release` is the same on the server.
 */
export function releaseOfColor(standing: Standing, project: string, color: Color): string | undefined {
  if (isId(standing.slots[color])) return standing.slots[color];
  const containers = colorContainers(standing, project, color);
  const labelled = containers.find((one) => one.release !== undefined)?.release;
  if (labelled !== undefined || !containers.some((one) => one.project === project)) return labelled;
  return plainRelease(standing.traffic, standing.current) || undefined;
}

/** Whether a proxy chooses between colours here. */
export function colorsInUse(standing: Standing, project: string): boolean {
  return (
    standing.share !== undefined &&
    COLORS.some((color) => standing.containers.some((one) => one.project === colorProject(project, color)))
  );
}

/** What runs now: the release of the colour that is live, else the current one. */
export function currentRelease(standing: Standing, project: string): string {
  const live = colorsInUse(standing, project)
    ? releaseOfColor(standing, project, liveColorOf(standing))
    : undefined;
  return live ?? releaseOfLink(standing.current);
}
