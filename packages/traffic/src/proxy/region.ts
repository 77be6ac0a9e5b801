import { type Replacement, configFailure, lineOf } from './replacement.ts';

/**
 * Our parts of a user's file stand between two comment lines, the first of which keeps what stood there
 * before, as JSON. So the file itself is enough to take them out again, to the byte.
 */
const begin = (project: string) => `# deploy-actions ${project} begin`;
const end = (project: string) => `# deploy-actions ${project} end`;

/** Replaces the text from `start` to `end` (one or more whole statements) by the lines, indented as it was. */
export function replaceRegion(
  text: string,
  place: { start: number; end: number },
  project: string,
  lines: readonly string[],
): Replacement {
  const indent = indentAt(text, place.start);
  const was = JSON.stringify(text.slice(place.start, place.end));
  // The last mark is a comment: what follows on the line moves to one of its own, and `+` remembers that.
  const follows = /^[^\r\n]*\S/.test(text.slice(place.end));
  const region = block(indent, project, ` ${follows ? '+' : ''}${was}`, lines).slice(indent.length);
  return { ...place, text: follows ? `${region}\n` : region };
}

/** Inserts whole lines before the line of `offset`. */
export function insertRegion(
  text: string,
  offset: number,
  project: string,
  indent: string,
  lines: readonly string[],
): Replacement {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return { start, end: start, text: `${block(indent, project, '', lines)}\n` };
}

function block(indent: string, project: string, was: string, lines: readonly string[]): string {
  return [`${begin(project)}${was}`, ...lines, end(project)]
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
}

/** The text as it was before any region of this project was put in. Throws the line of a region that has no end. */
export function removeRegions(text: string, project: string): string {
  let result = '';
  let at = 0;
  for (;;) {
    const start = findMark(text, begin(project), at);
    if (start === -1) return result + text.slice(at);
    const lineEnd = text.indexOf('\n', start);
    const stop = lineEnd === -1 ? -1 : findMark(text, end(project), lineEnd);
    if (stop === -1) throw new UnclosedRegion(lineOf(text, start));
    const was = text.slice(start + begin(project).length, lineEnd).trim();
    const lineStart = text.lastIndexOf('\n', start) + 1;
    if (was === '') {
      result += text.slice(at, lineStart);
      const next = text.indexOf('\n', stop);
      at = next === -1 ? text.length : next + 1;
    } else {
      const follows = was.startsWith('+');
      result += text.slice(at, start) + String(JSON.parse(follows ? was.slice(1) : was));
      at = stop + end(project).length + (follows ? 1 : 0);
    }
  }
}

/** What stands between the marks of this project, each region by itself. */
export function regionsOf(text: string, project: string): string[] {
  const found: string[] = [];
  for (let at = findMark(text, begin(project), 0); at !== -1; at = findMark(text, begin(project), at)) {
    const lineEnd = text.indexOf('\n', at);
    const stop = lineEnd === -1 ? -1 : findMark(text, end(project), lineEnd);
    if (stop === -1) break;
    found.push(text.slice(lineEnd + 1, stop));
    at = stop;
  }
  return found;
}

/** `removeRegions` for a user's file that is to be changed: what is wrong with it is the user's to mend. */
export function withoutRegions(text: string, project: string, file: string): string {
  try {
    return removeRegions(text, project);
  } catch (error) {
    if (!(error instanceof UnclosedRegion)) throw error;
    throw configFailure(error.message, 'Restore the file from its backup beside it.', file, error.line);
  }
}

class UnclosedRegion extends Error {
  readonly line: number;
  constructor(line: number) {
    super(`the part of deploy-actions that begins in line ${line} has no end`);
    this.line = line;
  }
}

function findMark(text: string, mark: string, from: number): number {
  for (let at = text.indexOf(mark, from); at !== -1; at = text.indexOf(mark, at + 1)) {
    const after = text[at + mark.length];
    if (after === undefined || after === ' ' || after === '\n' || after === '\r') return at;
  }
  return -1;
}

/** The white space before `offset` on its line. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))![0];
}
