/**
 * The address of the next page from a `Link` value, resolved against the page's own; undefined on the last
 * page, and when it leads to another origin, where credentials must not go.
 * Source: RFC 8288; used by registries (tags, referrers) and by GitHub.
 */
export function nextPage(link: string | undefined, page: string | URL): URL | undefined {
  for (const { target, rel } of linksOf(link ?? '')) {
    if (!rel.toLowerCase().split(/\s+/).includes('next')) continue;
    if (!URL.canParse(target, String(page))) return undefined;
    const next = new URL(target, page);
    return next.origin === new URL(page).origin ? next : undefined;
  }
  return undefined;
}

/** The links of a value, read once from left to right: no server's value takes longer than it is long. */
function linksOf(value: string): { target: string; rel: string }[] {
  const links: { target: string; rel: string }[] = [];
  let at = 0;
  const space = () => {
    while (value[at] === ' ' || value[at] === '\t') at += 1;
  };
  const until = (ends: string) => {
    const start = at;
    while (at < value.length && !ends.includes(value[at]!)) at += 1;
    return value.slice(start, at);
  };
  while (at < value.length) {
    until('<');
    at += 1;
    const target = until('<>');
    if (value[at] !== '>') continue;
    at += 1;
    let rel: string | undefined;
    for (space(); value[at] === ';'; space()) {
      at += 1;
      space();
      const name = until('=;, \t').toLowerCase();
      space();
      let parameter = '';
      if (value[at] === '=') {
        at += 1;
        space();
        if (value[at] === '"') {
          at += 1;
          parameter = until('"');
          at += 1;
        } else parameter = until(';, \t');
      }
      // Only the first `rel` counts (RFC 8288, section 3.3).
      if (name === 'rel') rel ??= parameter;
    }
    links.push({ target, rel: rel ?? '' });
  }
  return links;
}
