import { FieldError } from '@deploy-actions/kit';
import { type LogFormat, requestOf } from './line.ts';

/** A text between variables, or the name of one. */
type Token = { text: string } | { variable: string };

const VARIABLE = /\$(?:\{([a-z][a-z0-9_]*)\}|([a-z][a-z0-9_]*))/g;

/** nginx writes what it writes in JSON or without escapes by a word before the texts. */
const ESCAPE = /^\s*escape=(?:default|json|none)\s+/;

/**
 * A format from the text of nginx' `log_format`, such as `$remote_addr "$request" $status $request_time`, also with the quotes
 * around its lines. A line is read from its beginning and from its end, and counts where both agree: so nothing that a
 * visitor sends is taken for a status. Throws FieldError.
 */
export function parseTemplate(text: string): LogFormat {
  const tokens = tokensOf(unquoted(text));
  const names = tokens.flatMap((token) => ('variable' in token ? [token.variable] : []));
  const wrong = (what: string) =>
    new FieldError(what, {
      remedy:
        'Write the text of log_format in nginx, such as `$remote_addr [$time_local] "$request" $status $request_time`.',
    });
  if (!names.includes('status')) throw wrong('it has no $status');
  for (const [at, token] of tokens.entries())
    if ('variable' in token && tokens[at + 1] !== undefined && 'variable' in tokens[at + 1]!)
      throw wrong(`$${token.variable} has nothing between it and the next variable`);
  const tellsTimes = names.includes('request_time');
  return {
    name: 'access-log-format',
    tellsTimes,
    read(line) {
      const values = fit(tokens, line);
      if (!values) return undefined;
      const status = values.get('status')!;
      const seconds = values.get('request_time');
      if (!/^\d{3}$/.test(status) || (seconds !== undefined && !/^\d{1,6}(?:\.\d{1,6})?$/.test(seconds)))
        return undefined;
      return requestOf(Number(status), seconds === undefined ? undefined : Number(seconds) * 1000);
    },
  };
}

/** Of the texts in quotes of a configuration one text; what has none is as it is. */
function unquoted(text: string): string {
  const bare = text.replace(ESCAPE, '').trim().replace(/;$/, '');
  const pieces = [...bare.matchAll(/'([^']*)'/g)].map(([, piece]) => piece!);
  const isQuoted = pieces.length > 0 && bare.replace(/'[^']*'/g, '').trim() === '';
  return isQuoted ? pieces.join('') : bare;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > at) tokens.push({ text: text.slice(at, match.index) });
    tokens.push({ variable: match[1] ?? match[2]! });
    at = match.index + match[0].length;
  }
  if (at < text.length) tokens.push({ text: text.slice(at) });
  return tokens;
}

/** The values of the figures, where reading from both sides finds the same ones. */
function fit(tokens: readonly Token[], line: string): Map<string, string> | undefined {
  const forward = read(tokens, line);
  const backward = read(
    [...tokens].reverse().map((token) => ('text' in token ? { text: mirrored(token.text) } : token)),
    mirrored(line),
  );
  if (!forward || !backward) return undefined;
  for (const name of ['status', 'request_time']) {
    const value = forward.get(name);
    const other = backward.get(name);
    if ((other === undefined ? undefined : mirrored(other)) !== value) return undefined;
  }
  return forward;
}

/** Each variable up to the first place where the text behind it stands. */
function read(tokens: readonly Token[], line: string): Map<string, string> | undefined {
  const values = new Map<string, string>();
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    if ('text' in token) {
      if (!line.startsWith(token.text, at)) return undefined;
      at += token.text.length;
      continue;
    }
    const next = tokens[index + 1];
    const end = next === undefined ? line.length : line.indexOf((next as { text: string }).text, at);
    if (end < 0) return undefined;
    values.set(token.variable, line.slice(at, end));
    at = end;
  }
  return at === line.length ? values : undefined;
}

function mirrored(text: string): string {
  return [...text].reverse().join('');
}
