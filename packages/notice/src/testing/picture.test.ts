import { expect, test } from '@jest/globals';
import { guard, unguard } from '../literal.ts';
import { drawPage, drawSlack, drawTelegram } from './picture.ts';
import { STATUSES } from '../record.ts';
import { renderSlack } from '../slack.ts';
import { everywhere } from './everywhere.ts';
import { hostileTexts } from './hostile.ts';
import { sampleNotice } from './sample.ts';
import { readMessage } from './slack-grammar.ts';
import { parseHtml } from './telegram-entities.ts';
import { renderTelegram } from '../telegram.ts';

/** The text of a page's body, as a browser shows it. */
function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, '\u0001')
    .replace(
      /&(lt|gt|amp|quot|#39);/g,
      (_, name: string) => ({ lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" })[name]!,
    );
}
const squeezed = (text: string) => unguard(text).replace(/[\s\u0001:#|]+|\[|\]/g, '');

test('a picture shows the text that is sent, and nothing else', () => {
  for (const status of STATUSES) {
    const notice = sampleNotice(status);
    const telegram = renderTelegram(notice);
    const buttons = telegram.keyboard
      .flat()
      .map((button) => button.text)
      .join('');
    expect(squeezed(textOf(drawTelegram(telegram).html))).toBe(
      squeezed(parseHtml(telegram.html).text + buttons),
    );
    const slack = renderSlack(notice).message;
    expect(squeezed(textOf(drawSlack(slack).html))).toBe(squeezed(readMessage({ ...slack }).text));
  }
});

test('no message can add an element to the page', () => {
  const elements = (html: string) =>
    [...html.matchAll(/<\/?([a-z0-9]+)/gi)]
      .map((match) => match[1])
      .filter((name) => /^(script|img|iframe|object|link|style)$/i.test(name!));
  for (const text of hostileTexts.filter((one) => /[<&"']/.test(one))) {
    const notice = everywhere(guard(text));
    expect(
      elements(drawTelegram(renderTelegram(notice)).html + drawSlack(renderSlack(notice).message).html),
    ).toEqual([]);
  }
  expect(drawPage([])).not.toMatch(/https?:|src=|url\(/);
});
