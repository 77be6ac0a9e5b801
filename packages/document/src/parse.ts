import { exactNumber, parseExactJson } from '@deploy-actions/kit';
import type { Document, Node, YAMLError } from 'yaml';
import { readJson } from './json.ts';
import { DocumentError, type Path, type Problem } from './problem.ts';

export interface ParseLimits {
  /** Most characters; default 1 MiB. */
  size?: number;
  /** Deepest nesting; default 64. */
  depth?: number;
  /** Most values, each alias counted as what it stands for; default 100,000. */
  values?: number;
}

export interface ParseOptions {
  limits?: ParseLimits;
  /** Take `<<` as a merge key (compose files). */
  merge?: boolean;
  /** Lines that stand before the text in its file, added to every line number. */
  lineOffset?: number;
}

export interface ParsedDocument {
  /** Plain objects, arrays, strings, numbers, booleans and null; never circular. */
  value: unknown;
  /** The same value, in which numbers that JavaScript would write otherwise keep their text (`WrittenNumber`). */
  exact(): unknown;
  /** Where a value, or the key of a value, stands; the nearest existing parent for a path that is not there. */
  place(path: Path, what?: 'key' | 'value'): { line: number; column: number };
}

/**
 * Reads YAML 1.2 or JSON. Refuses duplicate keys, unknown tags, several documents, circular aliases, and
 * what is larger or deeper than the limits. Throws DocumentError.
 */
export async function parseDocument(text: string, options: ParseOptions = {}): Promise<ParsedDocument> {
  const { size = 2 ** 20, depth = 64, values = 100_000 } = options.limits ?? {};
  const offset = options.lineOffset ?? 0;
  const fail = (message: string, path: Path = [], at = { line: 1 + offset, column: 1 }) =>
    new DocumentError([{ message, path, ...at }]);
  if (text.length > size) throw fail(`the document has ${text.length} characters; at most ${size} are read`);
  const deep = tooDeep(text, depth);
  if (deep)
    throw fail(`nested deeper than ${depth} levels`, [], { line: deep.line + offset, column: deep.column });

  const checked = (read: ParsedDocument): ParsedDocument => {
    const excess = measure(read.value, depth, values);
    if (excess) throw fail(excess.message, excess.path, read.place(excess.path));
    return read;
  };
  const json = /^\s*[[{]/.test(text) ? readJson(text) : undefined;
  if (json) {
    const at = (position: number) => {
      const before = text.slice(0, position).split('\n');
      return { line: before.length + offset, column: before.at(-1)!.length + 1 };
    };
    if (json.repeated !== undefined) throw fail(repeatedKey(text, json.repeated), [], at(json.repeated));
    const place: ParsedDocument['place'] = (path, what = 'value') => at(json.offset(path, what));
    return checked({ value: json.value, exact: () => parseExactJson(text), place });
  }
  const yaml = await import('yaml');
  const counter = new yaml.LineCounter();
  const positionOf = (at: number) => {
    const { line, col } = counter.linePos(at);
    return { line: Math.max(1, line) + offset, column: Math.max(1, col) };
  };
  let document: Document;
  try {
    document = yaml.parseDocument(text, {
      lineCounter: counter,
      prettyErrors: false,
      strict: true,
      // Looked for below: the library compares each key with all others of its mapping.
      uniqueKeys: false,
      stringKeys: true,
      merge: options.merge ?? false,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) throw fail(`nested deeper than ${depth} levels`);
    throw fail(`not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const broken = [
    ...[...document.errors, ...document.warnings].map((error) => ({
      message: explain(error),
      at: error.pos[0],
    })),
    ...repeatedKeys(document, yaml, options.merge ?? false).map((at) => ({
      message: repeatedKey(text, at),
      at,
    })),
  ];
  if (broken.length > 0) {
    throw new DocumentError(
      broken
        .slice(0, 20)
        .sort((a, b) => a.at - b.at)
        .map(({ message, at }) => ({ message, path: [], ...positionOf(at) })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    if (error instanceof RangeError) throw fail(`nested deeper than ${depth} levels`);
    throw fail(
      /alias count/i.test(String(error))
        ? 'aliases unfold to too many values'
        : String((error as Error).message),
    );
  }
  const place: ParsedDocument['place'] = (path, what = 'value') => {
    const range = rangeOf(document, path, what, yaml);
    return range === undefined ? { line: 1 + offset, column: 1 } : positionOf(range);
  };
  const exact = () => {
    yaml.visit(document, {
      Scalar(_key, node) {
        if (typeof node.value === 'number' && node.source !== undefined)
          node.value = exactNumber(node.source) ?? node.value;
      },
    });
    return document.toJS({ maxAliasCount: 1000 }) as unknown;
  };
  return checked({ value, exact, place });
}

/** Brackets deeper than the parser's recursion bears; a cheap look before anything recursive runs. */
function tooDeep(text: string, depth: number): { line: number; column: number } | undefined {
  let open = 0;
  let line = 1;
  let start = 0;
  // Four times the limit: brackets inside strings and comments count here and must not refuse a good file.
  const most = depth * 4;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (char === 10) {
      line += 1;
      start = i + 1;
      // A block mapping or sequence nests by its indentation: `- - - -`, or ever deeper lines.
    } else if (char === 91 || char === 123) {
      open += 1;
      if (open > most) return { line, column: i - start + 1 };
    } else if ((char === 93 || char === 125) && open > 0) open -= 1;
  }
  const dashes = /^[ ]*(?:[-?][ ]+){200}/m.exec(text);
  if (dashes) return { line: text.slice(0, dashes.index).split('\n').length, column: 1 };
  return undefined;
}

function measure(
  value: unknown,
  depth: number,
  values: number,
): { message: string; path: (string | number)[] } | undefined {
  let count = 0;
  const path: (string | number)[] = [];
  const above = new Set<object>();
  const walk = (one: unknown): string | undefined => {
    count += 1;
    if (count > values) return `more than ${values} values, aliases unfolded`;
    if (typeof one !== 'object' || one === null) return undefined;
    if (above.has(one)) return 'an alias that contains itself';
    if (path.length >= depth) return `nested deeper than ${depth} levels`;
    above.add(one);
    for (const [key, inner] of Array.isArray(one) ? one.entries() : Object.entries(one)) {
      path.push(key as string | number);
      const found = walk(inner);
      if (found) return found;
      path.pop();
    }
    above.delete(one);
    return undefined;
  };
  const message = walk(value);
  return message === undefined ? undefined : { message, path };
}

function rangeOf(
  document: Document,
  path: Path,
  what: 'key' | 'value',
  yaml: typeof import('yaml'),
): number | undefined {
  let node: unknown = document.contents;
  let found = (node as Node | null)?.range?.[0];
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    if (yaml.isAlias(node)) node = node.resolve(document);
    if (yaml.isMap(node)) {
      const pair = node.items.find(
        ({ key }) => String(yaml.isScalar(key) ? key.value : key) === String(part),
      );
      if (!pair) return found;
      const key = pair.key as Node;
      const inner = pair.value as Node | null;
      found =
        (last && what === 'key' ? key.range?.[0] : undefined) ?? inner?.range?.[0] ?? key.range?.[0] ?? found;
      node = inner;
    } else if (yaml.isSeq(node)) {
      const inner = node.items[Number(part)] as Node | undefined;
      if (inner === undefined) return found;
      found = inner?.range?.[0] ?? found;
      node = inner;
    } else return found;
  }
  return found;
}

const EXPLAINED: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'a tab stands where YAML wants spaces; indent with spaces',
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " in it must stand in quotes, or a line is indented wrongly',
  BAD_INDENT: 'this line is indented unlike its neighbours',
  MULTIPLE_DOCS: 'only one document is read; remove the line "---" and what follows',
  MULTILINE_IMPLICIT_KEY:
    'a key without ":" or a value that goes on where a key should stand; is a ":" or a quote missing?',
  NON_STRING_KEY: 'a key must be text',
  BAD_ALIAS: 'an alias (*name) that is not defined above; text that begins with * must stand in quotes',
};

/** Where keys stand for the second time in the same mapping. `<<` may, where it merges. */
function repeatedKeys(document: Document, yaml: typeof import('yaml'), merge: boolean): number[] {
  const found: number[] = [];
  yaml.visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = String(yaml.isScalar(key) ? key.value : key);
        if (merge && yaml.isScalar(key) && key.source === '<<') continue;
        if (seen.has(name)) found.push((key as Node).range?.[0] ?? 0);
        seen.add(name);
      }
    },
  });
  return found;
}

function repeatedKey(text: string, at: number): string {
  const key = /^["']?([^:"'\n]{1,60})/.exec(text.slice(at, at + 100))?.[1]?.trim() ?? '';
  return `the key "${key}" stands twice in the same mapping; keep one`;
}

function explain(error: YAMLError): string {
  if (error.code === 'TAG_RESOLVE_FAILED')
    return `${error.message.replace(/\.$/, '')}; text that begins with ! must stand in quotes`;
  const known = EXPLAINED[error.code];
  if (known) return known;
  return error.message.split('\n')[0]!;
}

export { DocumentError, type Path, type Problem };
