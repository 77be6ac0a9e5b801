import { type Part, withNeeds } from './part.ts';

/**
 * What is asked of a server outside of any run, in one exec and without a trace there: a function of a file, whose comment
 * says what it takes and what it answers. An action that only asks loads and carries nothing of what runs programs.
 */
export interface Question {
  /** The function: the name of its file with `_` for `-`. */
  readonly name: string;
  /** With all that they need, in the order in which they are sent. */
  readonly parts: readonly Part[];
  /** The last line: the call. */
  readonly end: string;
  /** The script for `Session.run`, whose `args` are the function's. */
  text(): string;
}

export function question(asked: Part): Question {
  const name = asked.name.replaceAll('-', '_');
  const parts = withNeeds([asked]);
  const end = `${name} "$@"\n`;
  return { name, parts, end, text: () => parts.map((one) => one.sent()).join('') + end };
}
