import { FieldError, quote } from '@deploy-actions/kit';

/** Name and value of each variable, in the order given; a later one of the same name wins. */
export type Environment = ReadonlyMap<string, string>;

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/**
 * Parses the `env` input. `KEY=value`: the value is every character after the first `=`, raw. `KEY<<END`, lines,
 * `END`: a value of several lines, as in GITHUB_ENV. Empty lines and lines that start with `#` are left out.
 * Lines may end in CRLF, as they do where a secret was pasted on Windows, and the text may begin with a byte order mark:
 * neither is part of a name or value, as with Compose's own env files. Only a block that begins with a plain newline
 * keeps the returns in it. Anything else is refused with its line number; a value never stands in a message.
 */
export function parseEnv(text: string): Environment {
  const variables = new Map<string, string>();
  const lines = text.replace(/^\ufeff/, '').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const whole = lines[at]!;
    const line = whole.replace(/\r$/, '');
    const start = at + 1;
    if (line.trim() === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    const isBlock = heredoc > 0 && (equals < 0 || heredoc < equals);
    if (!isBlock && equals < 1) {
      throw new FieldError('is neither KEY=value nor KEY<<END', {
        line: start,
        remedy: 'A value of several lines is written KEY<<END, its lines, and END on a line of its own.',
      });
    }
    const name = line.slice(0, isBlock ? heredoc : equals);
    if (!NAME.test(name)) {
      // A broken multi-line value shows up here as a "name": it may be part of a secret.
      throw new FieldError('does not start with a variable name', {
        line: start,
        remedy: 'Names are letters, digits and _, without spaces around them.',
      });
    }
    let value = line.slice(equals + 1);
    if (isBlock) {
      const end = line.slice(heredoc + 2);
      if (end === '') throw new FieldError(`${quote(name)} has << without an end mark`, { line: start });
      const body: string[] = [];
      const inBlock = line === whole ? (text: string) => text : (text: string) => text.replace(/\r$/, '');
      for (at += 1; at < lines.length && inBlock(lines[at]!) !== end; at += 1) body.push(inBlock(lines[at]!));
      if (at >= lines.length) {
        throw new FieldError(`${quote(name)} is not ended: no line is ${quote(end)}`, { line: start });
      }
      value = body.join('\n');
    }
    if (value.includes('\0')) throw new FieldError(`${quote(name)} holds a NUL byte`, { line: start });
    variables.set(name, value);
  }
  return variables;
}

/**
 * The variables as text of an env file that Compose reads back byte for byte. In double quotes Compose (2.26)
 * unescapes `\\`, `\"`, `\$` and its letter escapes, so each backslash, quote and dollar gets a backslash.
 */
export function formatEnv(variables: Environment): string {
  let text = '';
  for (const [name, value] of variables) text += `${name}="${value.replace(/[\\"$]/g, '\\$&')}"\n`;
  return text;
}
