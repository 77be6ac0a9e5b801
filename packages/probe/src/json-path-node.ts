import { WrittenNumber, compareNumbers, isNumber, matchWithin } from '@deploy-actions/kit';

/** What is wrong with a JSONPath expression; `column` counts from 1. */
export class JsonPathError extends Error {
  readonly column: number;
  constructor(message: string, column: number) {
    super(`${message} at column ${column}`);
    this.name = 'JsonPathError';
    this.column = column;
  }
}

export type Selector = (node: unknown, root: unknown) => unknown[];
export interface Segment {
  selectors: Selector[];
  descendants: boolean;
  singular: boolean;
}

export function isSingular(segments: Segment[]): boolean {
  return segments.every((segment) => segment.singular && !segment.descendants);
}

/** Descendants of wide documents multiply quickly: a bound, rather than the memory's end. */
const MOST_NODES = 1_000_000;

export function run(segments: Segment[], start: unknown, root: unknown): unknown[] {
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

export function children(node: unknown): unknown[] {
  if (Array.isArray(node)) return node;
  return isObject(node) ? Object.values(node) : [];
}

function isObject(node: unknown): node is Record<string, unknown> {
  return (
    typeof node === 'object' && node !== null && !Array.isArray(node) && !(node instanceof WrittenNumber)
  );
}

export const byName =
  (name: string): Selector =>
  (node) =>
    isObject(node) && Object.hasOwn(node, name) ? [node[name]] : [];

export const byIndex =
  (index: number): Selector =>
  (node) => {
    if (!Array.isArray(node)) return [];
    const at = index < 0 ? node.length + index : index;
    return at >= 0 && at < node.length ? [node[at] as unknown] : [];
  };

/** RFC 9535, section 2.3.4.2.2. */
export const bySlice =
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

export type Kind = 'value' | 'logical' | 'nodes';
export interface Expression {
  kind: Kind;
  /** A value or NOTHING; true or false; an array of nodes. */
  of(node: unknown, root: unknown): unknown;
  /** A query that selects one node at most: it may be compared. */
  singular?: boolean;
  literal?: boolean;
}

export const truth = (expression: Expression, node: unknown, root: unknown): boolean => {
  const value = expression.of(node, root);
  return expression.kind === 'nodes' ? (value as unknown[]).length > 0 : value === true;
};

export function valueOf(expression: Expression, node: unknown, root: unknown): unknown {
  const value = expression.of(node, root);
  if (expression.kind !== 'nodes') return value;
  const nodes = value as unknown[];
  return nodes.length === 1 ? nodes[0] : NOTHING;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
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
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) < 0;
  if (typeof a === 'string' && typeof b === 'string')
    return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return false;
}

export const COMPARE: Record<string, (a: unknown, b: unknown) => boolean> = {
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

/** Throws OutOfTime: an answer that nobody knows is not `false`, which a `!` in the query would make true. */
function matches(value: unknown, expression: RegExp | undefined): boolean {
  return typeof value === 'string' && expression !== undefined && matchWithin(expression, value) !== null;
}

interface FunctionRule {
  takes: Kind[];
  gives: Kind;
  call(...args: unknown[]): unknown;
}

export const FUNCTIONS: Record<string, FunctionRule> = {
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
    call: (value, pattern) => matches(value, iRegexp(pattern, true)),
  },
  search: {
    takes: ['value', 'value'],
    gives: 'logical',
    call: (value, pattern) => matches(value, iRegexp(pattern, false)),
  },
  value: {
    takes: ['nodes'],
    gives: 'value',
    call: (nodes) => ((nodes as unknown[]).length === 1 ? (nodes as unknown[])[0] : NOTHING),
  },
};
