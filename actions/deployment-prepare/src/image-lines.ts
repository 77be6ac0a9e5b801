import { parseReference } from '@deploy-actions/image';
import { FieldError } from '@deploy-actions/kit';
import { PLACEHOLDERS, type Values, fillPattern, parsePattern } from './placeholders.ts';

/** A line of `images`: the names that it is for, and its pattern. */
export interface ImageLine {
  names: readonly string[];
  pattern: string;
  line: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const KNOWN = [...PLACEHOLDERS, 'version', 'name'];

/** Reads one line of `images` in the form that ghcr-verify-image takes: `name=reference`, several names as `api,web=…`. */
export function parseImageLine(text: string, line: number): ImageLine {
  const at = text.indexOf('=');
  const names =
    at < 0
      ? []
      : text
          .slice(0, at)
          .split(',')
          .map((name) => name.trim());
  const odd = names.find((name) => !NAME.test(name));
  if (odd !== undefined)
    throw new FieldError(`"${odd.slice(0, 40)}" is not a name`, {
      remedy: "Use the service's name in the compose file: letters, digits, dots, dashes and underscores.",
    });
  const pattern = parsePattern(text.slice(at + 1).trim(), KNOWN);
  if (names.length === 0 && pattern.includes('{name}'))
    throw new FieldError('{name} needs a name before it', {
      remedy: 'Write it such as `api=ghcr.io/{repository}/{name}:{version}`.',
    });
  return { names, pattern, line };
}

/**
 * The lines, filled in, as ghcr-verify-image takes them: one for each name where the reference holds `{name}`. What stands
 * in a tag is mended as docker/metadata-action does, and a repository's name is lowered, since no registry takes capitals.
 * Throws FieldError with the line.
 */
export function imageLines(lines: readonly ImageLine[], values: Values): string[] {
  return lines.flatMap(({ names, pattern, line }) => {
    const of = (own: Values): string => {
      try {
        const filled = fillPattern(pattern, { ...values, ...own });
        parseReference(filled);
        return filled;
      } catch (error) {
        if (error instanceof FieldError) throw new FieldError(error.message, { line, remedy: error.remedy });
        throw error;
      }
    };
    if (pattern.includes('{name}')) return names.map((name) => `${name}=${of({ name: name.toLowerCase() })}`);
    return [`${names.length > 0 ? `${names.join(',')}=` : ''}${of({})}`];
  });
}

/** The values as they go into an image's name. */
export function imageValues(values: Values, version: string): Values {
  return {
    ...values,
    version: inTag(version),
    branch: inTag(values['branch'] ?? ''),
    tag: inTag(values['tag'] ?? ''),
    environment: inTag(values['environment'] ?? ''),
    job: inTag(values['job'] ?? ''),
    repository: (values['repository'] ?? '').toLowerCase(),
  };
}

/** A text as a tag may hold it: a run of anything else is one dash. */
function inTag(text: string): string {
  return text.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '');
}
