/** A media type as it is compared: in lower case, its parameters without `charset`, which is no part of what it is. */
interface MediaType {
  /** Such as `application/json`. */
  essence: string;
  parameters: Map<string, string>;
}

/** Reads a `Content-Type` or a key of OpenAPI's `content` (RFC 9110, section 8.3.1). */
function parse(text: string): MediaType {
  const [essence = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const one of rest) {
    const [name = '', value = ''] = one.split('=').map((part) =>
      part
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    );
    if (name !== '' && name.toLowerCase() !== 'charset') parameters.set(name, value);
  }
  return { essence: essence.toLowerCase(), parameters };
}

/**
 * The key of `content` that describes an answer's type: the most concrete one (OpenAPI, Response Object). A key with
 * parameters describes what has them too; `charset` makes no difference.
 */
export function describedType(keys: readonly string[], contentType: string): string | undefined {
  const { essence, parameters } = parse(contentType);
  const ranked = keys
    .map((key) => {
      const wanted = parse(key);
      const range = wanted.essence === '*/*' ? 1 : wanted.essence === `${essence.split('/')[0]}/*` ? 2 : 0;
      const same = wanted.essence === essence ? 3 : range;
      const has = [...wanted.parameters].every(([name, value]) => parameters.get(name) === value);
      return { key, rank: same > 0 && has ? same * 100 + wanted.parameters.size : 0 };
    })
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank);
  return ranked[0]?.key;
}

/** Whether a body of this type is one JSON document (RFC 6839 for `+json`). */
export function isJson(contentType: string): boolean {
  return /^[^/]+\/(?:json|[^/]*\+json)$/.test(parse(contentType).essence);
}
