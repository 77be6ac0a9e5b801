import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';

/** What an expression of a workflow may name: `github`, `vars`, `steps` and so on, each a value of JSON. */
export type Contexts = Readonly<Record<string, unknown>>;

/** How a job stands so far: what `success()` and its like answer. */
export type JobStatus = 'success' | 'failure' | 'cancelled';

/** An expression in a text; a quoted string may hold the closing braces. */
const EXPRESSION = /\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)\}\}/g;
/** A condition with one of these is asked whatever became of the steps before (docs.github.com, "Status check functions"). */
const STATUS_FUNCTION = /\b(success|failure|cancelled|always)\s*\(/;

/**
 * A text with what its expressions come to, as the runner hands it over.
 * @throws when an expression cannot be read, or names a context or function that is not known.
 */
export function fillIn(text: string, contexts: Contexts, status: JobStatus): string {
  return text.replace(EXPRESSION, (_, expression: string) =>
    evaluate(expression, contexts, status).coerceString(),
  );
}

/**
 * Whether a step or job with this `if:` runs. Without one, or with one that asks for no status, it does not after a
 * failure or a cancellation.
 */
export function holds(condition: string | undefined, contexts: Contexts, status: JobStatus): boolean {
  const expression = (condition ?? '').trim().replace(/^\$\{\{([^]*)\}\}$/, '$1');
  if (!STATUS_FUNCTION.test(expression) && status !== 'success') return false;
  if (expression.trim() === '') return true;
  const value = evaluate(expression, contexts, status);
  // Source: docs.github.com "Evaluate expressions", what counts as false.
  return !['', 'false', '0', 'NaN'].includes(value.coerceString());
}

function evaluate(expression: string, contexts: Contexts, status: JobStatus): data.ExpressionData {
  const functions = statusFunctions(status);
  try {
    const { tokens } = new Lexer(expression).lex();
    const tree = new Parser(tokens, Object.keys(contexts), [...functions.values()]).parse();
    const values = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
    return new Evaluator(tree, values, functions).evaluate();
  } catch (error) {
    throw new Error(`\${{${expression}}} cannot be evaluated: ${String(error)}`, { cause: error });
  }
}

function statusFunctions(status: JobStatus): Map<string, FunctionDefinition> {
  const answers = {
    success: status === 'success',
    failure: status === 'failure',
    cancelled: status === 'cancelled',
    always: true,
  };
  return new Map(
    Object.entries(answers).map(([name, answer]) => [
      name,
      { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(answer) },
    ]),
  );
}
