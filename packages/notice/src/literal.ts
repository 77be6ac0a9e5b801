/**
 * Text from outside as it can be shown: well-formed UTF-16, lines ended by LF alone, and nothing in it that
 * acts instead of being read. Control characters and the bidirectional overrides, which would let a commit
 * message rearrange the line it stands in, become U+FFFD; invisible joiners and marks that messengers drop
 * by themselves are dropped here, so that what is sent is what is shown.
 */
export function literal(text: string): string {
  return (
    text
      .toWellFormed()
      // Telegram removes U+030A; composed, `å` survives.
      .normalize('NFC')
      .replace(/\r\n?/g, '\n')
      .replace(/\t/g, '    ')
      .replace(/[\u2060\ufeff\u200e\u200f\u061c]/g, '')
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu, '\ufffd')
      .replace(/[\u0333\u033f\u030a]/g, '')
  );
}

/** The same on one line, runs of white space as one space, trimmed. */
export function literalLine(text: string): string {
  return literal(text).replace(/\s+/g, ' ').trim();
}

const JOINER = '\u2060';

/**
 * Breaks up what a messenger would turn into a mention, link, hashtag, command or card number by itself, even
 * in escaped text, by a word joiner (U+2060): nobody sees it, and it belongs to none of those. The patterns
 * are those of tdlib's MessageEntity.cpp. Not needed inside code.
 */
export function guard(text: string): string {
  return text
    .replace(/@(?=[\p{L}\p{N}_])/gu, `@${JOINER}`)
    .replace(/:(?=\/\/)/g, `:${JOINER}`)
    .replace(/(?<![\p{L}\p{N}_/<>])\/(?=[A-Za-z0-9_])/gu, `/${JOINER}`)
    .replace(/#(?=\S)/g, `#${JOINER}`)
    .replace(/\$(?=[A-Z1])/g, `$${JOINER}`)
    .replace(/(?<=\S)\.(?=[^\s.\d])/g, `.${JOINER}`)
    .replace(/\d+(?:\.\d+){3,}/g, (address) => address.replaceAll('.', `.${JOINER}`))
    .replace(/(?:\d[ -]?){12,}\d/g, (digits) => digits.replace(/(?:\d[ -]?){6}(?=\d)/g, `$&${JOINER}`));
}

/** Text without the word joiners of `guard`: what a reader sees. */
export function unguard(text: string): string {
  return text.replaceAll(JOINER, '');
}

/**
 * At most `length` UTF-16 units of a text, an ellipsis included where it was cut: whole lines where those fill
 * at least half of it, else within a line, never inside a surrogate pair or before a combining mark. `keep` says which
 * end stays: a log's news is at its tail.
 */
export function clip(text: string, length: number, keep: 'head' | 'tail' = 'head'): string {
  if (text.length <= length) return text;
  if (length < 1) return '';
  if (length < 3) return '…';
  const room = length - 2;
  if (keep === 'head') {
    const end = text.lastIndexOf('\n', room);
    if (end >= room / 2) return `${text.slice(0, end)}\n…`;
    return `${text.slice(0, boundary(text, length - 1, -1))}…`;
  }
  const start = text.indexOf('\n', text.length - room - 1);
  if (start >= 0 && text.length - start - 1 >= room / 2) return `…\n${text.slice(start + 1)}`;
  return `…${text.slice(boundary(text, text.length - length + 1, 1))}`;
}

/** The nearest place from `at`, in the given direction, where a text may be cut. */
function boundary(text: string, at: number, step: 1 | -1): number {
  let place = at;
  while (place > 0 && place < text.length && joined(text, place)) place += step;
  return place;
}

function joined(text: string, place: number): boolean {
  const before = text.charCodeAt(place - 1);
  if (before >= 0xd800 && before <= 0xdbff) return true;
  if (before === 0x200d) return true;
  return /^(?:\p{M}|\u200d|\p{Emoji_Modifier})/u.test(text.slice(place, place + 2));
}
