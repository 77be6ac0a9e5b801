import { part, sentText } from './part.ts';

const PRELUDE = part(new URL('sh/prelude.sh', import.meta.url));
const LOCK = part(new URL('sh/lock.sh', import.meta.url));
const LIFE = part(new URL('sh/life.sh', import.meta.url));
const ENTRY = part(new URL('sh/entry.sh', import.meta.url));

const sent = (...parts: readonly { source(): string }[]) =>
  parts.map((one) => sentText(one.source())).join('');

/** The whole program of a run: what stays on the server and can also recover and resume without us. */
export function operationText(body: string): string {
  return `${sent(PRELUDE, LOCK, LIFE)}${body}_program "$@"\n`;
}

/** The whole of a look. */
export function inspectionText(body: string): string {
  return entryScript('_inspect', body);
}

type Entry = '_inspect' | '_launch' | '_follow' | '_go' | '_cancel' | '_read_result' | '_status' | '_upload';

/** The script of an exec; its stdout carries frames alone, whatever else is printed goes to stderr. */
export function entryScript(call: Entry, body = ''): string {
  return `${sent(PRELUDE, ENTRY)}${body}exec 3>&1 1>&2\n${call} "$@"\n`;
}
