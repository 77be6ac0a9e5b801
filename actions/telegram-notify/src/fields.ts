import { FieldError, field, lines, linesOf, pattern, quote, secret, withDefault } from '@deploy-actions/kit';
import {
  type Detail,
  type TelegramMention,
  links,
  noticeFields,
  noticeOutputs,
} from '@deploy-actions/notice';

/** One chat of `chat-id`. */
export interface Chat {
  /** A number, or `@name` of a public channel or group. */
  id: string;
  topic: number | undefined;
  detail: Detail;
}

/** `ID[/TOPIC] [full|summary]`, such as `-1001234567890/42` or `@deploys summary`. */
export function parseChat(line: string): Chat {
  const match = /^(-?\d{1,20}|@\w{4,32})(?:\/(\d{1,10}))?(?:\s+(full|summary))?$/.exec(line);
  if (!match) {
    throw new FieldError(`${quote(line)} is not a chat`, {
      remedy:
        'Write a number such as -1001234567890 or a name such as @deploys, optionally with /TOPIC and `summary`.',
    });
  }
  return {
    id: match[1]!,
    topic: match[2] === undefined ? undefined : Number(match[2]),
    detail: (match[3] ?? 'full') as Detail,
  };
}

/** `@name`, or a user's number. */
function parseMention(line: string): TelegramMention {
  const name = /^@(\w{4,32})$/.exec(line);
  if (name) return { username: name[1]! };
  if (/^\d{1,20}$/.test(line)) return { userId: line };
  throw new FieldError(`${quote(line)} is neither @name nor a user's number`);
}

const TOKEN = /^\d{3,20}:[\w-]{20,100}$/;

export const fields = {
  'bot-token': secret(
    pattern(TOKEN, 'a bot token (digits, a colon, letters and digits, as @BotFather gives it)'),
  ),
  'chat-id': linesOf(parseChat),
  topic: pattern(/^\d{1,10}$/, "a topic's number"),
  ...noticeFields,
  'mention-on-failure': linesOf(parseMention),
  buttons: withDefault(field(links().parse), undefined),
  attach: lines(),
  'api-url': withDefault(
    field((value) => {
      if (!/^https?:\/\/[^\s?#]+$/.test(value) || !URL.canParse(value)) {
        throw new FieldError(`${quote(value)} is not an http(s) address`);
      }
      return value.replace(/\/+$/, '');
    }),
    'https://api.telegram.org',
  ),
};

export const outputs = noticeOutputs;
