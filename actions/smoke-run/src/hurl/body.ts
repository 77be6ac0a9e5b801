import type { Cursor } from './cursor.ts';
import {
  type Placeholder,
  type Template,
  TemplateError,
  type Variables,
  backticked,
  fileName,
  placeholder,
  render,
  template,
  valueOf,
  rendered,
} from './template.ts';

/** What stands in the place of a body (hurl.dev, "Grammar", `bytes`). */
export type Body =
  | { kind: 'text'; text: Template; type?: string }
  | { kind: 'json'; json: JsonText }
  | { kind: 'graphql'; query: Template; variables?: JsonText }
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'file'; name: Template };

/** JSON as it is written, in pieces: what is encoded for a text, and what stands for a value. */
export type JsonText = readonly (
  string | { inText: Placeholder } | { asValue: Placeholder } | { space: string }
)[];

/** A body of any kind; undefined where none begins. */
export function body(cursor: Cursor): Body | undefined {
  if (cursor.peek(/```/y)) return multiline(cursor);
  const oneLine = backticked(cursor);
  if (oneLine) return { kind: 'text', text: oneLine };
  if (cursor.peek(/</y)) return { kind: 'text', text: [xml(cursor)], type: 'application/xml' };
  const bytes = base64(cursor) ?? hex(cursor);
  if (bytes) return { kind: 'bytes', bytes };
  const name = file(cursor);
  if (name) return { kind: 'file', name };
  const json = jsonValue(cursor);
  return json ? { kind: 'json', json } : undefined;
}

/** `file,NAME;` */
export function file(cursor: Cursor): Template | undefined {
  if (!cursor.literal('file,')) return undefined;
  cursor.space();
  const name = fileName(cursor);
  cursor.space();
  cursor.expect(';');
  return name;
}

/** `hex,…;` */
export function hex(cursor: Cursor): Buffer | undefined {
  if (!cursor.literal('hex,')) return undefined;
  cursor.space();
  const start = cursor.at;
  const digits = cursor.take(/[0-9a-fA-F]*/y)!;
  if (digits.length % 2 === 1) throw cursor.wrong('an odd number of hexadecimal digits', start);
  cursor.space();
  cursor.expect(';');
  return Buffer.from(digits, 'hex');
}

/** `base64,…;`, over several lines if need be. */
export function base64(cursor: Cursor): Buffer | undefined {
  if (!cursor.literal('base64,')) return undefined;
  const digits = cursor.take(/[A-Za-z0-9+/= \t\r\n]*/y)!;
  cursor.expect(';');
  return Buffer.from(digits, 'base64');
}

/** A text between lines of three backticks. */
export function multiline(cursor: Cursor): Body | undefined {
  const start = cursor.at;
  if (!cursor.literal('```')) return undefined;
  const kind = cursor.take(/(?:json|xml|raw|graphql,?)?(?=[ \t]*\r?\n)/y);
  if (kind === undefined)
    throw cursor.wrong(`${cursor.rest} is no kind of text; there are json, xml, graphql and raw`);
  cursor.take(/[ \t]*\r?\n/y);
  if (kind.startsWith('graphql')) return graphql(cursor, start);
  let text: Template;
  if (kind === 'raw') {
    const raw = cursor.take(/[^]*?(?=```)/y);
    if (raw === undefined) throw cursor.wrong('the ``` is not closed', start);
    text = [raw];
  } else text = template(cursor, { until: /```/y });
  if (!cursor.literal('```')) throw cursor.wrong('the ``` is not closed', start);
  const type = kind === 'json' ? 'application/json' : kind === 'xml' ? 'application/xml' : undefined;
  return { kind: 'text', text, ...(type === undefined ? {} : { type }) };
}

function graphql(cursor: Cursor, start: number): Body {
  const query = template(cursor, { until: /(?<=\n)variables(?=[ \t]*\{)|```/y });
  let variables: JsonText | undefined;
  if (cursor.literal('variables')) {
    cursor.space();
    variables = jsonValue(cursor);
    cursor.take(/[ \t\r\n]*/y);
  }
  if (!cursor.literal('```')) throw cursor.wrong('the ``` is not closed', start);
  return { kind: 'graphql', query, ...(variables ? { variables } : {}) };
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** A JSON value, whose texts and values may be placeholders. */
function jsonValue(cursor: Cursor, depth = 0): JsonText | undefined {
  if (depth > 200) throw cursor.wrong('the JSON is nested deeper than 200 levels');
  const word = cursor.take(/null|true|false/y) ?? cursor.take(NUMBER);
  if (word !== undefined) return [word];
  const place = placeholder(cursor);
  if (place) return [{ asValue: place }];
  if (cursor.peek(/"/y)) return jsonString(cursor);
  if (cursor.peek(/\[/y)) return jsonItems(cursor, '[', ']', depth, () => []);
  if (cursor.peek(/\{/y))
    return jsonItems(cursor, '{', '}', depth, () => {
      if (!cursor.peek(/"/y)) throw cursor.wrong(`expected a key in double quotes before ${cursor.rest}`);
      const name = jsonString(cursor);
      const before = jsonSpace(cursor);
      cursor.expect(':');
      return [...name, before, ':', jsonSpace(cursor)];
    });
  return undefined;
}

function jsonItems(
  cursor: Cursor,
  open: string,
  close: string,
  depth: number,
  before: () => JsonText,
): JsonText {
  const start = cursor.at;
  cursor.expect(open);
  const parts: JsonText[number][] = [open, jsonSpace(cursor)];
  while (!cursor.literal(close)) {
    if (cursor.done) throw cursor.wrong('the JSON does not end', start);
    if (parts.length > 2) {
      cursor.expect(',');
      parts.push(',', jsonSpace(cursor));
    }
    parts.push(...before());
    const value = jsonValue(cursor, depth + 1);
    if (!value) throw cursor.wrong(`expected a JSON value before ${cursor.rest}`);
    parts.push(...value, jsonSpace(cursor));
  }
  parts.push(close);
  return parts;
}

function jsonSpace(cursor: Cursor): { space: string } {
  return { space: cursor.take(/[ \t\r\n]*/y)! };
}

/** A text of JSON: it stays as it is written, and what is put in is encoded. */
function jsonString(cursor: Cursor): JsonText {
  const start = cursor.at;
  cursor.expect('"');
  const parts: JsonText[number][] = ['"'];
  while (!cursor.literal('"')) {
    if (cursor.done || cursor.peek(/[\n\r\t\b\f]/y))
      throw cursor.wrong('the text of the JSON does not end', start);
    const place = placeholder(cursor);
    if (place) {
      parts.push({ inText: place });
      continue;
    }
    const text = cursor.take(/(?:(?!\{\{)[^"\\\n\r\t\b\f]|\\["\\/bnfrt]|\\u[0-9a-fA-F]{4})+/y);
    if (text === undefined) throw cursor.wrong(`${cursor.rest.slice(0, 4)}" is no escape of JSON`);
    parts.push(text);
  }
  parts.push('"');
  return parts;
}

/** JSON with its values put in. Throws TemplateError. */
export function renderJson(json: JsonText, variables: Variables, spaces = true): string {
  return json
    .map((part) => {
      if (typeof part === 'string') return part;
      if ('space' in part) return spaces ? part.space : '';
      if ('inText' in part)
        return render([part.inText], variables, (text) =>
          text.replace(/["\\\n\r\t]/g, (char) => JSON.stringify(char).slice(1, -1)),
        );
      const value = rendered(valueOf(part.asValue, variables));
      if (
        value === undefined ||
        !/^(?:null|true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(value)
      )
        throw new TemplateError(
          `{{${part.asValue.name}}} stands for a value of JSON, and is no number, boolean or null; put it in quotes`,
        );
      return value;
    })
    .join('');
}

/** From `<` to the end of the element that opens first. */
function xml(cursor: Cursor): string {
  const start = cursor.at;
  let depth = 0;
  const token =
    /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<![^>]*>|<\/[^<>]+>|<[^<>"']+(?:"[^"<]*"[^<>"']*|'[^'<]*'[^<>"']*)*>|[^<]+/y;
  for (;;) {
    const found = cursor.take(token);
    if (found === undefined) throw cursor.wrong('the XML does not end, or is not well-formed', start);
    if (found.startsWith('</')) depth -= 1;
    else if (/^<[^!?]/.test(found) && !found.endsWith('/>')) depth += 1;
    else if (!/^<[^!?]/.test(found)) continue;
    if (depth <= 0) return cursor.text.slice(start, cursor.at);
  }
}
