import { expect, test } from '@jest/globals';
import { ATTACHMENT_LIMITS, renderAttachment } from './attachment.ts';
import type { Notice } from './record.ts';
import { SLACK_LIMITS, renderSlack } from './slack.ts';
import { sampleNotice } from './testing/sample.ts';
import { readMessage, readText } from './testing/slack-grammar.ts';
import { parseHtml } from './testing/telegram-entities.ts';
import { TELEGRAM_LIMITS, renderTelegram } from './telegram.ts';

const RUN = 'https://github.com/org/shop/actions/runs/4711';
const around = (limit: number) => [limit - 1, limit, limit + 1];

/** A notice with nothing but what is counted. */
const bare = (over: Partial<Notice> = {}): Notice => ({
  ...sampleNotice('success'),
  message: '',
  environment: '',
  version: '',
  deploymentId: '',
  ref: '',
  commit: undefined,
  actor: '',
  elapsedMs: undefined,
  fields: [],
  phases: [],
  reports: [],
  links: [],
  details: '',
  ...over,
});
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index);
const shown = (length: number, limit: number) => Math.min(length, limit);

test.each(around(TELEGRAM_LIMITS.button))('Telegram: a button of %d characters', (length) => {
  const { keyboard } = renderTelegram(bare(), { buttons: [{ name: 'b'.repeat(length), url: RUN }] });
  expect(keyboard[0]![0]!.text.length).toBe(shown(length, TELEGRAM_LIMITS.button));
});

test.each(around(TELEGRAM_LIMITS.buttons))('Telegram: %d buttons', (count) => {
  const buttons = numbered(count).map((index) => ({
    name: `b${index}`,
    url: `https://example.com/${index}`,
  }));
  const { keyboard } = renderTelegram(bare(), { buttons });
  expect(keyboard.flat().length).toBe(shown(count, TELEGRAM_LIMITS.buttons));
});

test.each(around(TELEGRAM_LIMITS.entities))(
  'Telegram: %d entities, of which the run link is the last to go',
  (count) => {
    // The title is one, each link is one.
    const links = numbered(count - 2).map((index) => ({
      name: `l${index}`,
      url: `https://example.com/${index}`,
    }));
    const { entities } = parseHtml(renderTelegram(bare({ links }), { buttons: [] }).html);
    expect(entities.length).toBe(shown(count, TELEGRAM_LIMITS.entities));
    expect(entities[1]!.url).toBe(RUN);
  },
);

test.each([0, 1, 2])('Telegram: plain text at its limit, step %d', (step) => {
  const length = TELEGRAM_LIMITS.text - renderTelegram(bare({ message: 'm' })).plain.length + step;
  const { plain } = renderTelegram(bare({ message: 'm'.repeat(length) }));
  expect(plain.length).toBe(shown(TELEGRAM_LIMITS.text - 1 + step, TELEGRAM_LIMITS.text));
  expect(plain).toContain(RUN);
});

test.each(around(SLACK_LIMITS.button))('Slack: a button of %d characters', (length) => {
  const { message } = renderSlack(bare(), { buttons: [{ name: 'b'.repeat(length), url: RUN }] });
  expect(readMessage({ ...message }).text).toContain(`[${'b'.repeat(shown(length, 74))}`);
  const actions = message.attachments[0]!.blocks.find((block) => block.type === 'actions');
  expect(actions?.elements[0]?.text.text.length).toBe(shown(length, SLACK_LIMITS.button));
});

test.each(around(SLACK_LIMITS.contextElements))('Slack: %d facts more than the fields take', (count) => {
  const fields = numbered(SLACK_LIMITS.fields + count).map((index) => [`n${index}`, `v${index}`] as const);
  const { message } = renderSlack(bare({ fields }));
  const context = message.attachments[0]!.blocks.find((block) => block.type === 'context');
  expect(context?.elements.length).toBe(shown(count, SLACK_LIMITS.contextElements));
  for (const [name, value] of fields) expect(readMessage({ ...message }).text).toContain(`${name}: ${value}`);
});

test.each([0, 1, 2])('Slack: the text that stands in for blocks at its limit, step %d', (step) => {
  const length = SLACK_LIMITS.text - renderSlack(bare({ message: 'm' })).plain.text.length + step;
  const { plain } = renderSlack(bare({ message: 'm'.repeat(length) }));
  expect(plain.text.length).toBe(shown(SLACK_LIMITS.text - 1 + step, SLACK_LIMITS.text));
  expect(readText(plain.text, false).found).toContainEqual({ type: 'link', value: RUN });
});

test.each([0, 1, 2])('Mattermost: a post at its limit, step %d', (step) => {
  const size = (message: string) => JSON.stringify(renderAttachment(bare({ message }))).length;
  const length = ATTACHMENT_LIMITS.total - size('m') + step;
  expect(size('m'.repeat(length))).toBe(shown(ATTACHMENT_LIMITS.total - 1 + step, ATTACHMENT_LIMITS.total));
  expect(renderAttachment(bare({ message: 'm'.repeat(length) })).attachments[0]!.text).toContain(RUN);
});

test('a hundred links with long addresses leave the title and the way to the run', () => {
  const links = numbered(100).map((index) => ({
    name: `l${index}`,
    url: `https://example.com/${index}/${'p'.repeat(1900)}`,
  }));
  const notice = bare({ links, details: 'd'.repeat(500) });
  for (const buttons of [undefined, links]) {
    const { message, plain } = renderSlack(notice, { buttons });
    const read = readMessage({ ...message });
    expect(read.text).toContain(notice.title);
    expect(read.found).toContainEqual({ type: 'link', value: RUN });
    expect(readText(plain.text, false).found).toContainEqual({ type: 'link', value: RUN });
    const telegram = renderTelegram(notice, { buttons });
    expect(parseHtml(telegram.html).text).toContain(notice.title);
    expect(telegram.plain).toContain(RUN);
    expect(telegram.plain.length).toBeLessThanOrEqual(TELEGRAM_LIMITS.text);
  }
  const [attachment] = renderAttachment(notice).attachments;
  expect(`${attachment!.title}${attachment!.text}`).toContain(RUN);
  expect(JSON.stringify(renderAttachment(notice)).length).toBeLessThanOrEqual(ATTACHMENT_LIMITS.total);
});
