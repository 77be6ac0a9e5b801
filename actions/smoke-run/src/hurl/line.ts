/** What is wrong with a .hurl file, or not supported; both count from 1. */
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

const ESCAPES: Record<string, string> = {
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
};

/** Reads the words of one line of a .hurl file. */
export class LineReader {
  private at = 0;
  private readonly text: string;
  private readonly number: number;

  constructor(text: string, number: number) {
    this.text = text;
    this.number = number;
    this.space();
  }

  wrong(message: string): HurlError {
    return new HurlError(message, this.number, this.at + 1);
  }

  private space(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at += 1;
  }

  get done(): boolean {
    return this.at >= this.text.length || this.text[this.at] === '#';
  }

  end(): void {
    if (!this.done) throw this.wrong(`"${this.text.slice(this.at, this.at + 30)}" was not expected here`);
  }

  peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  /** Takes what the sticky pattern matches, and the blanks behind it. */
  take(pattern: RegExp): string | undefined {
    const found = this.peek(pattern);
    if (found === undefined) return undefined;
    this.at += found.length;
    this.space();
    return found;
  }

  word(pattern: RegExp, what: string): string {
    const found = this.take(pattern);
    if (found === undefined) throw this.wrong(`expected ${what}`);
    return found;
  }

  expect(token: string): void {
    if (!this.text.startsWith(token, this.at)) throw this.wrong(`expected "${token}"`);
    this.at += token.length;
    this.space();
  }

  /** A text in double quotes, with Hurl's escapes. */
  string(): string {
    if (this.text[this.at] !== '"') throw this.wrong('expected a text in double quotes');
    let value = '';
    for (let i = this.at + 1; i < this.text.length; i += 1) {
      const char = this.text[i]!;
      if (char === '"') {
        this.at = i + 1;
        this.space();
        return value;
      }
      if (char !== '\\') {
        value += char;
        continue;
      }
      const escape = this.escape(i);
      value += escape.value;
      i += escape.length - 1;
    }
    throw this.wrong('the text in quotes does not end');
  }

  /** The value of a header or option: up to a comment or the end; quotes are characters of it (`value-string`). */
  unquoted(): string {
    let value = '';
    let end = 0;
    while (!this.done) {
      const escape = this.text[this.at] === '\\' ? this.escape(this.at) : undefined;
      const char = this.text[this.at]!;
      value += escape?.value ?? char;
      this.at += escape?.length ?? 1;
      if (escape || (char !== ' ' && char !== '\t')) end = value.length;
    }
    return value.slice(0, end);
  }

  /** The escape that begins at the backslash at `at`. */
  private escape(at: number): { value: string; length: number } {
    const code = /^\\u\{([0-9a-fA-F]{1,6})\}/.exec(this.text.slice(at));
    if (code && parseInt(code[1]!, 16) <= 0x10ffff)
      return { value: String.fromCodePoint(parseInt(code[1]!, 16)), length: code[0].length };
    const char = this.text[at + 1] ?? '';
    if (!Object.hasOwn(ESCAPES, char)) throw this.wrong(`\\${char} is no escape`);
    return { value: ESCAPES[char]!, length: 2 };
  }

  /** A regular expression as `/…/` or as a text. */
  regex(): string {
    const literal = this.take(/\/(?:[^/\\]|\\.)+\//y);
    const source = literal === undefined ? this.string() : literal.slice(1, -1).replace(/\\\//g, '/');
    try {
      new RegExp(source, 'u');
    } catch (error) {
      throw this.wrong(`no regular expression: ${(error as Error).message.replace(/^.*: /, '')}`);
    }
    return source;
  }

  /** A value of a predicate: text, number, true, false, null, {{variable}}, or one in backticks. */
  value(): unknown {
    if (this.text[this.at] === '"') return this.string();
    const template = this.take(/\{\{\s*[A-Za-z_][\w-]*\s*\}\}/y);
    if (template !== undefined) return template;
    const oneLine = this.take(/`[^`]*`/y);
    if (oneLine !== undefined) return oneLine.slice(1, -1);
    const hex = this.take(/hex,\s*[0-9a-fA-F]+\s*;/y);
    if (hex !== undefined) return /[0-9a-fA-F]+(?=\s*;)/.exec(hex.slice(4))![0].toLowerCase();
    const number = this.take(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y);
    if (number !== undefined) return Number(number);
    const word = this.take(/true|false|null/y);
    if (word !== undefined) return JSON.parse(word) as unknown;
    throw this.wrong(
      'expected a value: a text in double quotes, a number, true, false, null or {{variable}}',
    );
  }
}
