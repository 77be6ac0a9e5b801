import type { Route } from '../../site.ts';
import { configFailure } from '../replacement.ts';
import { CaddyfileSyntaxError, type Line, parseCaddyfile } from './syntax.ts';

/** A line that names upstreams of a `reverse_proxy`. */
export interface Upstreams {
  line: Line;
  /** The `reverse_proxy` itself: the same line, or the one whose block it stands in. */
  directive: Line;
  /** Which of the line's words are addresses. */
  indexes: readonly number[];
}

export function readCaddyfile(text: string, file: string): Line[] {
  try {
    return parseCaddyfile(text);
  } catch (error) {
    if (!(error instanceof CaddyfileSyntaxError)) throw error;
    throw configFailure(
      error.message,
      'Caddy would not load this file either: `caddy adapt` says more.',
      file,
      error.line,
    );
  }
}

/** The lines with upstreams: of `reverse_proxy`, and of `to` within its block. */
export function upstreamsIn(lines: readonly Line[]): Upstreams[] {
  return lines.flatMap((line) => {
    const directive =
      line.words[0] === 'reverse_proxy'
        ? line
        : line.words[0] === 'to' && line.parent?.words[0] === 'reverse_proxy'
          ? line.parent
          : undefined;
    if (!directive) return [];
    const indexes = line.words.flatMap((word, index) => {
      const isMatcher = line === directive && index === 1 && /^[@/*]/.test(word);
      return index === 0 || isMatcher || word === '{' ? [] : [index];
    });
    return indexes.length === 0 ? [] : [{ line, directive, indexes }];
  });
}

export function leadsTo(word: string, route: Route): boolean {
  const same = (address: string) =>
    address
      .replace(/^http:\/\//, '')
      .replace(/^(?:localhost|\[::1\])?(?=:)/, '127.0.0.1')
      .replace(/\/$/, '');
  return route.plain.map(same).includes(same(word));
}

/** The lines of a line's block. */
export const within = (lines: readonly Line[], block: Line) => lines.filter(({ parent }) => parent === block);
