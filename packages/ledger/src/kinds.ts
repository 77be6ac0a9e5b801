import { type Color, isColor } from './color.ts';
import { type Kind, kind, mapOf, textLike } from './form.ts';
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

/** A service, as Compose takes its name. */
const SERVICE = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

export const SERVICE_KIND: Kind<string> = textLike(SERVICE, "a service's name");

/** Service -> its image: a reference, by tag or by digest, or an id. */
export const IMAGES_KIND: Kind<Readonly<Record<string, string>>> = kind(
  'an object of services and their images',
  (value) =>
    mapOf(textLike(/^[a-zA-Z0-9][\w.:/@+-]*$/, 'an image')).fits(value) &&
    Object.keys(value as object).every((name) => SERVICE.test(name)),
);

/** The same, or empty. */
export function orNone<T extends string>(inner: Kind<T>): Kind<T | ''> {
  return kind(`${inner.what}, or empty`, (value) => value === '' || inner.fits(value));
}
