import { type Layout, cutRowsLine, fit, layout } from './layout.ts';
import { clip, guard } from './literal.ts';
import { COLORS, type Detail, type Link, type Notice } from './record.ts';
import { webAddress } from './telegram.ts';

/** What servers with Slack's older message attachments take (Mattermost keeps 16,383 characters of a post). */
export const ATTACHMENT_LIMITS = { total: 12_000, field: 2000 };

export interface AttachmentMessage {
  text: string;
  attachments: {
    fallback: string;
    color: string;
    title: string;
    title_link?: string;
    text: string;
    fields: { title: string; value: string; short: boolean }[];
  }[];
}

export interface AttachmentOptions {
  detail?: Detail;
  /** `@here`, `@name` and the like, as the server writes them. */
  mentions?: readonly string[];
}

/**
 * Renders a notice for Slack-compatible servers that show attachments but no blocks, such as Mattermost.
 * Their texts are Markdown, so untrusted text is escaped as such.
 * Source: developers.mattermost.com, "Message attachments".
 */
export function renderAttachment(notice: Notice, options: AttachmentOptions = {}): AttachmentMessage {
  const all = layout(notice, options.detail);
  const whole = { ...all, links: all.links.filter((link) => webAddress(link.url)) };
  const draw = (from: Layout) => compose(from, notice, options.mentions ?? []);
  return draw(fit(whole, notice, (from) => JSON.stringify(draw(from)).length <= ATTACHMENT_LIMITS.total));
}

function compose(from: Layout, notice: Notice, mentions: readonly string[]): AttachmentMessage {
  const title = markdownLiteral(`${from.icon} ${from.title}`);
  const rows = from.rows.map(
    ({ icon, text, nested }) => `${nested ? '- ' : ''}${icon} ${markdownLiteral(text)}`,
  );
  if (from.rowsCut > 0) rows.push(cutRowsLine(from.rowsCut));
  const parts = [
    markdownLiteral(from.text),
    rows.join('\n'),
    from.details === '' ? '' : codeBlock(from.details),
    from.links.map(link).join(' · '),
  ];
  return {
    text: mentions.join(' '),
    attachments: [
      {
        fallback: title,
        color: COLORS[notice.status],
        title,
        ...(notice.run ? { title_link: notice.run.url } : {}),
        text: parts.filter((part) => part !== '').join('\n\n'),
        fields: from.facts.map(({ name, value }) => ({
          title: markdownLiteral(name),
          value: markdownLiteral(clip(value, ATTACHMENT_LIMITS.field)),
          short: value.length <= 40,
        })),
      },
    ],
  };
}

/**
 * Text in a fence that is longer than any in it. Not indented: below a list's row that is the row's paragraph.
 * Mentions are broken up too, by the word joiner of `guard`: Mattermost makes `<!channel>` into `@channel` before
 * it reads Markdown (its app/slack.go), and Discord ends a block at the first three backticks.
 */
function codeBlock(text: string): string {
  const runs = text.match(/`{3,}/g) ?? [];
  const fence = '`'.repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3));
  return `${fence}\n${text.replace(/@(?=[\p{L}\p{N}_])|<(?=[!@#]|\w+:)/gu, '$&\u2060')}\n${fence}`;
}

const link = ({ name, url }: Link) => `[${markdownLiteral(name)}](<${url}>)`;

/** Text as a literal in Markdown; also `<…>`, which such servers read as Slack's own links and mentions. */
export function markdownLiteral(text: string): string {
  return guard(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()+!|~$^]/g, '\\$&')
    .replace(/^(\s*)([-=#]|\d+[.)])/gm, '$1\\$2')
    .replace(/:(?=[\w+-]+:)/g, ':\u2060');
}
