/** A line of a Caddyfile that says something; lines that go on behind `\`, a comma or a quote are one. */
export interface Line {
  /** The number of its first line, from 1. */
  number: number;
  /** Its words without their quotes. */
  words: string[];
  /** The same as they are written. */
  raw: string[];
  start: number;
  /** Offset behind the last word. */
  end: number;
  /** Offset of the next line. */
  next: number;
  /** The line that opened the outermost block around this one. */
  site: Line | undefined;
  /** The line that opened the innermost block. */
  parent: Line | undefined;
}

export class CaddyfileSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

interface Token {
  value: string;
  quoted: boolean;
  start: number;
  end: number;
  /** Lines behind `\` count for the one before. */
  row: number;
}

/** The lines of a Caddyfile, with the blocks that they stand in. Throws a CaddyfileSyntaxError. */
export function parseCaddyfile(text: string): Line[] {
  const lines: Line[] = [];
  const open: Line[] = [];
  for (const tokens of linesOf(tokensOf(text))) {
    const first = tokens[0]!;
    const last = tokens.at(-1)!;
    const number = numberOf(text, first.start);
    if (isBrace(first, '}')) {
      if (open.pop() === undefined) {
        throw new CaddyfileSyntaxError('a closing brace has no opening one', number);
      }
      continue;
    }
    const newline = text.indexOf('\n', last.end);
    const line: Line = {
      number,
      words: tokens.map(({ value }) => value),
      raw: tokens.map(({ start, end }) => text.slice(start, end)),
      start: first.start,
      end: last.end,
      next: newline === -1 ? text.length : newline + 1,
      site: open[0],
      parent: open.at(-1),
    };
    lines.push(line);
    if (isBrace(last, '{')) open.push(line);
  }
  const unclosed = open.at(-1);
  if (unclosed) throw new CaddyfileSyntaxError('a block is not closed', unclosed.number);
  return lines;
}

const isBrace = ({ value, quoted }: Token, brace: string) => !quoted && value === brace;

const numberOf = (text: string, offset: number) => text.slice(0, offset).split('\n').length;

/** Tokens of a line together; at the outermost level a comma at the end goes on to the next. */
function linesOf(tokens: readonly Token[]): Token[][] {
  const lines: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    const current = lines.at(-1);
    const before = current?.at(-1);
    const goesOn =
      before?.row === token.row || (depth === 0 && !before?.quoted && before?.value.endsWith(','));
    if (before && isBrace(before, '{') && before.row !== token.row) depth += 1;
    if (current && goesOn) current.push(token);
    else {
      if (isBrace(token, '}')) depth -= 1;
      lines.push([token]);
    }
  }
  return lines;
}

/** Source: lexer.next() in Caddy's caddyconfig/caddyfile/lexer.go. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let row = 0;
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '\n') row += 1;
    if (/\s/.test(character)) {
      at += 1;
    } else if (character === '\\' && /^\\\r?\n/.test(text.slice(at, at + 3))) {
      at = text.indexOf('\n', at) + 1;
    } else if (character === '#') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else {
      const token = { ...wordAt(text, at), row };
      tokens.push(token);
      // What goes over several lines ends on the last of them.
      const over = text.slice(token.start, token.end).split('\n').length - 1;
      token.row = row + over;
      if (over > 0) for (const one of tokens) if (one.row === row) one.row = token.row;
      row = token.row;
      at = token.end;
    }
  }
  return tokens;
}

function wordAt(text: string, start: number): Omit<Token, 'row'> {
  const quote = text[start]!;
  const line = () => numberOf(text, start);
  if (quote === '"' || quote === '`') {
    let value = '';
    for (let at = start + 1; at < text.length; at += 1) {
      if (text[at] === quote) return { value, quoted: true, start, end: at + 1 };
      if (quote === '"' && text[at] === '\\' && text[at + 1] === '"') at += 1;
      value += text[at];
    }
    throw new CaddyfileSyntaxError('a quote is not closed', line());
  }
  const word = /^(?:\\(?!\r?\n)\S?|[^\s\\])+/.exec(text.slice(start))![0];
  const end = start + word.length;
  const marker = /^<<([A-Za-z0-9_-]+)$/.exec(word)?.[1];
  if (marker === undefined || !/^\r?\n/.test(text.slice(end, end + 2))) {
    return { value: word, quoted: false, start, end };
  }
  const closing = new RegExp(`\\n[ \\t]*${marker}(?![A-Za-z0-9_-])`).exec(text.slice(end));
  if (!closing) throw new CaddyfileSyntaxError(`the text behind <<${marker} has no end`, line());
  const close = end + closing.index + closing[0].length;
  return {
    value: text.slice(text.indexOf('\n', end) + 1, end + closing.index),
    quoted: true,
    start,
    end: close,
  };
}
