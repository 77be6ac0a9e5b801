/**
 * JSONPath as RFC 9535 has it: all selectors (names, wildcards, indices, slices, filters), descendants, and
 * the functions length, count, match, search and value.
 */
export interface JsonPath {
  readonly text: string;
  /** Whether it can select one node at most: only names and indices. */
  readonly singular: boolean;
  /** Every value that it selects, in order. */
  select(document: unknown): unknown[];
}

/** What is wrong with a JSONPath expression; `column` counts from 1. */
export class JsonPathError extends Error {
  readonly column: number;
  constructor(message: string, column: number) {
    super(`${message} at column ${column}`);
    this.name = 'JsonPathError';
    this.column = column;
  }
}

/** Compiles an expression such as `$.items[?@.id == 3].name`. Throws JsonPathError. */
export function jsonPath(text: string): JsonPath {
  const reader = new Reader(text);
  reader.expect('$');
  const segments = reader.segments();
  if (!reader.done) throw reader.wrong('unexpected text');
  return {
    text,
    singular: isSingular(segments),
    select: (document) => run(segments, document, document),
  };
}

/** A path as people write it in a shorthand: `version`, `app.version` and `$.app.version` are all good. */
export function lenientJsonPath(text: string): JsonPath {
  return jsonPath(text.startsWith('$') ? text : text.startsWith('[') ? `$${text}` : `$.${text}`);
}

type Selector = (node: unknown, root: unknown) => unknown[];
interface Segment {
  selectors: Selector[];
  descendants: boolean;
  singular: boolean;
}

function isSingular(segments: Segment[]): boolean {
  return segments.every((segment) => segment.singular && !segment.descendants);
}

/** Descendants of wide documents multiply quickly: a bound, rather than the memory's end. */
const MOST_NODES = 1_000_000;

function run(segments: Segment[], start: unknown, root: unknown): unknown[] {
  let nodes = [start];
  for (const segment of segments) {
    const next: unknown[] = [];
    for (const node of nodes) {
      for (const place of segment.descendants ? withDescendants(node) : [node]) {
        for (const selector of segment.selectors) {
          for (const found of selector(place, root)) next.push(found);
          if (next.length > MOST_NODES) throw new JsonPathError('selects more than a million nodes', 1);
        }
      }
    }
    nodes = next;
  }
  return nodes;
}

function withDescendants(node: unknown): unknown[] {
  const all: unknown[] = [];
  const walk = (one: unknown) => {
    all.push(one);
    for (const inner of children(one)) walk(inner);
  };
  walk(node);
  return all;
}

function children(node: unknown): unknown[] {
  if (Array.isArray(node)) return node;
  return isObject(node) ? Object.values(node) : [];
}

function isObject(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

const byName =
  (name: string): Selector =>
  (node) =>
    isObject(node) && Object.hasOwn(node, name) ? [node[name]] : [];

const byIndex =
  (index: number): Selector =>
  (node) => {
    if (!Array.isArray(node)) return [];
    const at = index < 0 ? node.length + index : index;
    return at >= 0 && at < node.length ? [node[at] as unknown] : [];
  };

/** RFC 9535, section 2.3.4.2.2. */
const bySlice =
  (start: number | undefined, end: number | undefined, step: number): Selector =>
  (node) => {
    if (!Array.isArray(node) || step === 0) return [];
    const size = node.length;
    const normal = (index: number) => (index >= 0 ? index : size + index);
    const found: unknown[] = [];
    if (step > 0) {
      const from = Math.min(Math.max(normal(start ?? 0), 0), size);
      const to = Math.min(Math.max(normal(end ?? size), 0), size);
      for (let i = from; i < to; i += step) found.push(node[i]);
    } else {
      const from = Math.min(Math.max(normal(start ?? size - 1), -1), size - 1);
      const to = Math.min(Math.max(end === undefined ? -1 : normal(end), -1), size - 1);
      for (let i = from; i > to; i += step) found.push(node[i]);
    }
    return found;
  };

/** The absence of a value, which equals only itself. */
const NOTHING = Symbol('nothing');

type Kind = 'value' | 'logical' | 'nodes';
interface Expression {
  kind: Kind;
  /** A value or NOTHING; true or false; an array of nodes. */
  of(node: unknown, root: unknown): unknown;
  /** A query that selects one node at most: it may be compared. */
  singular?: boolean;
  literal?: boolean;
}

const truth = (expression: Expression, node: unknown, root: unknown): boolean => {
  const value = expression.of(node, root);
  return expression.kind === 'nodes' ? (value as unknown[]).length > 0 : value === true;
};

function valueOf(expression: Expression, node: unknown, root: unknown): unknown {
  const value = expression.of(node, root);
  if (expression.kind !== 'nodes') return value;
  const nodes = value as unknown[];
  return nodes.length === 1 ? nodes[0] : NOTHING;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
    );
  }
  return false;
}

function less(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string')
    return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return false;
}

const COMPARE: Record<string, (a: unknown, b: unknown) => boolean> = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': less,
  '>': (a, b) => less(b, a),
  '<=': (a, b) => less(a, b) || equal(a, b),
  '>=': (a, b) => less(b, a) || equal(a, b),
};

/** An I-Regexp (RFC 9485) as a JavaScript one: `.` matches everything but line ends, as there. */
function iRegexp(pattern: unknown, whole: boolean): RegExp | undefined {
  if (typeof pattern !== 'string') return undefined;
  let source = '';
  let inClass = false;
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern[i]!;
    if (char === '\\') {
      source += char + (pattern[i + 1] ?? '');
      i += 1;
    } else if (char === '.' && !inClass) source += '[^\\n\\r]';
    else {
      if (char === '[') inClass = true;
      if (char === ']') inClass = false;
      source += char;
    }
  }
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, 'u');
  } catch {
    return undefined;
  }
}

interface FunctionRule {
  takes: Kind[];
  gives: Kind;
  call(...args: unknown[]): unknown;
}

const FUNCTIONS: Record<string, FunctionRule> = {
  length: {
    takes: ['value'],
    gives: 'value',
    call: (value) => {
      if (typeof value === 'string') return [...value].length;
      if (Array.isArray(value)) return value.length;
      return isObject(value) ? Object.keys(value).length : NOTHING;
    },
  },
  count: { takes: ['nodes'], gives: 'value', call: (nodes) => (nodes as unknown[]).length },
  match: {
    takes: ['value', 'value'],
    gives: 'logical',
    call: (value, pattern) => typeof value === 'string' && (iRegexp(pattern, true)?.test(value) ?? false),
  },
  search: {
    takes: ['value', 'value'],
    gives: 'logical',
    call: (value, pattern) => typeof value === 'string' && (iRegexp(pattern, false)?.test(value) ?? false),
  },
  value: {
    takes: ['nodes'],
    gives: 'value',
    call: (nodes) => ((nodes as unknown[]).length === 1 ? (nodes as unknown[])[0] : NOTHING),
  },
};

const DEEPEST = 64;

/** Recursive descent over the grammar of RFC 9535, appendix A. */
class Reader {
  private at = 0;
  private depth = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
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
    if (number !== undefined) return literal(Number(number));
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
