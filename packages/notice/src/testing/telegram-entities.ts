/** A part of a text that means something; offsets count UTF-16 units. */
export interface Entity {
  type: string;
  offset: number;
  length: number;
  url?: string;
}

export interface Parsed {
  text: string;
  entities: Entity[];
}

/** The Bot API's words for markup that it does not take. */
export class EntityError extends Error {}

const TAGS: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  code: 'code',
  pre: 'pre',
  a: 'text_link',
  blockquote: 'blockquote',
  'tg-spoiler': 'spoiler',
};
const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

/**
 * Parses a message's HTML as the Bot API documents it, and takes nothing else: known tags, properly nested,
 * attributes only where they mean something, `<`, `>` and `&` only as entities.
 * Source: core.telegram.org/bots/api, "HTML style".
 */
export function parseHtml(html: string): Parsed {
  let text = '';
  const entities: Entity[] = [];
  const open: { tag: string; offset: number; url?: string }[] = [];
  const fail = (why: string, at: number): never => {
    throw new EntityError(
      `Bad Request: can't parse entities: ${why} at byte offset ${Buffer.byteLength(html.slice(0, at))}`,
    );
  };
  for (let at = 0; at < html.length;) {
    const character = html[at]!;
    if (character === '&') {
      const match = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/i.exec(html.slice(at, at + 12));
      // A lone ampersand is shown by the real server; an action of ours that sends one forgot to escape.
      if (!match) fail('Unescaped "&"', at);
      const [whole, decimal, hex, name] = match!;
      if (name !== undefined) text += NAMED[name] ?? fail(`Unknown entity "&${name};"`, at);
      else text += String.fromCodePoint(decimal === undefined ? parseInt(hex!, 16) : Number(decimal));
      at += whole.length;
      continue;
    }
    if (character === '>') fail('Unescaped ">"', at);
    if (character !== '<') {
      text += character;
      at += 1;
      continue;
    }
    const closing = /^<\/([a-z-]+)>/.exec(html.slice(at));
    if (closing) {
      const last = open.pop();
      if (!last) fail('Unexpected end tag', at);
      if (last!.tag !== closing[1])
        fail(`Unmatched end tag, expected "</${last!.tag}>", found "</${closing[1]}>"`, at);
      if (text.length > last!.offset) {
        const { tag, offset, url } = last!;
        entities.push({ type: TAGS[tag]!, offset, length: text.length - offset, ...(url ? { url } : {}) });
      }
      at += closing[0].length;
      continue;
    }
    const opening = /^<([a-z-]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)>/.exec(html.slice(at));
    if (!opening) fail('Unsupported start tag', at);
    const [whole, tag = '', attributes = ''] = opening!;
    if (!(tag in TAGS)) fail(`Unsupported start tag "${tag}"`, at);
    const inCode = open.some((one) => one.tag === 'code' || one.tag === 'pre');
    if (inCode) fail(`"${tag}" inside code`, at);
    if (tag === 'a' && open.some((one) => one.tag === 'a')) fail('a link inside a link', at);
    const url = /\shref="([^"]*)"/.exec(attributes)?.[1];
    if (tag === 'a' && !url) fail('a link without an address', at);
    if (tag !== 'a' && !(tag === 'blockquote' && attributes.trim() === 'expandable') && attributes !== '') {
      fail(`"${tag}" takes no attributes`, at);
    }
    open.push({ tag, offset: text.length, ...(url ? { url: parseHtml(url).text } : {}) });
    at += whole.length;
  }
  if (open.length > 0)
    fail(`Can't find end tag corresponding to start tag "${open.at(-1)!.tag}"`, html.length);
  return { text, entities };
}

/** The characters that the server replaces or drops before anything else (tdlib, clean_input_string). */
export function cleanInput(text: string): string {
  return text
    .replace(/\r/g, '')
    .replace(/[\0-\x09\x0b\x0c\x0e-\x1f]/g, ' ')
    .replace(/[\u2028-\u202e]|\u0333|\u033f|\u030a/g, '');
}

/**
 * What the server makes into links and mentions by itself, outside code and links; after tdlib's
 * MessageEntity.cpp, on the strict side: any dot between a word and a letter is taken for a domain.
 */
export function findEntities({ text, entities }: Parsed): Entity[] {
  const taken = entities.filter((entity) => ['code', 'pre', 'text_link'].includes(entity.type));
  const found: Entity[] = [];
  const find = (type: string, expression: RegExp, holds: (match: string) => boolean = () => true) => {
    for (const match of text.matchAll(expression)) {
      const inside = taken.some(
        (one) => match.index < one.offset + one.length && one.offset < match.index + match[0].length,
      );
      if (!inside && holds(match[0])) found.push({ type, offset: match.index, length: match[0].length });
    }
  };
  find('mention', /(?<![\p{L}\p{N}_])@[A-Za-z0-9_]{2,32}(?![\p{L}\p{N}_])/gu);
  find(
    'bot_command',
    /(?<![\p{L}\p{N}_/<>])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\p{L}\p{N}_/<>])/gu,
  );
  find('hashtag', /(?<![\p{L}\p{Nd}_\u200c])#[\p{L}\p{Nd}_\u200c]{1,256}/gu, (match) => /\p{L}/u.test(match));
  find('cashtag', /(?<![$\p{L}\p{Nd}_])\$(?:1INCH|[A-Z]{1,8})(?![$\p{L}\p{Nd}_])/gu);
  find('url', /\b(?:tg|ton|tonsite):\/\/[\w-]+/gi);
  find(
    'url',
    /(?:\b(?:https?|ftp):\/\/)?[\p{L}\p{N}_~-]+(?:\.[\p{L}\p{N}_~-]+)*\.\p{L}[\p{L}\p{N}-]+(?::\d+)?(?:[/?#]\S*)?/giu,
  );
  find('url', /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g);
  find('email', /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,8}/gi);
  find('bank_card', /\d(?:[ -]?\d){12,18}/g, (match) => luhn(match.replace(/\D/g, '')));
  return found;
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit);
    sum += index % 2 === 0 ? value : value < 5 ? 2 * value : 2 * value - 9;
  }
  return sum % 10 === 0;
}
