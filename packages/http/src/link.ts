/**
 * The address of the next page from a `Link` value, resolved against the page's own; undefined on the last
 * page, and when it leads to another origin, where credentials must not go.
 * Source: RFC 8288; used by registries (tags, referrers) and by GitHub.
 */
export function nextPage(link: string | undefined, page: string | URL): URL | undefined {
  for (const [, target, parameters] of (link ?? '').matchAll(
    /<([^>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s,;]*))*)/g,
  )) {
    if (!/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next)(?:\s*;|\s*$)/i.test(parameters!)) continue;
    if (!URL.canParse(target!, String(page))) return undefined;
    const next = new URL(target!, page);
    return next.origin === new URL(page).origin ? next : undefined;
  }
  return undefined;
}
