/** One of the two compose projects `<project>-blue` and `<project>-green`. */
export type Color = 'blue' | 'green';

export const COLORS: readonly Color[] = ['blue', 'green'];

export function otherColor(color: Color): Color {
  return color === 'blue' ? 'green' : 'blue';
}

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

/** Every share that an installed configuration knows, whole ones first. */
export function shares(ladder: readonly number[] = LADDER): Share[] {
  return [100, ...ladder].flatMap((weight) => COLORS.map((color) => ({ color, weight })));
}
