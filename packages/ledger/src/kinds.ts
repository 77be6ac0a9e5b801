import { type Color, isColor } from './color.ts';
import { type Kind, kind } from './form.ts';
import { isId } from './identity.ts';
import { parseShare } from './share.ts';

/** An id of a deployment or a release. */
export const ID_KIND: Kind<string> = kind('an id', (value) => typeof value === 'string' && isId(value));

/** The name of a share. */
export const SHARE_KIND: Kind<string> = kind(
  'a share such as green or green-25',
  (value) => typeof value === 'string' && parseShare(value) !== undefined,
);

export const COLOR_KIND: Kind<Color> = kind('blue or green', isColor);

/** The same, or empty. */
export function orNone<T extends string>(inner: Kind<T>): Kind<T | ''> {
  return kind(`${inner.what}, or empty`, (value) => value === '' || inner.fits(value));
}
