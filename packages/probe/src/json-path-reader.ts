import { exactNumber } from '@deploy-actions/kit';
import {
  COMPARE,
  type Expression,
  FUNCTIONS,
  JsonPathError,
  type Segment,
  type Selector,
  byIndex,
  byName,
  bySlice,
  children,
  isSingular,
  run,
  truth,
  valueOf,
} from './json-path-node.ts';

const DEEPEST = 64;

/** Recursive descent over the grammar of RFC 9535, appendix A. */
export class JsonPathReader {
  private at = 0;
  private depth = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** How many characters have been read. */
  get position(): number {
    return this.at;
  }

  wrong(what: string): JsonPathError {
    return new JsonPathError(what, this.at + 1);
  }

  private peek(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  private take(token: string): boolean {
    if (!this.peek(token)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.wrong(`expected "${token}"`);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private blank(): void {
    this.match(/[ \t\n\r]*/y);
  }

  segments(): Segment[] {
    const segments: Segment[] = [];
    for (;;) {
      const before = this.at;
      this.blank();
      if (this.take('..')) {
        segments.push({ ...(this.peek('[') ? this.bracketed() : this.dotted()), descendants: true });
      } else if (this.take('.')) segments.push(this.dotted());
      else if (this.peek('[')) segments.push(this.bracketed());
      else {
        this.at = before;
        return segments;
      }
    }
  }

  private dotted(): Segment {
    if (this.take('*')) return { selectors: [children], descendants: false, singular: false };
    const name = this.match(
      /[A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}][\w\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]*/uy,
    );
    if (name === undefined) throw this.wrong('expected a name or *');
    return { selectors: [byName(name)], descendants: false, singular: true };
  }

  private bracketed(): Segment {
    this.expect('[');
    const selectors: Selector[] = [];
    let singular = true;
    do {
      this.blank();
      const one = this.selector();
      selectors.push(one.selector);
      singular &&= one.singular;
      this.blank();
    } while (this.take(','));
    this.expect(']');
    return { selectors, descendants: false, singular: singular && selectors.length === 1 };
  }

  private selector(): { selector: Selector; singular: boolean } {
    if (this.take('*')) return { selector: children, singular: false };
    if (this.peek('"') || this.peek("'")) return { selector: byName(this.string()), singular: true };
    if (this.take('?')) {
      this.blank();
      const test = this.logicalOr();
      return {
        selector: (node, root) => children(node).filter((inner) => truth(test, inner, root)),
        singular: false,
      };
    }
    const first = this.integer();
    const before = this.at;
    this.blank();
    if (!this.take(':')) {
      this.at = before;
      if (first === undefined) throw this.wrong('expected a name, an index, a slice, * or ?');
      return { selector: byIndex(first), singular: true };
    }
    this.blank();
    const end = this.integer();
    this.blank();
    let step: number | undefined;
    if (this.take(':')) {
      this.blank();
      step = this.integer();
    }
    return { selector: bySlice(first, end, step ?? 1), singular: false };
  }

  private integer(): number | undefined {
    const text = this.match(/-?\d+/y);
    if (text === undefined) return undefined;
    if (!/^(0|-?[1-9]\d*)$/.test(text) || !Number.isSafeInteger(Number(text)))
      throw this.wrong(`${text} is no index`);
    return Number(text);
  }

  private string(): string {
    const quote = this.text[this.at]!;
    this.at += 1;
    let value = '';
    while (!this.take(quote)) {
      const plain = this.match(quote === '"' ? /[^"\\\0-\x1f]+/y : /[^'\\\0-\x1f]+/y);
      if (plain !== undefined) {
        value += plain;
        continue;
      }
      const escape = this.match(/\\(?:[bfnrt/\\]|u[0-9A-Fa-f]{4})/y);
      if (escape !== undefined) value += JSON.parse(`"${escape}"`) as string;
      else if (this.take(`\\${quote}`)) value += quote;
      else throw this.wrong('the text in quotes does not end or holds what must be escaped');
    }
    if (!value.isWellFormed()) throw this.wrong('half of a surrogate pair');
    return value;
  }

  private deeper<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > DEEPEST) throw this.wrong('nested too deeply');
    const value = parse();
    this.depth -= 1;
    return value;
  }

  private logicalOr(): Expression {
    return this.deeper(() => this.chain('||', () => this.chain('&&', () => this.basic())));
  }

  private chain(operator: '||' | '&&', next: () => Expression): Expression {
    const parts = [next()];
    for (;;) {
      const before = this.at;
      this.blank();
      if (!this.take(operator)) {
        this.at = before;
        break;
      }
      this.blank();
      parts.push(next());
    }
    if (parts.length === 1) return parts[0]!;
    return {
      kind: 'logical',
      of: (node, root) =>
        operator === '||'
          ? parts.some((part) => truth(part, node, root))
          : parts.every((part) => truth(part, node, root)),
    };
  }

  private basic(): Expression {
    if (this.take('!')) {
      this.blank();
      const inner = this.peek('(') ? this.parenthesis() : this.test();
      return { kind: 'logical', of: (node, root) => !truth(inner, node, root) };
    }
    if (this.peek('(')) return this.parenthesis();
    const left = this.operand();
    const before = this.at;
    this.blank();
    const operator = this.match(/==|!=|<=|>=|<|>/y);
    if (operator === undefined) {
      this.at = before;
      return this.asTest(left);
    }
    this.blank();
    const right = this.operand();
    for (const side of [left, right]) {
      if (side.kind === 'logical' || (side.kind === 'nodes' && !side.singular)) {
        throw this.wrong('only single values can be compared');
      }
    }
    const compare = COMPARE[operator]!;
    return {
      kind: 'logical',
      of: (node, root) => compare(valueOf(left, node, root), valueOf(right, node, root)),
    };
  }

  private parenthesis(): Expression {
    this.expect('(');
    this.blank();
    const inner = this.logicalOr();
    this.blank();
    this.expect(')');
    return { kind: 'logical', of: (node, root) => truth(inner, node, root) };
  }

  private test(): Expression {
    return this.asTest(this.operand());
  }

  private asTest(expression: Expression): Expression {
    if (expression.literal || expression.kind === 'value')
      throw this.wrong('a value alone is no condition; compare it');
    return expression;
  }

  private operand(): Expression {
    const literal = (value: unknown): Expression => ({ kind: 'value', of: () => value, literal: true });
    if (this.peek('"') || this.peek("'")) return literal(this.string());
    const number = this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return literal(exactNumber(number)!);
    if (this.peek('@') || this.peek('$')) return this.query();
    const name = this.match(/[a-z][a-z0-9_]*/y);
    if (name === undefined) throw this.wrong('expected a value, @, $ or a function');
    if (this.peek('(')) return this.call(name);
    if (name === 'true' || name === 'false' || name === 'null') return literal(JSON.parse(name));
    throw this.wrong(`unknown word "${name}"`);
  }

  private query(): Expression {
    const relative = this.take('@');
    if (!relative) this.expect('$');
    const segments = this.deeper(() => this.segments());
    return {
      kind: 'nodes',
      singular: isSingular(segments),
      of: (node, root) => run(segments, relative ? node : root, root),
    };
  }

  private call(name: string): Expression {
    const rule = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]! : undefined;
    if (!rule) throw this.wrong(`unknown function ${name}()`);
    this.expect('(');
    const args: Expression[] = [];
    this.blank();
    if (!this.peek(')')) {
      do {
        this.blank();
        args.push(this.deeper(() => this.argument()));
        this.blank();
      } while (this.take(','));
    }
    this.expect(')');
    if (args.length !== rule.takes.length) throw this.wrong(`${name}() takes ${rule.takes.length} arguments`);
    for (const [index, kind] of rule.takes.entries()) {
      const arg = args[index]!;
      const fits =
        kind === 'nodes'
          ? arg.kind === 'nodes'
          : arg.kind === 'value' || (arg.kind === 'nodes' && arg.singular);
      if (!fits)
        throw this.wrong(
          `argument ${index + 1} of ${name}() must be ${kind === 'nodes' ? 'a query' : 'a single value'}`,
        );
    }
    return {
      kind: rule.gives,
      of: (node, root) =>
        rule.call(
          ...args.map((arg, index) =>
            rule.takes[index] === 'nodes' ? arg.of(node, root) : valueOf(arg, node, root),
          ),
        ),
    };
  }

  private argument(): Expression {
    const before = this.at;
    const operand = this.operand();
    this.blank();
    if (this.peek(',') || this.peek(')')) return operand;
    this.at = before;
    return this.logicalOr();
  }
}
