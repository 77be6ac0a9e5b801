interface HereDocument {
  end: string;
  /** `<<-`: tabs before the end do not count. */
  indented: boolean;
}

/**
 * A part as it is sent: without comments, blank lines and space at the end of lines, since it travels with every start.
 * What stands in quotes or in a here-document stays as it is, whatever it looks like. `keep` may keep a comment.
 *
 * This reads sh only as far as it must to know where that is. Throws a SyntaxError for what does not end, and for
 * backquotes, which nothing of ours needs. Within `$(…)` the patterns of a `case` have their opening parenthesis, or they
 * would look like its end.
 */
export function sentText(written: string, keep: (comment: string) => boolean = () => false): string {
  // What follows begins a line of its own.
  const source = written === '' || written.endsWith('\n') ? written : `${written}\n`;
  let at = 0;
  let sent = '';
  let lineStart = 0;
  const documents: HereDocument[] = [];

  const wrong = (what: string): never => {
    throw new SyntaxError(`line ${source.slice(0, at).split('\n').length} of the part: ${what}`);
  };
  const copy = (length: number): void => {
    if (at >= source.length) wrong('it ends too early');
    sent += source.slice(at, at + length);
    at += length;
  };
  const copyThrough = (end: string): void => {
    const found = source.indexOf(end, at);
    if (found < 0) wrong(`no ${JSON.stringify(end)} follows`);
    copy(found + end.length - at);
  };

  /** At the newline of a line of code. */
  const endLine = (): void => {
    const line = sent.slice(lineStart).replace(/(?<!\\)[ \t]+$/, '');
    sent = sent.slice(0, lineStart) + line;
    if (line === '') at += 1;
    else copy(1);
    for (const { end, indented } of documents.splice(0)) {
      for (let body: string | undefined; body !== end;) {
        const from = at;
        copyThrough('\n');
        body = source.slice(from, at - 1);
        if (indented) body = body.replace(/^\t+/, '');
      }
    }
    lineStart = sent.length;
  };

  const code = (end: string): void => {
    let word = false;
    for (;;) {
      if (at >= source.length) {
        if (end !== '') wrong(`no ${end} follows`);
        return;
      }
      const next = source[at]!;
      if (end !== '' && next === end) {
        copy(1);
        return;
      }
      if (next === '#' && !word) {
        const length = source.slice(at).search(/\n|$/);
        if (keep(source.slice(at, at + length))) copy(length);
        else at += length;
        continue;
      }
      const document = /^<<(-?)[ \t]*(['"]?)(\w+)\2/.exec(source.slice(at, at + 80));
      if (document) {
        documents.push({ indented: document[1] === '-', end: document[3]! });
        copy(document[0].length);
        continue;
      }
      word = !/[\s;&|()<>]/.test(next);
      if (next === '\n') endLine();
      else if (next === '(') {
        copy(1);
        code(')');
      } else if (!expansion()) copy(1);
    }
  };

  /** What begins with a backslash, a quote, `$` or a backquote; false where nothing does. Within `"` no `'` quotes. */
  const expansion = (quoted = false): boolean => {
    switch (source[at]) {
      case '\\':
        copy(2);
        return true;
      case "'":
        if (quoted) return false;
        copy(1);
        copyThrough("'");
        return true;
      case '"':
        copy(1);
        while (source[at] !== '"') if (!expansion(true)) copy(1);
        copy(1);
        return true;
      case '$':
        dollar(quoted);
        return true;
      case '`':
        return wrong('write $(…) in the place of backquotes');
      default:
        return false;
    }
  };
  const dollar = (quoted: boolean): void => {
    if (source.startsWith('$((', at)) {
      copy(3);
      for (let depth = 2; depth > 0;) {
        if (source[at] === '(') depth += 1;
        else if (source[at] === ')') depth -= 1;
        if (!expansion()) copy(1);
      }
    } else if (source.startsWith('$(', at)) {
      copy(2);
      code(')');
    } else if (source.startsWith('${', at)) {
      copy(2);
      while (source[at] !== '}') if (!expansion(quoted)) copy(1);
      copy(1);
    } else copy(2);
  };

  code('');
  return sent;
}
