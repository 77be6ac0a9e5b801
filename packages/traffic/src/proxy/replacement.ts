import { Failure, type Place } from '@deploy-actions/kit';

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** The user's proxy configuration cannot be changed by us as it is: where, why, and what would be right. */
export function configFailure(message: string, remedy: string, file: string, line?: number): Failure {
  const place: Place = line === undefined ? { file } : { file, line };
  return new Failure('input', `${file}${line === undefined ? '' : `, line ${line}`}: ${message}`, {
    input: 'site-config',
    remedy,
    place,
  });
}

/** A text change by offsets of the old text. */
export interface Replacement {
  start: number;
  end: number;
  text: string;
}

/**
 * Applies replacements, several at one place in the order in which they are given. Throws an `input` Failure where two
 * would change the same text, as when one line of the user's leads to two routes.
 */
export function replaceAll(text: string, replacements: readonly Replacement[], file: string): string {
  let result = '';
  let at = 0;
  const ordered = replacements
    .map((one, index) => ({ ...one, index }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.index - b.index);
  for (const { start, end, text: replacement } of ordered) {
    if (start < at) {
      throw configFailure(
        'two routes are reached by the same line, which can lead to one of them only',
        'Give each route an address and a line of its own, or name one of them in `routes`.',
        file,
        lineOf(text, start),
      );
    }
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at);
}
