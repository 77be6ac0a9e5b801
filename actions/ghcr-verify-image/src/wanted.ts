import { type Reference, formatReference, parseReference, withTag } from '@deploy-actions/image';
import { FieldError, quote } from '@deploy-actions/kit';

/** An image that is to be verified, with every name under which it goes into the `images` output. */
export interface Wanted {
  names: string[];
  reference: Reference;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Reads the `images` input in its line form: `name=reference`, several names as `backend,worker=…`, or only
 * a reference, whose name is the last part of its path. The same reference under two names is verified once.
 */
export function parseImageLines(text: string): Wanted[] {
  const entries: [names: string[], reference: string, line: number][] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    entries.push([
      at < 0
        ? []
        : line
            .slice(0, at)
            .split(',')
            .map((name) => name.trim()),
      line.slice(at + 1).trim(),
      index + 1,
    ]);
  }
  return gather(entries);
}

/** Whether the `images` input is in its YAML (or JSON) form: a mapping of name to reference. */
export function looksLikeYaml(text: string): boolean {
  return /^\s*\{/.test(text) || /^\s*(?!#)["']?[A-Za-z0-9._, -]+["']?:(?:\s|$)/m.test(text);
}

/** The images of name, reference and line; one line's names may stand for one image. */
export function gather(
  entries: readonly (readonly [names: string[], reference: string, line: number | undefined])[],
): Wanted[] {
  const wanted = new Map<string, Wanted>();
  const lineOf = new Map<string, number | undefined>();
  for (const [given, text, line] of entries) {
    try {
      const reference = withTag(parseReference(text));
      const names = given.length > 0 ? given : [reference.path.split('/').at(-1)!];
      for (const name of names) {
        if (!NAME.test(name)) {
          throw new FieldError(`${quote(name)} is not a name`, {
            remedy:
              "Use the service's name in the compose file: letters, digits, dots, dashes and underscores.",
          });
        }
        if (lineOf.has(name)) {
          const first = lineOf.get(name);
          throw new FieldError(
            `the name ${quote(name)} is given twice${first === undefined ? '' : ` (first in line ${first})`}`,
            {
              remedy: 'Give each image a name of its own, as in `api=ghcr.io/acme/shop:1.4.2`.',
            },
          );
        }
        lineOf.set(name, line);
      }
      const key = formatReference(reference);
      const same = wanted.get(key);
      if (same) same.names.push(...names);
      else wanted.set(key, { names: [...names], reference });
    } catch (error) {
      if (error instanceof FieldError && error.line === undefined && line !== undefined) {
        throw new FieldError(error.message, { line, remedy: error.remedy });
      }
      throw error;
    }
  }
  if (wanted.size === 0) {
    throw new FieldError('names no image', {
      remedy: 'Write one per line, such as `api=ghcr.io/acme/shop:1.4.2`.',
    });
  }
  return [...wanted.values()];
}
