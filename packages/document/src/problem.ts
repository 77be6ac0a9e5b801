import { Failure, cut } from '@deploy-actions/kit';

/** Keys and indices from the root of a document. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a document, and what would be right. */
export interface Problem {
  message: string;
  path: Path;
  /** Both count from 1. */
  line: number;
  column: number;
}

/** A document that cannot be taken as it is; `problems` has at least one, in the order of the lines. */
export class DocumentError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(problemLine).join('\n'));
    this.name = 'DocumentError';
    this.problems = problems;
  }
}

/** `line 3, column 5, checks[1].request.method: …` */
export function problemLine(problem: Problem): string {
  const path = pathText(problem.path);
  return `line ${problem.line}, column ${problem.column}${path === '' ? '' : `, ${path}`}: ${problem.message}`;
}

/** A path as a person writes it: `checks[1].request["content type"]`. */
export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (/^[A-Za-z_$][\w$-]*$/.test(part)) return index === 0 ? part : `.${part}`;
      return `[${JSON.stringify(cut(part, 60))}]`;
    })
    .join('');
}

/**
 * The `input` Failure of a broken document: the first problem in the headline with its place, the others in
 * the details. `file` is the path in the workspace, for the annotation; `input` the input's name when the
 * document stands in the workflow itself.
 */
export function documentFailure(error: DocumentError, source: { file?: string; input?: string }): Failure {
  const [first, ...others] = error.problems as [Problem, ...Problem[]];
  const where = source.file ?? `input \`${source.input ?? 'document'}\``;
  const more = others.length === 0 ? '' : ` (and ${others.length} more, below)`;
  return new Failure('input', `${where}, ${problemLine(first)}${more}`, {
    ...(source.input === undefined ? {} : { input: source.input }),
    ...(source.file === undefined
      ? {}
      : { place: { file: source.file, line: first.line, column: first.column } }),
    ...(others.length === 0 ? {} : { details: others.slice(0, 50).map(problemLine).join('\n') }),
    cause: error.cause,
  });
}
