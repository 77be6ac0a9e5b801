/** One directive of an nginx configuration, with its place in the text. */
export interface Directive {
  name: string;
  /** Quotes and escapes removed. */
  args: string[];
  /** Offset of the name. */
  start: number;
  /** Offset behind `;` or the closing brace. */
  end: number;
  /** Directives within braces. */
  block?: Directive[];
  /** Offset behind the opening brace. */
  inner?: number;
}

export class NginxSyntaxError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Parses nginx's own syntax. Source: ngx_conf_read_token in nginx's src/core/ngx_conf_file.c. */
export function parseNginx(text: string): Directive[] {
  let at = 0;

  const skip = () => {
    for (;;) {
      while (at < text.length && /\s/.test(text[at]!)) at += 1;
      if (text[at] !== '#') return;
      while (at < text.length && text[at] !== '\n') at += 1;
    }
  };

  const word = (): string => {
    const quote = text[at];
    let value = '';
    if (quote === '"' || quote === "'") {
      const start = at;
      for (at += 1; text[at] !== quote; at += 1) {
        if (at >= text.length) throw new NginxSyntaxError('a quote is not closed', start);
        if (text[at] === '\\' && at + 1 < text.length) {
          at += 1;
          if (text[at] !== quote && text[at] !== '\\') value += '\\';
        }
        value += text[at];
      }
      at += 1;
      return value;
    }
    while (at < text.length && !/[\s;]/.test(text[at]!)) {
      if (text[at] === '{' && text[at - 1] !== '$') break;
      if (text[at] === '\\' && at + 1 < text.length) value += text[at++];
      if (text[at] === '{') {
        // ${name}: the braces belong to the word.
        const close = text.indexOf('}', at);
        if (close === -1) throw new NginxSyntaxError('a brace is not closed', at);
        value += text.slice(at, close + 1);
        at = close + 1;
        continue;
      }
      value += text[at++];
    }
    return value;
  };

  const directives = (until: '}' | undefined, opened: number): Directive[] => {
    const found: Directive[] = [];
    for (;;) {
      skip();
      if (at >= text.length) {
        if (until) throw new NginxSyntaxError('a block is not closed', opened);
        return found;
      }
      if (text[at] === '}') {
        if (!until) throw new NginxSyntaxError('a closing brace has no opening one', at);
        at += 1;
        return found;
      }
      found.push(directive());
    }
  };

  const directive = (): Directive => {
    const start = at;
    const words: string[] = [];
    for (;;) {
      skip();
      const character = text[at];
      if (character === undefined || character === '}') {
        throw new NginxSyntaxError(`directive "${words[0] ?? ''}" is not ended by ";"`, start);
      }
      if (character === ';' || character === '{') {
        if (words.length === 0) throw new NginxSyntaxError(`"${character}" is not expected here`, at);
        at += 1;
        const [name = '', ...args] = words;
        if (character === ';') return { name, args, start, end: at };
        const inner = at;
        const block = name.endsWith('_by_lua_block') ? skipBraces(start) : directives('}', start);
        return { name, args, start, end: at, block, inner };
      }
      words.push(word());
    }
  };

  const skipBraces = (start: number): Directive[] => {
    for (let depth = 1; depth > 0; at += 1) {
      if (at >= text.length) throw new NginxSyntaxError('a block is not closed', start);
      if (text[at] === '{') depth += 1;
      if (text[at] === '}') depth -= 1;
    }
    return [];
  };

  return directives(undefined, 0);
}

/** A directive as a statement again, its arguments quoted where they need it. */
export function statement(directive: Pick<Directive, 'name' | 'args'>): string {
  return `${[directive.name, ...directive.args.map(quoteWord)].join(' ')};`;
}

function quoteWord(value: string): string {
  if (value !== '' && !/[\s;{}"'#\\]/.test(value)) return value;
  return `"${value.replace(/\\(?=["\\])|"/g, (found) => `\\${found}`)}"`;
}

/**
 * The files of a whole configuration as `nginx -T` prints it, by path.
 * Each begins with a line `# configuration file PATH:`.
 */
export function configurationFiles(whole: string): Map<string, Directive[]> {
  const files = new Map<string, Directive[]>();
  const parts = whole.split(/^# configuration file (\/.*):$/m);
  for (let index = 1; index + 1 < parts.length; index += 2) {
    try {
      files.set(parts[index]!, parseNginx(parts[index + 1]!));
    } catch (error) {
      // nginx itself has read it; a module's own syntax that we do not know only hides what stands in it.
      if (!(error instanceof NginxSyntaxError)) throw error;
    }
  }
  return files;
}

/** The directives with `include` replaced by what it includes. */
export function expandIncludes(
  directives: readonly Directive[],
  files: ReadonlyMap<string, Directive[]>,
): Directive[] {
  const root = [...files.keys()][0]?.replace(/\/[^/]*$/, '') ?? '/etc/nginx';
  const expand = (list: readonly Directive[], depth: number): Directive[] =>
    list.flatMap((one) => {
      if (one.name !== 'include' || depth > 8) return [one];
      const pattern = globExpression(one.args[0]!.startsWith('/') ? one.args[0]! : `${root}/${one.args[0]!}`);
      return [...files]
        .filter(([path]) => pattern.test(path))
        .flatMap(([, inner]) => expand(inner, depth + 1));
    });
  return expand(directives, 0);
}

function globExpression(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${source}$`);
}
