/** A simple command of a program in sh. */
export interface Command {
  /** Its words; undefined where one is not plain text. Assignments before it and redirections are left out. */
  words: readonly (string | undefined)[];
  /** The same as they are written. */
  texts: readonly string[];
  /** The function that it stands in; empty outside of any. */
  within: string;
  line: number;
}

export interface FunctionDefinition {
  name: string;
  line: number;
}

export interface ShCommands {
  commands: readonly Command[];
  functions: readonly FunctionDefinition[];
  /** Names of variables whose values are asked for; those in capitals are the environment's and left out. */
  reads: ReadonlySet<string>;
  /** Names that are given a value. */
  sets: ReadonlySet<string>;
  /** Those of them that only `read` or `for` gives one, which may have to take what nobody asks for. */
  taken: ReadonlySet<string>;
}

interface Found {
  commands: Command[];
  functions: FunctionDefinition[];
  reads: Set<string>;
  sets: Set<string>;
  taken: Set<string>;
}

type Token =
  | { type: 'word'; text: string; plain: string | undefined; line: number }
  | { type: 'operator'; text: string; line: number };

const OPERATORS = /^(?:&&|\|\||;;|<<-|<<|>>|<&|>&|<>|>\||[;&|()<>\n])/;
const BEFORE_COMMAND = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'time']);
const AFTER_COMPOUND = new Set(['fi', 'done', 'esac', '}']);

/**
 * The commands and functions of sh text, those in `$(…)` included: as much of the grammar as our programs use. Throws a
 * SyntaxError where it cannot go on.
 */
export function readCommands(text: string): ShCommands {
  const found: Found = {
    commands: [],
    functions: [],
    reads: new Set(),
    sets: new Set(),
    taken: new Set(),
  };
  read(text, 1, '', found);
  for (const { words, texts } of found.commands) {
    const [name, ...rest] = words;
    if (name === 'read') {
      for (const one of rest) if (one !== undefined && NAME.test(one)) found.taken.add(one);
    } else if (name === 'local' || name === 'export') {
      for (const one of texts.slice(1)) {
        const [, variable, value] = /^([a-z_]\w*)(=?)/.exec(one) ?? [];
        if (variable !== undefined && (value === '=' || name === 'local')) found.sets.add(variable);
      }
    }
  }
  return found;
}

const NAME = /^[a-z_][a-z0-9_]+$/;

function read(text: string, firstLine: number, outer: string, found: Found): void {
  const { commands, functions } = found;
  const open: string[] = [];
  const within = () => open.at(-1) ?? outer;
  const tokens = tokenize(
    text,
    firstLine,
    (inner, line) => read(inner, line, within(), found),
    (name) => found.reads.add(name),
  );
  // Words are read as they come, so that a substitution is known to stand in the function that it stands in.
  const depths: number[] = [];
  let depth = 0;
  let words: (string | undefined)[] = [];
  let texts: string[] = [];
  let line = firstLine;
  let state: 'command' | 'words' | 'pattern' | 'for' | 'case' = 'command';
  const cases: number[] = [];
  let skip = false;
  let loop = false;
  let naming: string | undefined;
  const end = (): void => {
    if (words.length > 0) commands.push({ words, texts, within: within(), line });
    words = [];
    texts = [];
    if (state === 'words') state = 'command';
  };
  for (const token of tokens) {
    if (token.type === 'operator') {
      if (/[<>]/.test(token.text)) {
        skip = true;
        continue;
      }
      if (state === 'pattern') {
        if (token.text === ')') state = 'command';
        continue;
      }
      if (token.text === '(' && state === 'words' && words.length === 1 && words[0] !== undefined) {
        naming = words[0];
        words = [];
        texts = [];
        continue;
      }
      if (token.text === ')' && naming !== undefined) {
        functions.push({ name: naming, line: token.line });
        open.push(naming);
        depths.push(depth);
        naming = undefined;
        state = 'command';
        continue;
      }
      if (state === 'for' && token.text === '\n') state = 'command';
      else if (state === 'for' && token.text === ';') state = 'command';
      else end();
      if (token.text === ';;') state = 'pattern';
      if (token.text === '(') depth += 1;
      if (token.text === ')') {
        depth -= 1;
        if (depths.at(-1) === depth && open.length > 0) {
          depths.pop();
          open.pop();
        }
      }
      if (token.text !== ';;' && state !== 'pattern' && state !== 'case') state = 'command';
      continue;
    }
    if (skip) {
      skip = false;
      continue;
    }
    const { plain } = token;
    if (state === 'for') {
      if (loop && plain !== undefined) found.taken.add(plain);
      loop = false;
      continue;
    }
    if (state === 'case') {
      if (plain === 'in') state = 'pattern';
      continue;
    }
    if (state === 'pattern') {
      if (plain === 'esac') {
        cases.pop();
        state = 'command';
      }
      continue;
    }
    if (state === 'command') {
      if (plain === 'for') {
        state = 'for';
        loop = true;
        continue;
      }
      if (plain === 'case') {
        cases.push(depth);
        state = 'case';
        continue;
      }
      if (plain === '{') {
        depth += 1;
        continue;
      }
      if (plain !== undefined && BEFORE_COMMAND.has(plain)) continue;
      if (plain !== undefined && AFTER_COMPOUND.has(plain)) {
        if (plain === 'esac') cases.pop();
        if (plain === '}') {
          depth -= 1;
          if (depths.at(-1) === depth && open.length > 0) {
            depths.pop();
            open.pop();
          }
        }
        continue;
      }
      // An assignment before a command, or alone.
      const [, variable] = /^([A-Za-z_]\w*)=/.exec(token.text) ?? [];
      if (variable !== undefined) {
        found.sets.add(variable);
        continue;
      }
      line = token.line;
      state = 'words';
    }
    words.push(plain);
    texts.push(token.text);
  }
  end();
}

/** Words and operators; hands the inside of each `$(…)` over. */
function* tokenize(
  text: string,
  firstLine: number,
  substitution: (inner: string, line: number) => void,
  variable: (name: string) => void,
): Generator<Token> {
  let at = 0;
  const documents: { end: string; quoted: boolean }[] = [];
  // Asked for ever later places, nearly always: what was counted is not counted again.
  let counted = { to: 0, line: firstLine };
  const lineAt = (position: number): number => {
    if (position < counted.to) counted = { to: 0, line: firstLine };
    let { to, line } = counted;
    for (let next = text.indexOf('\n', to); next >= 0 && next < position; next = text.indexOf('\n', to)) {
      to = next + 1;
      line += 1;
    }
    counted = { to, line };
    return line;
  };

  /** Where a piece that begins at `from` ends: a quote, an expansion, an escaped character. */
  const past = (from: number): number => {
    const next = text[from]!;
    if (next === '\\') return from + 2;
    if (next === "'") return closing("'", from + 1);
    if (next === '"') {
      let position = from + 1;
      while (text[position] !== '"') {
        if (position >= text.length) throw new SyntaxError(`line ${lineAt(from)}: a quote does not end`);
        position = text[position] === "'" ? position + 1 : past(position);
      }
      return position + 1;
    }
    if (text.startsWith('$((', from)) {
      let depth = 2;
      let position = from + 3;
      while (depth > 0) {
        if (position >= text.length) throw new SyntaxError(`line ${lineAt(from)}: a sum does not end`);
        const [operand] = /^[a-z_][a-z0-9_]+/.exec(text.slice(position, position + 80)) ?? [];
        if (operand !== undefined) {
          variable(operand);
          position += operand.length;
          continue;
        }
        if (text[position] === '(') depth += 1;
        if (text[position] === ')') depth -= 1;
        position = '()'.includes(text[position]!) ? position + 1 : past(position);
      }
      return position;
    }
    if (text.startsWith('$(', from)) {
      let position = from + 2;
      let depth = 1;
      while (depth > 0) {
        if (position >= text.length)
          throw new SyntaxError(`line ${lineAt(from)}: a substitution does not end`);
        const here = text[position]!;
        if (here === '#' && /[\s;&|()]/.test(text[position - 1]!)) position = text.indexOf('\n', position);
        else if (here === '(') [depth, position] = [depth + 1, position + 1];
        else if (here === ')') [depth, position] = [depth - 1, position + 1];
        else position = past(position);
      }
      substitution(text.slice(from + 2, position - 1), lineAt(from));
      return position;
    }
    const [, brace, asked] = /^\$(\{#?)?([a-z_][a-z0-9_]+)/.exec(text.slice(from, from + 80)) ?? [];
    if (asked !== undefined) variable(asked);
    if (asked !== undefined && brace === undefined) return from + 1 + asked.length;
    if (text.startsWith('${', from)) {
      let position = from + 2;
      while (text[position] !== '}') {
        if (position >= text.length) throw new SyntaxError(`line ${lineAt(from)}: an expansion does not end`);
        position = past(position);
      }
      return position + 1;
    }
    return from + 1;
  };
  const closing = (mark: string, from: number): number => {
    const found = text.indexOf(mark, from);
    if (found < 0) throw new SyntaxError(`line ${lineAt(from)}: no ${mark} follows`);
    return found + 1;
  };

  while (at < text.length) {
    const rest = text.slice(at, at + 3);
    if (text.startsWith('\\\n', at)) {
      at += 2;
      continue;
    }
    if (/^[ \t]/.test(rest)) {
      at += 1;
      continue;
    }
    if (rest[0] === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      continue;
    }
    const operator = OPERATORS.exec(rest)?.[0];
    if (operator !== undefined) {
      const line = lineAt(at);
      at += operator.length;
      if (operator === '\n') {
        for (const { end, quoted } of documents.splice(0)) {
          const from = at;
          const body = new RegExp(`^\\t*${end}$`, 'm').exec(text.slice(at));
          if (!body) throw new SyntaxError(`line ${line}: a here-document does not end`);
          at += body.index + body[0].length + 1;
          if (!quoted) {
            for (let position = from; position < from + body.index;) {
              position = '\'"'.includes(text[position]!) ? position + 1 : past(position);
            }
          }
        }
      }
      if (operator === '<<' || operator === '<<-') {
        const [whole, quote, end] = /^[ \t]*(['"]?)(\w+)\1/.exec(text.slice(at, at + 80))!;
        documents.push({ end: end!, quoted: quote !== '' });
        at += whole.length;
        continue;
      }
      yield { type: 'operator', text: operator, line };
      continue;
    }
    const from = at;
    const line = lineAt(from);
    while (at < text.length && !/[\s;&|()<>]/.test(text[at]!)) at = past(at);
    const word = text.slice(from, at);
    // The number of a descriptor belongs to the redirection behind it.
    if (/^\d$/.test(word) && /[<>]/.test(text[at] ?? '')) continue;
    const plain = /^'[^']*'$/.test(word) || /^"[^"$\\]*"$/.test(word) ? word.slice(1, -1) : word;
    yield { type: 'word', text: word, plain: /['"$\\]/.test(plain) ? undefined : plain, line };
  }
}
