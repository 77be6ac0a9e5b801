/** A regular expression that cannot be said in JavaScript with the same meaning, or is none. */
export class PatternError extends Error {}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: '0-9a-zA-Z',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t\\n\\v\\f\\r ',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9a-fA-F',
  word: '0-9A-Za-z_',
};

const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const UNICODE: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  s: '\\p{White_Space}',
  S: '\\P{White_Space}',
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
};
const BOUNDARY = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;

/**
 * A regular expression of Rust's syntax, in which Hurl has them, as a JavaScript one of the same meaning. Throws
 * PatternError for what is none there (look-around, references), or has no counterpart. Source: docs.rs/regex, "Syntax".
 */
export function fromRust(source: string): RegExp {
  let flags = 'u';
  let rest = source;
  const leading = /^\(\?([imsu]+)\)/.exec(rest);
  if (leading) {
    flags += [...leading[1]!].filter((flag) => flag !== 'u').join('');
    rest = rest.slice(leading[0].length);
  }
  const multiline = flags.includes('m');
  let out = '';
  let inClass = 0;
  for (let i = 0; i < rest.length; i += 1) {
    const char = rest[i]!;
    const ahead = rest.slice(i);
    if (char === '\\') {
      const next = rest[i + 1] ?? '';
      i += 1;
      const long =
        /^\\(?:[pP](?:\{[^}]*\}|[A-Z])|x(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{2})|u(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{4}))/.exec(
          ahead,
        )?.[0];
      if (long !== undefined) {
        out += long.replace(/^(\\[pP])([A-Z])$/, '$1{$2}').replace(/^\\x\{/, '\\u{');
        i += long.length - 2;
      } else if (Object.hasOwn(UNICODE, next)) {
        if (inClass > 0 && next === 'W') throw new PatternError('\\W in brackets is not supported');
        out += inClass > 0 && next === 'w' ? WORD : UNICODE[next]!;
      } else if (inClass === 0 && (next === 'b' || next === 'B'))
        out += next === 'b' ? BOUNDARY : `(?!${BOUNDARY})`;
      else if (inClass === 0 && next === 'A') out += multiline ? '(?<![^])' : '^';
      else if (inClass === 0 && next === 'z') out += multiline ? '(?![^])' : '$';
      else if (/[1-9]/.test(next))
        throw new PatternError(`the reference \\${next} is no part of this syntax`);
      else if (/[nrtfv]/.test(next)) out += `\\${next}`;
      else if (next === 'a') out += '\\x07';
      else if (/[^0-9A-Za-z]/.test(next))
        out += /[\^$\\.*+?()[\]{}|/-]/.test(next) ? escaped(next, inClass > 0) : next;
      else throw new PatternError(`\\${next} is not supported`);
    } else if (inClass > 0) {
      const named = /^\[:(\^?)(\w+):\]/.exec(ahead);
      if (named) {
        const members = Object.hasOwn(CLASSES, named[2]!) ? CLASSES[named[2]!] : undefined;
        if (members === undefined || named[1]) throw new PatternError(`${named[0]} is not supported`);
        out += members;
        i += named[0].length - 1;
      } else if (char === '[' || ahead.startsWith('&&') || ahead.startsWith('--') || ahead.startsWith('~~'))
        throw new PatternError('sets of characters in sets are not supported');
      else {
        if (char === ']') inClass -= 1;
        out += char;
      }
    } else if (char === '[') {
      inClass += 1;
      const opening = /^\[\^?\]?/.exec(ahead)![0];
      out += opening.endsWith(']') ? `${opening.slice(0, -1)}\\]` : opening;
      i += opening.length - 1;
    } else if (ahead.startsWith('(?')) {
      const group = /^\(\?(?:P?<([A-Za-z_]\w*)>|:|([im]*(?:-[im]+)?):)/.exec(ahead);
      if (!group) throw new PatternError(`${ahead.slice(0, 4)} is no part of this syntax, or not supported`);
      out += group[1] === undefined ? group[0] : `(?<${group[1]}>`;
      i += group[0].length - 1;
    } else if (char === '.' && !flags.includes('s')) out += '[^\\n]';
    else if (char === '/') out += '\\/';
    else if (char === '}' || char === ']') out += `\\${char}`;
    else if (char === '{' && !/^\{\d*(?:,\d*)?\}/.test(ahead)) throw new PatternError('a { is written \\{');
    else if (char === '{') {
      const count = /^\{\d*(?:,\d*)?\}/.exec(ahead)![0];
      out += count.replace('{,', '{0,');
      i += count.length - 1;
    } else out += char;
  }
  try {
    return new RegExp(out, flags);
  } catch (error) {
    throw new PatternError((error as Error).message.replace(/^.*: /, ''));
  }
}

function escaped(char: string, inClass: boolean): string {
  return char === '-' && !inClass ? '-' : `\\${char}`;
}

/** What replaces a match: `$1`, `${name}` and `$name` stand for groups, `$$` for a dollar (docs.rs/regex, "Replacement"). */
export function expand(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(/\$(?:\$|\{([^}]+)\}|(\w+))/g, (_whole, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return '$';
    if (/^\d+$/.test(name)) return match[Number(name)] ?? '';
    return match.groups?.[name] ?? '';
  });
}
