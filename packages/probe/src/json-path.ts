import { isSingular, run } from './json-path-node.ts';
import { JsonPathReader } from './json-path-reader.ts';

export { JsonPathError } from './json-path-node.ts';

/**
 * JSONPath as RFC 9535 has it: all selectors (names, wildcards, indices, slices, filters), descendants, and
 * the functions length, count, match, search and value.
 */
export interface JsonPath {
  readonly text: string;
  /** Whether it can select one node at most: only names and indices. */
  readonly singular: boolean;
  /** Every value that it selects, in order. */
  select(document: unknown): unknown[];
}

/** Compiles an expression such as `$.items[?@.id == 3].name`. Throws JsonPathError. */
export function jsonPath(text: string): JsonPath {
  const reader = new JsonPathReader(text);
  const path = read(reader, text);
  if (!reader.done) throw reader.wrong('unexpected text');
  return path;
}

function read(reader: JsonPathReader, text: string): JsonPath {
  reader.expect('$');
  const segments = reader.segments();
  return {
    text: text.slice(0, reader.position),
    singular: isSingular(segments),
    select: (document) => run(segments, document, document),
  };
}

/** A path as people write it in a shorthand: `version`, `app.version` and `$.app.version` are all good. */
export function lenientJsonPath(text: string): JsonPath {
  return jsonPath(fromRoot(text));
}

/** The path that a text begins with, as `lenientJsonPath` has it, and the text behind it. Throws JsonPathError. */
export function leadingJsonPath(text: string): { path: JsonPath; rest: string } {
  const whole = fromRoot(text);
  const reader = new JsonPathReader(whole);
  const path = read(reader, whole);
  return { path, rest: whole.slice(reader.position) };
}

function fromRoot(text: string): string {
  return text.startsWith('$') ? text : text.startsWith('[') ? `$${text}` : `$.${text}`;
}
