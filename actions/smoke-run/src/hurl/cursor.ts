/** What is wrong with a .hurl file, or not supported; line and column count from 1. */
export class HurlError extends Error {
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(message);
    this.name = 'HurlError';
    this.line = line;
    this.column = column;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  '"': '"',
  '`': '`',
  '\\': '\\',
  '/': '/',
  '#': '#',
  ':': ':',
  ';': ';',
  ' ': ' ',
  '{': '{',
  '}': '}',
};

/** A place in the text of a .hurl file, from which it is read forwards. */
export class Cursor {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  get char(): string {
    return this.text[this.at] ?? '';
  }

  placeOf(at: number): { line: number; column: number } {
    const before = this.text.slice(0, at);
    return { line: before.split('\n').length, column: at - (before.lastIndexOf('\n') + 1) + 1 };
  }

  wrong(message: string, at = this.at): HurlError {
    const { line, column } = this.placeOf(at);
    return new HurlError(message, line, column);
  }

  /** What stands here and is no part of what can be read, for a message. */
  get rest(): string {
    const line = /^[^\r\n]{0,30}/.exec(this.text.slice(this.at))![0].trim();
    return this.done ? 'the end of the file' : line === '' ? 'the end of the line' : `"${line}"`;
  }

  peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text) ?? undefined;
  }

  /** Takes what the sticky pattern matches. */
  take(pattern: RegExp): string | undefined {
    const found = this.peek(pattern)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  literal(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.literal(token)) throw this.wrong(`expected "${token}" before ${this.rest}`);
  }

  space(): void {
    this.take(/[ \t]*/y);
  }

  /** The end of a line: blanks, a comment, and the line break. */
  endOfLine(): void {
    if (this.take(/[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y) === undefined)
      throw this.wrong(`${this.rest} was not expected here`);
  }

  /** Skips empty lines and comments; answers the comments. */
  blankLines(): string[] {
    const skipped = this.take(/(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:[ \t]*#[^\n]*$|[ \t]*$)?/y) ?? '';
    this.space();
    return skipped.match(/#[^\n]*/g) ?? [];
  }

  /** Runs `read`; when it answers undefined, nothing was taken. */
  attempt<T>(read: () => T | undefined): T | undefined {
    const before = this.at;
    const found = read();
    if (found === undefined) this.at = before;
    return found;
  }

  /** The character of an escape whose backslash stands here, of those that are allowed. */
  escape(allowed: string): string {
    const start = this.at;
    const code = this.take(/\\u\{[0-9a-fA-F]+\}/y);
    if (code !== undefined) {
      const value = parseInt(code.slice(3, -1), 16);
      if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        throw this.wrong(`${code} is no character`, start);
      return String.fromCodePoint(value);
    }
    const char = this.text[this.at + 1] ?? '';
    if (char === '' || !allowed.includes(char)) throw this.wrong(`\\${char} is no escape`);
    this.at += 2;
    return ESCAPES[char]!;
  }
}
