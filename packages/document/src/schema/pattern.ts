/** Characters that a backslash may stand before in a pattern with the flag `u`, besides letters and digits. */
const SYNTAX = new Set('^$\\.*+?()[]{}|/');

/**
 * The pattern as it must be written to be valid with the flag `u` (which JSON Schema asks for), for patterns that are
 * valid without it only: `\-` or `\_` outside a class, `{` and `]` that stand for themselves. Undefined for what is no
 * regular expression of ECMA-262 at all, and for what has no such spelling.
 */
export function unicodePattern(source: string): string | undefined {
  if (compiles(source, 'u')) return source;
  if (!compiles(source, '')) return undefined;
  const rewritten = rewrite(source);
  return compiles(rewritten, 'u') ? rewritten : undefined;
}

function compiles(source: string, flags: string): boolean {
  try {
    void new RegExp(source, flags);
    return true;
  } catch {
    return false;
  }
}

function rewrite(source: string): string {
  let out = '';
  let inClass = false;
  for (let i = 0; i < source.length; i += 1) {
    const char = source[i]!;
    if (char === '\\') {
      const next = source[i + 1]!;
      i += 1;
      const kept = /[A-Za-z0-9]/.test(next) || SYNTAX.has(next) || (inClass && next === '-');
      out += kept ? `\\${next}` : next;
    } else if (inClass) {
      if (char === ']') inClass = false;
      // `[\w-.]`: beside a class of characters a hyphen is no range.
      const besideClass =
        char === '-' && (/\\[dDsSwW]$/.test(out) || /^\\[dDsSwW]/.test(source.slice(i + 1)));
      out += besideClass ? '\\-' : char;
    } else if (char === '[') {
      inClass = true;
      out += char;
    } else if (char === '{' && !/^\{\d+(,\d*)?\}/.test(source.slice(i))) out += '\\{';
    else if (char === '{') {
      const quantifier = /^\{\d+(,\d*)?\}/.exec(source.slice(i))![0];
      out += quantifier;
      i += quantifier.length - 1;
    } else if (char === '}' || char === ']') out += `\\${char}`;
    else out += char;
  }
  return out;
}
