import { COLORS, type Color, otherColor } from './color.ts';

/** How traffic is shared: `weight` percent of the requests to `color`, the rest to the other colour. */
export interface Share {
  color: Color;
  /** 1 to 100 */
  weight: number;
}

/**
 * The weights below 100 that every proxy can express. Flags are declared once, so the ladder is fixed; a
 * request that falls to the new colour at one weight does so at every higher one.
 */
export const LADDER: readonly number[] = [1, 5, 10, 20, 25, 50, 75, 90];

/**
 * The name of a share, in flag files, map files and traffic.json: `green` (all of it) or `green-25` (a canary:
 * green has 25 percent). One name is the whole state, so that one rename moves from any state to any other.
 */
export function shareName(share: Share): string {
  return share.weight === 100 ? share.color : `${share.color}-${share.weight}`;
}

/** The share of a name; undefined for anything else. */
export function parseShare(name: string): Share | undefined {
  const match = /^(blue|green)(?:-([1-9]\d?))?$/.exec(name);
  if (!match) return undefined;
  return { color: match[1] as Color, weight: match[2] === undefined ? 100 : Number(match[2]) };
}

/** The colour that has the larger part of a share; with a half each it is the one that the share names. */
export function majorColor({ color, weight }: Share): Color {
  return weight >= 50 ? color : otherColor(color);
}

/**
 * The live colour by the name of a share. Where there is no share yet, a plain stack that runs is blue; where nothing
 * runs, no colour is live.
 */
export function liveColor(share: string | undefined, plainRuns: boolean): Color | undefined {
  const known = parseShare(share ?? '');
  if (known) return majorColor(known);
  return plainRuns ? 'blue' : undefined;
}

/** The canary that is on by the name of a share; undefined where one colour has all the traffic. */
export function canaryOf(name: string | undefined): Share | undefined {
  const share = parseShare(name ?? '');
  return share && share.weight < 100 ? share : undefined;
}

/** Every share that an installed configuration knows, whole ones first. */
export function shares(ladder: readonly number[] = LADDER): Share[] {
  return [100, ...ladder].flatMap((weight) => COLORS.map((color) => ({ color, weight })));
}
