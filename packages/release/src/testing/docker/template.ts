/** Go's text/template, as far as `docker … --format` needs it here: what is not known is refused. */

type Value = unknown;
type Node =
  | { kind: 'text'; text: string }
  | { kind: 'value'; pipe: string }
  | { kind: 'if' | 'with'; pipe: string; then: Node[]; otherwise: Node[] }
  | { kind: 'range'; pipe: string; names: string[]; body: Node[] };

interface Scope {
  dot: Value;
  variables: Readonly<Record<string, Value>>;
  /** Methods of the root, such as `.Label "key"`. */
  methods: Readonly<Record<string, (argument: string) => Value>>;
}

/** Renders a template. Throws for what Docker would refuse, and for what this stand-in does not know. */
export function render(template: string, dot: Value, methods: Scope['methods'] = {}): string {
  const tokens = template.split(/(\{\{.*?\}\})/s);
  const [nodes, rest] = parse(tokens, 0);
  if (rest !== tokens.length) throw new Error(`template: unexpected end in ${template}`);
  return print(nodes, { dot, variables: {}, methods });
}

function parse(tokens: readonly string[], from: number): [Node[], number] {
  const nodes: Node[] = [];
  let at = from;
  while (at < tokens.length) {
    const token = tokens[at]!;
    const inner = /^\{\{(.*)\}\}$/s.exec(token)?.[1]?.trim();
    if (inner === undefined) {
      nodes.push({ kind: 'text', text: token });
      at += 1;
    } else if (inner === 'end' || inner === 'else' || inner.startsWith('else if ')) {
      break;
    } else if (inner.startsWith('if ') || inner.startsWith('with ')) {
      const [node, end] = condition(tokens, at, inner);
      nodes.push(node);
      at = end + 1;
    } else if (inner.startsWith('range ')) {
      const [body, end] = parse(tokens, at + 1);
      const [, names = '', pipe] = /^(?:(.*?):=)?\s*(.*)$/s.exec(inner.slice(6))!;
      nodes.push({
        kind: 'range',
        pipe: pipe!,
        names: names
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean),
        body,
      });
      at = end + 1;
    } else {
      nodes.push({ kind: 'value', pipe: inner });
      at += 1;
    }
  }
  return [nodes, at];
}

/** `if` or `with` at a token, with all of its branches; answers where its end stands. */
function condition(tokens: readonly string[], at: number, inner: string): [Node, number] {
  const [, kind = '', pipe = ''] = /^(if|with) (.*)$/s.exec(inner)!;
  const [then, middle] = parse(tokens, at + 1);
  const [, otherIf] = /^\{\{\s*else(?: (if .*?))?\s*\}\}$/s.exec(tokens[middle] ?? '') ?? [];
  const isElse = /^\{\{\s*else/.test(tokens[middle] ?? '');
  if (otherIf !== undefined) {
    const [node, end] = condition(tokens, middle, otherIf);
    return [{ kind: kind as 'if', pipe, then, otherwise: [node] }, end];
  }
  const [otherwise, end] = isElse ? parse(tokens, middle + 1) : [[], middle];
  return [{ kind: kind as 'if', pipe, then, otherwise }, end];
}

function print(nodes: readonly Node[], scope: Scope): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text;
        case 'value':
          return show(evaluate(node.pipe, scope));
        case 'if':
          return print(isTrue(evaluate(node.pipe, scope)) ? node.then : node.otherwise, scope);
        case 'with': {
          const dot = evaluate(node.pipe, scope);
          return isTrue(dot) ? print(node.then, { ...scope, dot }) : print(node.otherwise, scope);
        }
        case 'range':
          return entries(evaluate(node.pipe, scope))
            .map(([key, value]) => {
              const [first, second] = node.names;
              const variables = {
                ...scope.variables,
                ...(second === undefined ? first && { [first]: value } : { [first!]: key, [second]: value }),
              };
              return print(node.body, { ...scope, dot: value, variables });
            })
            .join('');
      }
    })
    .join('');
}

function entries(value: Value): [Value, Value][] {
  if (Array.isArray(value)) return value.map((one, index) => [index, one]);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A call such as `or (index .Config.Labels "x") "-"`. */
function evaluate(pipe: string, scope: Scope): Value {
  const words = split(pipe);
  const [head = ''] = words;
  const value = (word: string): Value => {
    if (word.startsWith('(')) return evaluate(word.slice(1, -1), scope);
    if (word.startsWith('"') || /^\d+$/.test(word)) return JSON.parse(word) as string | number;
    return path(word, scope);
  };
  const rest = words.slice(1).map(value);
  switch (head) {
    case 'json':
      return JSON.stringify(rest[0] ?? null);
    case 'or':
      return rest.find(isTrue) ?? rest.at(-1);
    case 'eq':
      return rest[0] === rest[1];
    case 'index':
      return rest
        .slice(1)
        .reduce((at, key) => (at as Record<string, Value> | null)?.[String(key)] ?? '', rest[0]);
    case 'join':
      return ((rest[0] as string[] | null) ?? []).join(String(rest[1]));
    case 'split':
      return String(rest[0] ?? '').split(String(rest[1]));
    case 'len':
      return ((rest[0] as string[] | undefined) ?? []).length;
    case 'println':
      return `${rest.map(show).join(' ')}\n`;
  }
  const method = head.startsWith('.') ? scope.methods[head.slice(1)] : undefined;
  if (method && rest.length === 1) return method(String(rest[0]));
  if (words.length === 1) return value(head);
  throw new Error(`template: this stand-in does not know ${pipe}`);
}

function path(word: string, { dot, variables }: Scope): Value {
  const [, variable, fields = ''] = /^(\$\w+)?((?:\.\w*)*)$/.exec(word) ?? [];
  if (variable === undefined && !word.startsWith('.'))
    throw new Error(`template: this stand-in does not know ${word}`);
  let at = variable === undefined ? dot : variables[variable];
  for (const field of fields.split('.').filter(Boolean)) {
    const values = at as Record<string, Value> | null | undefined;
    if (values === null || values === undefined) return undefined;
    at = values[field];
  }
  return at;
}

function split(pipe: string): string[] {
  const words: string[] = [];
  let rest = pipe.trim();
  while (rest !== '') {
    let length = 0;
    if (rest.startsWith('(')) {
      let depth = 0;
      do {
        if (rest[length] === '(') depth += 1;
        if (rest[length] === ')') depth -= 1;
        length += 1;
      } while (depth > 0);
    } else length = (/^"(?:[^"\\]|\\.)*"|^\S+/.exec(rest)?.[0] ?? rest).length;
    words.push(rest.slice(0, length));
    rest = rest.slice(length).trim();
  }
  return words;
}

function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function show(value: Value): string {
  if (value === undefined || value === null) return '<no value>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
