import { HttpError } from './error.ts';
import type { HttpResponse } from './client.ts';

type Answer = Pick<HttpResponse, 'headers' | 'body' | 'url'>;

/**
 * The body as text, in the character set that it says: by its byte order mark, by the `charset` of Content-Type, by the
 * page's `meta` or the document's XML declaration, else UTF-8. The mark itself is left out. Throws HttpError of phase
 * `body` for a character set that nobody knows.
 * Source: the Encoding and HTML standards ("encoding sniffing"), RFC 9110, section 8.3.2.
 */
export function bodyText({ headers, body, url }: Answer): string {
  const label = markOf(body) ?? charsetOf(headers['content-type']) ?? declared(headers['content-type'], body);
  if (label === undefined || /^utf-?8$/i.test(label)) return UTF8.decode(body);
  try {
    return new TextDecoder(label).decode(body);
  } catch {
    const where = URL.canParse(url) ? `${new URL(url).host}: ` : '';
    throw new HttpError(
      `${where}the character set ${JSON.stringify(label.slice(0, 40))} of the answer is not known`,
      { phase: 'body', code: 'UNKNOWN_CHARSET', sent: true },
    );
  }
}

const UTF8 = new TextDecoder();

/** The byte order mark goes before everything else (Encoding standard, "decode"). */
function markOf(body: Buffer): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8';
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be';
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le';
  return undefined;
}

function charsetOf(contentType: string | undefined): string | undefined {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|'?([^\s;,"']+))/i.exec(contentType ?? '') ?? [];
  return (quoted ?? plain)?.trim() || undefined;
}

/** Where a page or document says what it is written in. */
const DECLARED_WITHIN = 1024;

function declared(contentType: string | undefined, body: Buffer): string | undefined {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase();
  const isMarkup = type === 'text/html' || /(?:^|[/+])xml$/.test(type);
  if (!isMarkup) return undefined;
  const head = body.subarray(0, DECLARED_WITHIN).toString('latin1');
  const label =
    /^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1] ??
    /<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head.replace(/<!--[^]*?-->/g, ''))?.[1];
  // It was read byte by byte to be found, so that it cannot be in UTF-16 (HTML standard, "prescan").
  return label !== undefined && /^utf-16/i.test(label) ? 'utf-8' : label;
}
