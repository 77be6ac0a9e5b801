import { type Layout, cutRowsLine, fit, layout } from './layout.ts';
import { clip, guard, literal } from './literal.ts';
import { COLORS, type Detail, type Link, type Notice } from './record.ts';
import { webAddress } from './telegram.ts';

/**
 * What Slack takes. `total` is ours: at about 13,200 characters in all blocks the answer is
 * `msg_blocks_too_long`, which no document says (slackapi/bolt-js#2509). `text` is shown in notifications
 * alone and is kept short; Slack itself cuts it at 40,000.
 * Source: docs.slack.dev/reference/block-kit.
 */
export const SLACK_LIMITS = {
  header: 150,
  field: 2000,
  fields: 10,
  contextElements: 10,
  contextText: 2000,
  blocks: 50,
  button: 75,
  buttons: 25,
  url: 3000,
  text: 3000,
  total: 12_800,
};

/** Somebody to call: a person, a user group, or everybody who is there. */
export type SlackMention =
  { user: string } | { group: string } | { broadcast: 'here' | 'channel' | 'everyone' };

export interface SlackText {
  type: 'plain_text';
  text: string;
  emoji: boolean;
}

export type RichElement =
  | { type: 'text'; text: string; style?: { bold?: true; code?: true } }
  | { type: 'link'; url: string; text: string }
  | { type: 'user'; user_id: string }
  | { type: 'usergroup'; usergroup_id: string }
  | { type: 'broadcast'; range: string };

export type SlackBlock =
  | { type: 'header'; text: SlackText }
  | { type: 'section'; fields: SlackText[] }
  | { type: 'context'; elements: SlackText[] }
  | {
      type: 'rich_text';
      elements: { type: 'rich_text_section' | 'rich_text_preformatted'; elements: RichElement[] }[];
    }
  | {
      type: 'actions';
      elements: { type: 'button'; text: SlackText; url: string; action_id: string; style?: 'danger' }[];
    };

export interface SlackMessage {
  /** One line for notifications and screen readers; no markup is read in it. */
  text: string;
  mrkdwn: false;
  blocks: SlackBlock[];
  attachments: { color: string; fallback: string; blocks: SlackBlock[] }[];
}

export interface SlackRendering {
  message: SlackMessage;
  /** The same as text alone, for when blocks are rejected. */
  plain: { text: string; mrkdwn: false };
  /** Whether details were left out. */
  cut: boolean;
}

export interface SlackOptions {
  detail?: Detail;
  mentions?: readonly SlackMention[];
  buttons?: readonly Link[];
}

/**
 * Renders a notice in Block Kit: the header on top, the rest beside a colour bar. Untrusted text stands in
 * `plain_text` and `rich_text` only: mrkdwn has no escape for its `*`, `_`, `~` and backtick.
 */
export function renderSlack(notice: Notice, options: SlackOptions = {}): SlackRendering {
  const { mentions = [] } = options;
  const all = layout(notice, options.detail);
  const links = all.links.filter((link) => webAddress(link.url));
  const whole = { ...all, links };
  const own = options.buttons && affordable(options.buttons.filter((button) => webAddress(button.url)));
  const draw = (from: Layout) => compose(from, notice, mentions, own ?? affordable(from.links));
  const fits = (from: Layout) => {
    const message = draw(from);
    const blocks = [...message.blocks, ...message.attachments.flatMap((attachment) => attachment.blocks)];
    return blocks.length <= SLACK_LIMITS.blocks && blocksLength(blocks) <= SLACK_LIMITS.total;
  };
  const fitted = fit(whole, notice, fits);
  return { message: draw(fitted), plain: plainMessage(whole, links, mentions), cut: fitted.detailsCut };
}

/** As many buttons as a third of a message's characters has room for; the rest are not shown. */
function affordable(buttons: readonly Link[]): Link[] {
  let room = SLACK_LIMITS.total / 3;
  return buttons.filter((button) => (room -= button.url.length + SLACK_LIMITS.button) >= 0);
}

/** The mentions in the form that `text` understands. */
export function slackMentions(mentions: readonly SlackMention[]): string {
  return mentions
    .map((mention) => {
      if ('user' in mention) return `<@${mention.user}>`;
      if ('group' in mention) return `<!subteam^${mention.group}>`;
      return `<!${mention.broadcast}>`;
    })
    .join(' ');
}

/** All characters that a reader or Slack's counter sees in blocks: texts and addresses. */
export function blocksLength(value: unknown): number {
  if (typeof value === 'string') return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + blocksLength(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) =>
      sum +
      (typeof item === 'string' && (key === 'text' || key === 'url') ? item.length : blocksLength(item)),
    0,
  );
}

/** Slack decodes exactly these three in text objects, and nothing else means anything once they are. */
export function escapeSlack(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** At most `limit` UTF-16 units of text after escaping. */
function escapedWithin(text: string, limit: number): string {
  let room = limit;
  let escaped = escapeSlack(clip(text, room));
  while (escaped.length > limit) {
    // Each round gives up at least what is over, counted in the longest escape.
    room -= Math.max(1, Math.ceil((escaped.length - limit) / 5));
    escaped = escapeSlack(clip(text, room));
  }
  return escaped;
}

function plainText(text: string, limit: number): SlackText {
  return { type: 'plain_text', text: escapedWithin(text, limit), emoji: false };
}

function compose(
  from: Layout,
  notice: Notice,
  mentions: readonly SlackMention[],
  buttons: readonly Link[],
): SlackMessage {
  const title = `${from.icon} ${from.title}`.trim();
  const blocks: SlackBlock[] = [];
  const section = (...elements: RichElement[]) =>
    blocks.push({ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] });

  if (mentions.length > 0) section(...mentionElements(mentions));
  if (from.text !== '') section({ type: 'text', text: from.text });
  const short = from.facts.filter((fact) => fact.name !== 'Change');
  if (short.length > 0) {
    blocks.push({
      type: 'section',
      fields: short
        .slice(0, SLACK_LIMITS.fields)
        .map(({ name, value }) => plainText(`${name}\n${value}`, SLACK_LIMITS.field)),
    });
  }
  const change = from.facts.find((fact) => fact.name === 'Change');
  if (change)
    section({ type: 'text', text: 'Change ', style: { bold: true } }, { type: 'text', text: change.value });
  if (from.rows.length > 0 || from.rowsCut > 0) {
    const lines = from.rows.map(({ icon, text, nested }) => `${nested ? '      ' : ''}${icon} ${text}`);
    if (from.rowsCut > 0) lines.push(cutRowsLine(from.rowsCut));
    section({ type: 'text', text: lines.join('\n') });
  }
  if (from.details !== '') {
    const elements: RichElement[] = [{ type: 'text', text: from.details }];
    blocks.push({ type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements }] });
  }
  if (from.links.length > 0) {
    section(
      ...from.links.flatMap(({ name, url }, index): RichElement[] => [
        ...(index > 0 ? [{ type: 'text' as const, text: ' · ' }] : []),
        { type: 'link', url, text: name },
      ]),
    );
  }
  const rest = short.slice(SLACK_LIMITS.fields);
  if (rest.length > 0) {
    blocks.push({
      type: 'context',
      elements: contextTexts(rest.map(({ name, value }) => `${name}: ${value}`)),
    });
  }
  if (buttons.length > 0) {
    blocks.push({
      type: 'actions',
      elements: buttons.slice(0, SLACK_LIMITS.buttons).map(({ name, url }, index) => ({
        type: 'button',
        text: plainText(literal(name), SLACK_LIMITS.button),
        url,
        action_id: `open-${index + 1}`,
      })),
    });
  }
  const line = escapedWithin(guardText(title), SLACK_LIMITS.text);
  return {
    text: [slackMentions(mentions), line].filter(Boolean).join(' '),
    mrkdwn: false,
    blocks: [{ type: 'header', text: plainText(title, SLACK_LIMITS.header) }],
    attachments: [{ color: COLORS[notice.status], fallback: line, blocks }],
  };
}

/** Ten elements at most: what is over joins the last. */
function contextTexts(texts: readonly string[]): SlackText[] {
  const most = SLACK_LIMITS.contextElements;
  const shown =
    texts.length <= most ? texts : [...texts.slice(0, most - 1), texts.slice(most - 1).join(' · ')];
  return shown.map((text) => plainText(text, SLACK_LIMITS.contextText));
}

function mentionElements(mentions: readonly SlackMention[]): RichElement[] {
  return mentions.flatMap((mention, index): RichElement[] => [
    ...(index > 0 ? [{ type: 'text' as const, text: ' ' }] : []),
    'user' in mention
      ? { type: 'user', user_id: mention.user }
      : 'group' in mention
        ? { type: 'usergroup', usergroup_id: mention.group }
        : { type: 'broadcast', range: mention.broadcast },
  ]);
}

function plainMessage(from: Layout, links: readonly Link[], mentions: readonly SlackMention[]) {
  const lines = [
    `${from.icon} ${from.title}`,
    ...(from.text === '' ? [] : [from.text]),
    ...from.facts.map(({ name, value }) => `${name}: ${value}`),
    ...from.rows.map(({ icon, text }) => `${icon} ${text}`),
  ];
  // The way to the run is the first.
  const footer = links
    .slice(0, 1)
    .map(({ name, url }) => `<${escapeSlack(url)}|${escapeSlack(guardText(name))}>`)
    .join(' · ');
  const head = slackMentions(mentions);
  const room = [head, footer].reduce(
    (left, part) => left - (part === '' ? 0 : part.length + 1),
    SLACK_LIMITS.text,
  );
  const body = escapedWithin(guardText(lines.join('\n')), Math.max(0, room));
  return { text: [head, body, footer].filter(Boolean).join('\n'), mrkdwn: false as const };
}

/** `text` is read for bare addresses and `:emoji:` even where markup is off. */
function guardText(text: string): string {
  return guard(text).replace(/:(?=[\w+-]+:)/g, ':\u2060');
}
