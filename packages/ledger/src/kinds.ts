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

/** A reference, by tag or by digest, or an id. */
export const IMAGE_KIND: Kind<string> = textLike(/^[a-zA-Z0-9][\w.:/@+-]*$/, 'an image');

/** Service -> its image. */
export const IMAGES_KIND: Kind<Readonly<Record<string, string>>> = kind(
  'an object of services and their images',
  (value) =>
    mapOf(IMAGE_KIND).fits(value) && Object.keys(value as object).every((name) => SERVICE.test(name)),
);

/** The name of a commit, SHA-1 or SHA-256. */
export const COMMIT_KIND: Kind<string> = textLike(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'the name of a commit');

/** An address that a browser opens: other characters than these are not in one (RFC 3986, 2.2 and 2.3). */
export const URL_KIND: Kind<string> = textLike(
  /^https?:\/\/[A-Za-z0-9._~:/?#@!$&()*+,;=%[\]-]{1,2000}$/,
  'an address such as https://github.com/o/r/actions/runs/7',
);

/** The same, or empty. */
export function orNone<T extends string>(inner: Kind<T>): Kind<T | ''> {
  return kind(`${inner.what}, or empty`, (value) => value === '' || inner.fits(value));
}
