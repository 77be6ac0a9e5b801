import { escapeHtml } from '@deploy-actions/kit';
import type { SlackBlock, SlackMessage, SlackText } from '../slack.ts';
import { parseHtml } from './telegram-entities.ts';
import type { TelegramMessage } from '../telegram.ts';

/**
 * Draws messages as pages, for the pictures of the documentation. The input is what is sent, to the letter:
 * Slack's blocks and Telegram's entities, so that a picture cannot show what a messenger would not.
 */
export interface Drawing {
  /** Element content of one message. */
  html: string;
}

const unescape = (text: string) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
const shown = (text: string) => escapeHtml(text);

export function drawTelegram(message: TelegramMessage): Drawing {
  const { text, entities } = parseHtml(message.html);
  const tags: Record<string, string> = { bold: 'b', code: 'code', pre: 'pre', text_link: 'a' };
  const opening = new Map<number, string>();
  const closing = new Map<number, string>();
  // Ours never nest: they stand one after another.
  for (const { type, offset, length } of entities) {
    const tag = tags[type] ?? 'span';
    opening.set(offset, `${opening.get(offset) ?? ''}<${tag}>`);
    closing.set(offset + length, `</${tag}>${closing.get(offset + length) ?? ''}`);
  }
  let html = '';
  const places = [...new Set([0, ...opening.keys(), ...closing.keys(), text.length])].sort((a, b) => a - b);
  for (const [index, place] of places.entries()) {
    html += (closing.get(place) ?? '') + (opening.get(place) ?? '');
    html += shown(text.slice(place, places[index + 1] ?? text.length));
  }
  const rows = message.keyboard.map(
    (row) =>
      `<div class="row">${row.map((button) => `<span class="button">${escapeHtml(button.text)}</span>`).join('')}</div>`,
  );
  return { html: `<article class="telegram"><div class="bubble">${html}</div>${rows.join('')}</article>` };
}

export function drawSlack(message: SlackMessage): Drawing {
  const bars = message.attachments.map(
    (one) =>
      `<div class="bar" style="border-color:${escapeHtml(one.color)}">${one.blocks.map(drawBlock).join('')}</div>`,
  );
  return {
    html: `<article class="slack">${message.blocks.map(drawBlock).join('')}${bars.join('')}</article>`,
  };
}

const plain = (text: SlackText) => shown(unescape(text.text));

function drawBlock(block: SlackBlock): string {
  switch (block.type) {
    case 'header':
      return `<h2>${plain(block.text)}</h2>`;
    case 'section':
      return `<div class="fields">${block.fields.map((one) => `<div>${plain(one)}</div>`).join('')}</div>`;
    case 'context':
      return `<div class="context">${block.elements.map((one) => `<span>${plain(one)}</span>`).join(' ')}</div>`;
    case 'actions':
      return `<div class="actions">${block.elements.map((one) => `<span class="button">${plain(one.text)}</span>`).join('')}</div>`;
    case 'rich_text':
      return block.elements
        .map((part) => {
          const inside = part.elements.map((element) => {
            switch (element.type) {
              case 'text':
                return element.style?.bold ? `<b>${shown(element.text)}</b>` : shown(element.text);
              case 'link':
                return `<a>${shown(element.text)}</a>`;
              case 'user':
                return `<mark>@${escapeHtml(element.user_id)}</mark>`;
              case 'usergroup':
                return `<mark>@${escapeHtml(element.usergroup_id)}</mark>`;
              case 'broadcast':
                return `<mark>@${escapeHtml(element.range)}</mark>`;
            }
          });
          const tag = part.type === 'rich_text_preformatted' ? 'pre' : 'p';
          return `<${tag}>${inside.join('')}</${tag}>`;
        })
        .join('');
  }
}

/** A whole page of messages side by side, with no reference to anything outside itself. */
export function drawPage(drawings: readonly Drawing[]): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Messages</title><style>
* { box-sizing: border-box; margin: 0 }
body { display: flex; gap: 16px; align-items: flex-start; padding: 16px; background: #fff; width: max-content;
  font: 14px/1.45 "DejaVu Sans", "Noto Color Emoji", sans-serif; color: #1d1c1d }
pre, code { font: 12px/1.45 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere }
pre { background: #f6f6f6; border: 1px solid #ddd; border-radius: 4px; padding: 6px; margin: 4px 0 }
article { width: 400px }
p, .bubble, .fields div { white-space: pre-wrap }
.telegram { background: #d7e5ee; padding: 12px; border-radius: 8px }
.telegram .bubble { background: #fff; border-radius: 10px; padding: 8px 10px; overflow-wrap: anywhere }
.telegram a { color: #168acd } .telegram code { color: #7a3e9d }
.telegram .row { display: flex; gap: 4px; margin-top: 4px }
.telegram .button { flex: 1; text-align: center; background: #7ba3bd; color: #fff; border-radius: 6px; padding: 5px }
.slack { border: 1px solid #ddd; border-radius: 8px; padding: 12px }
.slack h2 { font-size: 16px; margin-bottom: 8px }
.slack .bar { border-left: 4px solid; padding-left: 10px; display: grid; gap: 8px }
.slack .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 12px }
.slack .context { color: #616061; font-size: 12px } .slack a { color: #1264a3 } .slack mark { background: #fdf1c9 }
.slack .button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 3px 10px; margin-right: 6px; font-weight: bold; font-size: 12px }
</style></head><body>${drawings.map((drawing) => drawing.html).join('\n')}</body></html>
`;
}
