import { expect, test } from '@jest/globals';
import { STATUSES } from './record.ts';
import { renderSlack } from './slack.ts';
import { sampleNotice } from './testing/sample.ts';
import { readMessage } from './testing/slack-grammar.ts';
import { parseHtml } from './testing/telegram-entities.ts';
import { renderTelegram } from './telegram.ts';
import { unguard } from './literal.ts';
import { renderAttachment } from './attachment.ts';

test.each(STATUSES)('the final message of status %s reads well in every dialect', (status) => {
  const notice = sampleNotice(status);
  const telegram = renderTelegram(notice);
  const buttons = telegram.keyboard.map((row) => row.map((button) => `[${button.text}]`).join(' '));
  expect([unguard(parseHtml(telegram.html).text), ...buttons].join('\n')).toMatchSnapshot('Telegram');
  expect(readMessage({ ...renderSlack(notice).message }).text).toMatchSnapshot('Slack');
  const [attachment] = renderAttachment(notice).attachments;
  expect(unguard(`${attachment!.title}\n\n${attachment!.text}`)).toMatchSnapshot('Mattermost');
});
