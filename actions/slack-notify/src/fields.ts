import {
  type Field,
  FieldError,
  field,
  flag,
  lines,
  linesOf,
  oneOf,
  pattern,
  quote,
  secret,
  withDefault,
} from '@deploy-actions/kit';
import { type Detail, type SlackMention, links, noticeFields, noticeOutputs } from '@deploy-actions/notice';

/** One channel of `channel`, for a bot. */
export interface Channel {
  /** `C…`, `G…` or `D…`, a user's `U…`, or a name without its `#`. */
  id: string;
  detail: Detail;
}

/** One incoming webhook, which posts to the channel that it was made for. */
export interface Webhook {
  url: string;
  detail: Detail;
}

/** `#name` or an id, optionally followed by `full` or `summary`. */
export function parseChannel(line: string): Channel {
  const match = /^#?([\p{L}\p{N}._-]{1,80})(?:\s+(full|summary))?$/u.exec(line);
  if (!match) {
    throw new FieldError(`${quote(line)} is not a channel`, {
      remedy: 'Write a name such as #deploys or an id such as C0123456789, optionally followed by `summary`.',
    });
  }
  return { id: match[1]!, detail: (match[2] ?? 'full') as Detail };
}

/** One channel per line. A `#` with a name after it is a channel here, and only with a space a comment. */
function channels(): Field<Channel[]> {
  const inner = linesOf(parseChannel);
  return { ...inner, parse: (value) => inner.parse(value.replace(/^(\s*)#(?=\S)/gm, '$1')) };
}

/** An incoming webhook's address, optionally followed by `full` or `summary`. */
export function parseWebhook(line: string): Webhook {
  const [url = '', detail, more] = line.split(/\s+/);
  if (!/^https?:\/\/\S+$/.test(url) || !URL.canParse(url)) {
    throw new FieldError('the value is not an http(s) address');
  }
  if (/^\/(?:triggers|workflows)\//.test(new URL(url).pathname)) {
    throw new FieldError(
      "the value is the address of a workflow's trigger, which shows no message by itself",
      {
        remedy: 'Make an incoming webhook: its path begins with /services/.',
      },
    );
  }
  if (more !== undefined || (detail !== undefined && detail !== 'full' && detail !== 'summary')) {
    throw new FieldError('after the address only `full` or `summary` may stand');
  }
  return { url, detail: (detail ?? 'full') as Detail };
}

/** `@here`, `@channel`, `@everyone`, or the id of a user or user group. */
export function parseMention(line: string): SlackMention {
  const name = line.replace(/^@/, '');
  if (name === 'here' || name === 'channel' || name === 'everyone') return { broadcast: name };
  if (/^[UW][A-Z0-9]{6,20}$/.test(name)) return { user: name };
  if (/^S[A-Z0-9]{6,20}$/.test(name)) return { group: name };
  throw new FieldError(`${quote(line)} is neither @here, @channel, @everyone nor the id of a user or group`, {
    remedy: "A user's id (U…) stands in their profile under More, Copy member ID.",
  });
}

export const fields = {
  'webhook-url': secret(linesOf(parseWebhook)),
  'bot-token': secret(pattern(/^xox[a-z.-]+[\w.-]{5,500}$/, 'a bot token (xoxb-…)')),
  channel: channels(),
  ...noticeFields,
  'mention-on-failure': linesOf(parseMention),
  buttons: withDefault(field(links().parse), undefined),
  attach: lines(),
  thread: pattern(
    /^(\d{9,12}\.\d{6}|notice1\.[\w-]+)$/,
    "a message's ts (such as 1700000000.000100) or handle",
  ),
  broadcast: flag(),
  format: withDefault(oneOf(['auto', 'blocks', 'attachments']), 'auto'),
  'api-url': withDefault(
    field((value) => {
      if (!/^https?:\/\/[^\s?#]+$/.test(value) || !URL.canParse(value)) {
        throw new FieldError(`${quote(value)} is not an http(s) address`);
      }
      return value.replace(/\/+$/, '');
    }),
    'https://slack.com/api',
  ),
};

export const outputs = noticeOutputs;
