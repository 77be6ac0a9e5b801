import { entry } from './sh/entry.ts';
import { lock } from './sh/lock.ts';
import { prelude } from './sh/prelude.ts';
import { program } from './sh/program.ts';

/** The whole program of a run: what stays on the server and can also recover and resume without us. */
export function programText(body: string): string {
  return `${prelude}${lock}${program}\n${body}\n_program "$@"\n`;
}

type Entry = '_inspect' | '_launch' | '_follow' | '_go' | '_cancel' | '_read_result' | '_status' | '_upload';

/** The script of an exec; its stdout carries frames alone, whatever else is printed goes to stderr. */
export function entryScript(call: Entry, body = ''): string {
  return `${prelude}${entry}\n${body}\nexec 3>&1 1>&2\n${call} "$@"\n`;
}
