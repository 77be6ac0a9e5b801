import { escapeHtml } from '@deploy-actions/kit';
import { webAddress } from '@deploy-actions/notice';

/** HTML that is as it should be; only `html` makes it, so that a text is never taken for one. */
export interface Markup {
  readonly [MARKUP]: string;
}

const MARKUP = Symbol('markup');

type Part = string | number | Markup | readonly Markup[];

/** Characters that a reader would not see, or that would turn the text round: they stand as a replacement character. */
const UNSEEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u0085\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A template of HTML: every text in it is escaped, for content and for quoted attributes alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return { [MARKUP]: String.raw({ raw: parts }, ...values.map(written)) };
}

export const NOTHING: Markup = { [MARKUP]: '' };

export function textOf(markup: Markup): string {
  return markup[MARKUP];
}

function written(value: Part): string {
  if (typeof value === 'string') return escapeHtml(value.replace(UNSEEN, '\ufffd'));
  if (typeof value === 'number') return String(value);
  return 'length' in value ? value.map((one) => one[MARKUP]).join('') : value[MARKUP];
}

/** A link, where the address is one of the web; else the text alone. */
export function link(text: string, url: string): Markup {
  if (!webAddress(url)) return html`${text}`;
  return html`<a href="${url}" rel="noopener noreferrer nofollow">${text}</a>`;
}
