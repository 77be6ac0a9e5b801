import { expect, test } from '@jest/globals';
import { literal, literalLine, unguard } from './literal.ts';
import { SLACK_LIMITS, blocksLength, renderSlack, slackMentions } from './slack.ts';
import { everywhere } from './testing/everywhere.ts';
import { hostileTexts } from './testing/hostile.ts';
import { sampleNotice } from './testing/sample.ts';
import { SlackRefusal, readMessage, readText } from './testing/slack-grammar.ts';

const OURS = ['https://github.com/org/shop/actions/runs/4711', 'https://shop.example.com/'];

test('five hundred hostile texts and more render literally in every place', () => {
  expect(hostileTexts.length).toBeGreaterThanOrEqual(500);
  for (const text of hostileTexts) {
    const { message, plain } = renderSlack(everywhere(text));
    const read = readMessage({ ...message });
    expect({ text, found: read.found }).toEqual({
      text,
      found: OURS.map((value) => ({ type: 'link', value })),
    });
    const line = literalLine(text);
    if (line !== '') {
      expect(read.text).toContain(`# ❌ ${line}\n`);
      expect(read.text).toContain(`\n${literal(text).trim()}\n`);
      for (const name of ['Environment', 'Version', 'Deployment', 'Branch', 'Author', 'Field']) {
        expect(read.text).toContain(`\n${name}: ${line}\n`);
      }
      expect(read.text).toContain(`\nChange ${line}\n`);
      for (const row of [`${text} (10 ms)`, `Health: ${text} (5 ms)`, `${text} [${text}]: ${text}`]) {
        expect(read.text).toContain(`❌ ${literalLine(row)}\n`);
      }
    }
    // The fallback and the notification are read as text: with markup off only our own links are left.
    const loose = readText(plain.text, false);
    expect({ text, found: loose.found.filter((one) => !OURS.includes(one.value)) }).toEqual({
      text,
      found: [],
    });
    expect(unguard(loose.text)).toContain(`❌ ${line}`.trim());
  }
});

test.each([-1, 0, 1])(
  'blocks of the limit %+d characters are whole, or their details are cut at a line',
  (over) => {
    const bare = blocksLength(allBlocks(sampleNotice('failure', { details: 'x' }))) - 1;
    const room = SLACK_LIMITS.total - bare + over;
    const { message, cut } = renderSlack(
      sampleNotice('failure', { details: `${'x'.repeat(49)}\n`.repeat(400).slice(0, room - 1) + 'y' }),
    );
    const blocks = [message.blocks, message.attachments];
    expect(cut).toBe(over > 0);
    if (over <= 0) expect(blocksLength(blocks)).toBe(SLACK_LIMITS.total + over);
    const read = readMessage({ ...message });
    if (over > 0) expect(read.text).toMatch(/…\nx{49}\n/);
    expect(read.found).toContainEqual({ type: 'link', value: OURS[0] });
  },
);

function allBlocks(notice: Parameters<typeof renderSlack>[0]) {
  const { message } = renderSlack(notice);
  return [message.blocks, message.attachments];
}

test('whatever is long, every limit holds, no pair is split, and the run link survives', () => {
  const long = [
    '😀'.repeat(9000),
    'word '.repeat(4000),
    '<&>'.repeat(9000),
    '&'.repeat(149),
    'line\n'.repeat(5000),
  ];
  for (const text of long) {
    for (const over of [{ details: text }, { message: text }, { title: text }, everywhere(text)]) {
      const { message, plain } = renderSlack(sampleNotice('failure', over));
      const read = readMessage({ ...message });
      expect(read.text.isWellFormed()).toBe(true);
      expect(read.found).toContainEqual({ type: 'link', value: OURS[0] });
      expect(plain.text.length).toBeLessThanOrEqual(SLACK_LIMITS.text);
      expect(readText(plain.text, false).found).toContainEqual({ type: 'link', value: OURS[0] });
    }
  }
});

test.each([147, 148, 149])('a header of %d characters and its icon keeps to 150', (length) => {
  const { message } = renderSlack(sampleNotice('success', { title: '&'.repeat(length) }));
  const header = message.blocks[0]!;
  expect(header.type === 'header' && header.text.text.length).toBeLessThanOrEqual(SLACK_LIMITS.header);
  readMessage({ ...message });
});

test.each([9, 10, 11, 24])('%d facts stand in fields, and what is over ten below', (count) => {
  const fields = Array.from({ length: count }, (_, index) => [`name ${index}`, `value ${index}`] as const);
  const empty = {
    environment: '',
    version: '',
    deploymentId: '',
    ref: '',
    commit: undefined,
    actor: '',
    elapsedMs: undefined,
  };
  const { message } = renderSlack(sampleNotice('success', { ...empty, fields }));
  const read = readMessage({ ...message });
  const section = message.attachments[0]!.blocks.find((block) => block.type === 'section');
  expect(section?.fields.length).toBe(Math.min(count, 10));
  for (let index = 0; index < count; index += 1) expect(read.text).toContain(`name ${index}: value ${index}`);
});

test.each([24, 25, 26])('%d buttons: at most twenty-five are shown', (count) => {
  const buttons = Array.from({ length: count }, (_, index) => ({
    name: `b${index} ${'l'.repeat(90)}`,
    url: `https://example.com/${index}`,
  }));
  const { message } = renderSlack(sampleNotice(), { buttons });
  const actions = message.attachments[0]!.blocks.find((block) => block.type === 'actions');
  expect(actions?.elements.length).toBe(Math.min(count, SLACK_LIMITS.buttons));
  readMessage({ ...message });
});

test('people are called by the elements made for it, and in the notification', () => {
  const mentions = [{ user: 'U12345678' }, { group: 'S12345678' }, { broadcast: 'here' as const }];
  expect(slackMentions(mentions)).toBe('<@U12345678> <!subteam^S12345678> <!here>');
  const read = readMessage({ ...renderSlack(sampleNotice('failure'), { mentions }).message });
  const called = read.found.filter((one) => one.type === 'mention').map((one) => one.value);
  expect(called).toEqual(
    ['@U12345678', '!subteam^S12345678', '!here', '@U12345678'].filter(
      (one, index, all) => all.indexOf(one) === index,
    ),
  );
});

test('the stub refuses what Slack refuses', () => {
  const text = (value: string) => ({ type: 'plain_text', text: value, emoji: false });
  const bad: [string, Record<string, unknown>][] = [
    ['header over 150', { blocks: [{ type: 'header', text: text('x'.repeat(151)) }] }],
    ['eleven fields', { blocks: [{ type: 'section', fields: Array.from({ length: 11 }, () => text('x')) }] }],
    ['field over 2000', { blocks: [{ type: 'section', fields: [text('x'.repeat(2001))] }] }],
    [
      'eleven in context',
      { blocks: [{ type: 'context', elements: Array.from({ length: 11 }, () => text('x')) }] },
    ],
    ['51 blocks', { blocks: Array.from({ length: 51 }, () => ({ type: 'header', text: text('x') })) }],
    ['empty text', { blocks: [{ type: 'header', text: text('') }] }],
    ['mrkdwn', { blocks: [{ type: 'section', fields: [{ type: 'mrkdwn', text: '*x*' }] }] }],
    ['unescaped', { blocks: [{ type: 'header', text: text('a & b') }] }],
    ['mention', { blocks: [{ type: 'header', text: text('<!channel>') }] }],
    ['unknown block', { blocks: [{ type: 'marquee' }] }],
    ['half a pair', { blocks: [{ type: 'header', text: text('\ud83d') }] }],
    ['nothing', { text: '' }],
    [
      'too much',
      { blocks: Array.from({ length: 7 }, () => ({ type: 'section', fields: [text('x'.repeat(1900))] })) },
    ],
  ];
  for (const [name, payload] of bad) {
    expect({ name, refused: refused(payload) }).toEqual({ name, refused: true });
  }
  expect(refused({ blocks: [{ type: 'header', text: text('x'.repeat(150)) }] })).toBe(false);
});

function refused(payload: Record<string, unknown>): boolean {
  try {
    readMessage(payload);
    return false;
  } catch (error) {
    if (error instanceof SlackRefusal) return true;
    throw error;
  }
}
