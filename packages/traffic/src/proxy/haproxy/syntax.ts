/** A line of a HAProxy configuration that says something. */
export interface Line {
  /** As they are written, with their quotes. */
  words: string[];
  start: number;
  end: number;
}

export interface Section {
  kind: string;
  name: string;
  /** The words behind the name, such as `from` and a section of defaults. */
  more: string[];
  start: number;
  /** Offset of the line after the section's first. */
  inner: number;
  lines: Line[];
}

const KINDS =
  /^(global|defaults|frontend|backend|listen|resolvers|userlist|peers|mailers|program|cache|ring|fcgi-app|http-errors|log-forward|crt-store|traces|acme|log-profile|crt-list)$/;

/** The sections of a HAProxy configuration; a line is never continued, and comments are left out. */
export function parseHaproxy(text: string): Section[] {
  const sections: Section[] = [];
  let at = 0;
  for (const raw of text.split('\n')) {
    const from = at;
    at += raw.length + 1;
    const { words, start, end } = splitWords(raw);
    if (words.length === 0) continue;
    if (KINDS.test(words[0]!)) {
      const [kind = '', name = '', ...more] = words;
      const named = name !== '' && name !== 'from';
      sections.push({
        kind,
        name: named ? plain(name) : '',
        more: named ? more : words.slice(1),
        start: from + start,
        inner: Math.min(at, text.length),
        lines: [],
      });
    } else {
      sections.at(-1)?.lines.push({ words, start: from + start, end: from + end });
    }
  }
  return sections;
}

/**
 * Words as HAProxy splits them: quotes and `\ ` keep white space, `#` outside of them begins a comment.
 * Source: parse_line() in HAProxy's src/tools.c.
 */
function splitWords(line: string): { words: string[]; start: number; end: number } {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let quote = '';
  let start = line.length;
  let end = 0;
  const close = () => {
    if (inWord) words.push(word);
    word = '';
    inWord = false;
  };
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index]!;
    if (quote === '' && character === '#') break;
    if (quote === '' && /\s/.test(character)) {
      close();
      continue;
    }
    if (!inWord) start = Math.min(start, index);
    inWord = true;
    word += character;
    if (character === '\\' && quote !== "'" && index + 1 < line.length) word += line[(index += 1)]!;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    end = index + 1;
  }
  close();
  return { words, start: Math.min(start, line.length), end };
}

/** What a word means, its quotes and escapes removed; variables of the environment stay. */
export function plain(word: string): string {
  let value = '';
  let quote = '';
  for (let index = 0; index < word.length; index += 1) {
    const character = word[index]!;
    if (character === '\\' && quote !== "'") value += word[(index += 1)] ?? '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    else value += character;
  }
  return value;
}

/** A value as one word. */
export function quoted(value: string): string {
  return /^[A-Za-z0-9_./:@,+=-]+$/.test(value) ? value : `'${value.replace(/'/g, `'\\''`)}'`;
}
