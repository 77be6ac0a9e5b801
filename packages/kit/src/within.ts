import { type Context, Script, createContext } from 'node:vm';

/** Work that was ended because its time was over. */
export class OutOfTime extends Error {
  readonly milliseconds: number;

  constructor(message: string, milliseconds: number) {
    super(message);
    this.name = 'OutOfTime';
    this.milliseconds = milliseconds;
  }
}

const TRIES = 4;

/** Where work is called from, so that V8 can end it: made once, at the first call. */
let room: { context: Context & { work?: () => unknown }; call: Script } | undefined;

/**
 * Does work that does not wait (a regular expression, a schema, a query) and ends it when its time is over, wherever it
 * is then: nothing else of this process runs meanwhile, timers and time limits included. V8 ends a script that has a
 * `timeout` also inside a regular expression. Work that was ended must leave nothing half done that is used later.
 * Throws OutOfTime, or what the work throws. It costs 0.15 ms.
 *
 * A busy machine may give this process nothing for as long. What was ended having had less than half of its time of a
 * processor begins again, `TRIES` times at most.
 *
 * @param milliseconds of the clock, at least 1
 */
export function within<T>(milliseconds: number, work: () => T): T {
  room ??= { context: createContext(Object.create(null) as Context), call: new Script('work()') };
  const { context, call } = room;
  const outer = context.work;
  for (let tries = 1; ; tries += 1) {
    const begun = process.cpuUsage();
    context.work = work;
    try {
      return call.runInContext(context, { timeout: Math.max(1, Math.round(milliseconds)) }) as T;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const { user, system } = process.cpuUsage(begun);
      if (tries === TRIES || (user + system) / 1000 >= milliseconds / 2)
        throw new OutOfTime(`ended after ${milliseconds} ms`, milliseconds);
    } finally {
      context.work = outer;
    }
  }
}

/** Milliseconds for one match: a hundred times what an honest expression takes for 1 MB. */
export const MATCH_TIME = 250;

/**
 * Runs a user's regular expression on a text that a server sent, as `expression.exec(text)` does, and no longer than its
 * time: an expression such as `^(a|a)*$` takes longer than the universe for 60 characters, and the server chooses them.
 * Throws OutOfTime, with a message that says what to do.
 */
export function matchWithin(
  expression: RegExp,
  text: string,
  milliseconds = MATCH_TIME,
): RegExpExecArray | null {
  // Without repetition and alternatives there is nothing to try again.
  if (!/[*+?{|]/.test(expression.source)) return expression.exec(text);
  try {
    return within(milliseconds, () => expression.exec(text));
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    throw new OutOfTime(
      `the expression /${expression.source}/ did not end within ${milliseconds} ms on ${text.length} characters: ` +
        'take out repetitions inside of or beside each other that match the same text, such as (a+)+ or \\s*\\s*$',
      milliseconds,
    );
  }
}
