import { escapeHtml } from '@deploy-actions/kit';
import { type Layout, cutRowsLine, fit, layout } from './layout.ts';
import { clip, guard, literal } from './literal.ts';
import type { Detail, Link, Notice } from './record.ts';

/**
 * What the Bot API takes. Lengths are UTF-16 units after entity parsing; entities beyond the hundredth are
 * dropped by the server without a word.
 * Source: core.telegram.org/bots/api, sendMessage, sendDocument, "Formatting options".
 */
export const TELEGRAM_LIMITS = {
  text: 4096,
  caption: 1024,
  entities: 100,
  button: 64,
  buttons: 12,
  url: 2048,
};

/** Somebody to call: a user's name, or a user's number. */
export type TelegramMention = { username: string } | { userId: string };

export interface TelegramMessage {
  /** For `parse_mode: HTML`. */
  html: string;
  /** The same without markup, for when the server rejects entities; safe without `parse_mode`. */
  plain: string;
  /** Length in UTF-16 units after entity parsing. */
  length: number;
  /** Rows of one or two buttons. */
  keyboard: { text: string; url: string }[][];
  /** Whether details were left out, which then belong into a document. */
  cut: boolean;
}

export interface TelegramOptions {
  detail?: Detail;
  mentions?: readonly TelegramMention[];
  /** Buttons below the message; the notice's own links by default. */
  buttons?: readonly Link[];
  limit?: number;
}

/** Renders a notice as a Telegram message in HTML mode and in plain text, both within the Bot API's limits. */
export function renderTelegram(notice: Notice, options: TelegramOptions = {}): TelegramMessage {
  const { mentions = [], limit = TELEGRAM_LIMITS.text } = options;
  const all = layout(notice, options.detail);
  const buttons = (options.buttons ?? all.links).filter((button) => webAddress(button.url));
  const onButtons = new Set(buttons.slice(0, TELEGRAM_LIMITS.buttons).map((button) => button.url));
  // The way to the run stands in the text too: buttons are lost when a message is forwarded or quoted.
  const links = all.links.filter(
    (link, index) => webAddress(link.url) && ((index === 0 && notice.run) || !onButtons.has(link.url)),
  );
  const whole = { ...all, links };
  const draw = (from: Layout) => write(from, mentions);
  const fitted = fit(whole, notice, (from) => {
    const { text, entities } = draw(from);
    return text.length <= limit && entities <= TELEGRAM_LIMITS.entities;
  });
  // In plain text addresses take room too, so it is cut by itself.
  const plain = draw(fit(whole, notice, (from) => draw(from).plain.length <= limit)).plain;
  const { html, text } = draw(fitted);
  return { html, plain, length: text.length, keyboard: keyboard(buttons), cut: fitted.detailsCut };
}

/** A short text as a caption or a reply, escaped, within `limit` UTF-16 units after parsing. */
export function telegramText(text: string, limit = TELEGRAM_LIMITS.caption): string {
  let room = limit;
  let shown = guard(clip(literal(text), room));
  while (shown.length > limit) {
    room -= shown.length - limit;
    shown = guard(clip(literal(text), room));
  }
  return escapeHtml(shown);
}

/** The mentions alone, as HTML: what a reply says so that a person is called although the message was edited. */
export function telegramMentions(mentions: readonly TelegramMention[]): string {
  const writer = open();
  writeMentions(writer, mentions);
  return writer.html;
}

/** Builds the three forms of one message side by side, so that none can differ in what it says. */
interface Writer {
  html: string;
  text: string;
  plain: string;
  entities: number;
  add(text: string): void;
  bold(text: string): void;
  code(text: string): void;
  pre(text: string): void;
  link(name: string, url: string): void;
}

function open(): Writer {
  const entity = (tag: string, shown: string, safe: string) => {
    if (shown === '') return;
    writer.html += `<${tag}>${escapeHtml(shown)}</${tag.split(' ')[0]}>`;
    writer.text += shown;
    writer.plain += safe;
    writer.entities += 1;
  };
  const writer: Writer = {
    html: '',
    text: '',
    plain: '',
    entities: 0,
    add(text) {
      const safe = guard(text);
      writer.html += escapeHtml(safe);
      writer.text += safe;
      writer.plain += safe;
    },
    bold: (text) => entity('b', guard(text), guard(text)),
    // Nothing is made into a link or a mention inside code, and what is copied from it must be exact.
    code: (text) => entity('code', text, guard(text)),
    pre: (text) => entity('pre', text, guard(text)),
    link(name, url) {
      const shown = guard(name);
      writer.html += `<a href="${escapeHtml(url)}">${escapeHtml(shown)}</a>`;
      writer.text += shown;
      writer.plain += `${shown}: ${url}`;
      writer.entities += 1;
    },
  };
  return writer;
}

function write(from: Layout, mentions: readonly TelegramMention[]): Writer {
  const out = open();
  const gap = () => {
    if (out.text !== '') out.add('\n\n');
  };
  out.add(`${from.icon} `);
  out.bold(from.title);
  if (mentions.length > 0) {
    out.add('\n');
    writeMentions(out, mentions);
  }
  if (from.text !== '') {
    gap();
    out.add(from.text);
  }
  if (from.facts.length > 0) {
    gap();
    for (const [index, { name, value, code }] of from.facts.entries()) {
      out.add(`${index > 0 ? '\n' : ''}${name}: `);
      if (code) out.code(value);
      else out.add(value);
    }
  }
  if (from.rows.length > 0 || from.rowsCut > 0) {
    gap();
    const lines = from.rows.map(({ icon, text, nested }) => `${nested ? '    ' : ''}${icon} ${text}`);
    if (from.rowsCut > 0) lines.push(cutRowsLine(from.rowsCut));
    out.add(lines.join('\n'));
  }
  if (from.details !== '') {
    gap();
    out.pre(from.details);
  }
  for (const [index, { name, url }] of from.links.entries()) {
    out.add(index === 0 ? '\n\n' : ' · ');
    out.link(name, url);
  }
  return out;
}

function writeMentions(out: Writer, mentions: readonly TelegramMention[]): void {
  for (const [index, mention] of mentions.entries()) {
    if (index > 0) out.add(' ');
    if ('username' in mention) {
      out.html += `@${mention.username}`;
      out.text += `@${mention.username}`;
      out.plain += `@${mention.username}`;
    } else {
      out.html += `<a href="tg://user?id=${mention.userId}">📣 ${mention.userId}</a>`;
      out.text += `📣 ${mention.userId}`;
      out.plain += `📣 ${mention.userId}`;
      out.entities += 1;
    }
  }
}

function keyboard(buttons: readonly Link[]): { text: string; url: string }[][] {
  const rows: { text: string; url: string }[][] = [];
  for (const [index, { name, url }] of buttons.slice(0, TELEGRAM_LIMITS.buttons).entries()) {
    if (index % 2 === 0) rows.push([]);
    rows.at(-1)!.push({ text: clip(literal(name), TELEGRAM_LIMITS.button), url });
  }
  return rows;
}

/** Whether an address is one that a messenger takes for a link or a button. */
export function webAddress(url: string): boolean {
  return url.length <= TELEGRAM_LIMITS.url && /^https?:\/\/[^\s<>"']+$/.test(url) && URL.canParse(url);
}
