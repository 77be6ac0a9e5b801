import { FieldError, linesOf, quote } from '@deploy-actions/kit';
import { type JsonPath, JsonPathError, leadingJsonPath } from './json-path.ts';

export interface JsonExpectation {
  path: JsonPath;
  /** Without it the path must select something. */
  equals?: unknown;
}

const lines = linesOf((line): JsonExpectation => {
  const { path, rest } = pathOf(line);
  const [, equals] = /^\s*=\s*(.*)$/.exec(rest) ?? [];
  if (equals !== undefined) return { path, equals };
  if (rest === '') return { path };
  throw new FieldError(`${quote(line)} is not path or path=value`, {
    remedy: 'Write a name of more than letters, digits and _ as $["db-state"].',
  });
});

/** One `path` or `path=value` per line. The path ends where JSONPath's grammar does: `=` may stand in its filters. */
export const jsonExpectations = {
  ...lines,
  parse(text: string): JsonExpectation[] {
    const found = lines.parse(text);
    const seen = new Set<string>();
    for (const { path } of found) {
      if (seen.has(path.text)) throw new FieldError(`${quote(path.text)} is given twice`);
      seen.add(path.text);
    }
    return found;
  },
};

function pathOf(line: string): { path: JsonPath; rest: string } {
  try {
    return leadingJsonPath(line);
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    throw new FieldError(`${quote(line)} is no JSONPath: ${error.message}`, { cause: error });
  }
}
