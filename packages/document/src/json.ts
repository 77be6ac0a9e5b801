import type { Path } from './problem.ts';

/** A JSON text that was read, and where its values stand. */
export interface ReadJson {
  value: unknown;
  /** Where a key stands for the second time in its object; JSON.parse took that one without a word. */
  repeated: number | undefined;
  /** The offset of a value, or of its key; of the nearest existing parent for a path that is not there. */
  offset(path: Path, what: 'key' | 'value'): number;
}

/** Reads strict JSON, a hundred times as fast as a reader of YAML does. Undefined for what is no JSON. */
export function readJson(text: string): ReadJson | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return { value, repeated: repeatedKey(text), offset: (path, what) => locate(text, path, what) };
}

const QUOTE = 34;
const BACKSLASH = 92;

/** Where a string ends whose opening quote stands at `start`: behind its closing one. */
function stringEnd(text: string, start: number): number {
  for (let at = start; ;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
}

function repeatedKey(text: string): number | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length;) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = stringEnd(text, at);
      const keys = open.at(-1);
      if (keys && text[blank(text, end)] === ':') {
        const raw = text.slice(at, end);
        const key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
        if (keys.has(key)) return at;
        keys.add(key);
      }
      at = end;
      continue;
    }
    if (text[at] === '{') open.push(new Set());
    else if (text[at] === '[') open.push(undefined);
    else if (text[at] === '}' || text[at] === ']') open.pop();
    at += 1;
  }
  return undefined;
}

/** The first place from `at` on that is no white space. */
function blank(text: string, at: number): number {
  let here = at;
  while (text.charCodeAt(here) <= 32) here += 1;
  return here;
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length;) {
    const char = text[at]!;
    if (char === '"') at = stringEnd(text, at);
    else if (char === '{' || char === '[') {
      depth += 1;
      at += 1;
      continue;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      at += 1;
    } else if (depth === 0) return at + /^[^,\]}\s]*/.exec(text.slice(at, at + 400))![0].length;
    else {
      at += 1;
      continue;
    }
    if (depth === 0) return at;
  }
  return text.length;
}

function locate(text: string, path: Path, what: 'key' | 'value'): number {
  let at = blank(text, 0);
  for (const [index, part] of path.entries()) {
    const isObject = text[at] === '{';
    if (!isObject && text[at] !== '[') return at;
    let found: { key: number; value: number } | undefined;
    let here = blank(text, at + 1);
    for (let item = 0; text[here] !== (isObject ? '}' : ']') && here < text.length; item += 1) {
      const key = here;
      let name = String(item);
      if (isObject) {
        const end = stringEnd(text, here);
        name = JSON.parse(text.slice(here, end)) as string;
        here = blank(text, blank(text, end) + 1);
      }
      if (name === String(part)) {
        found = { key, value: here };
        break;
      }
      here = blank(text, valueEnd(text, here));
      if (text[here] === ',') here = blank(text, here + 1);
    }
    if (found === undefined) return at;
    at = found.value;
    if (index === path.length - 1 && what === 'key') return found.key;
  }
  return at;
}
