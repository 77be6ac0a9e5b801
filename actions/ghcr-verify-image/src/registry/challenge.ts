/** What a registry asks for in `WWW-Authenticate`. */
export interface Challenge {
  scheme: 'bearer' | 'basic';
  realm: string;
  service: string | undefined;
}

/**
 * What can be answered in a `WWW-Authenticate` value: the first Bearer challenge that names where its tokens are, then
 * the first Basic one. Several challenges may stand in one value, quoted strings may hold commas (RFC 9110, section
 * 11.6.1). The scope is left out on purpose: GHCR answers a placeholder, so the caller builds its own.
 */
export function parseChallenges(value: string | undefined): Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  const text = value ?? '';
  const token = /\s*,?\s*([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y;
  for (let match = token.exec(text); match && match[0] !== ''; match = token.exec(text)) {
    const [, name, quoted, plain] = match as unknown as [
      string,
      string,
      string | undefined,
      string | undefined,
    ];
    if (quoted === undefined && plain === undefined)
      challenges.push({ scheme: name.toLowerCase(), params: new Map() });
    else challenges.at(-1)?.params.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain!);
  }
  return (['bearer', 'basic'] as const).flatMap((scheme) => {
    const found = challenges.find(
      (challenge) => challenge.scheme === scheme && (scheme === 'basic' || !!challenge.params.get('realm')),
    );
    if (!found) return [];
    return [{ scheme, realm: found.params.get('realm') ?? '', service: found.params.get('service') }];
  });
}

/** What a token is to allow, in the words of a scope. */
export type Actions = 'pull' | 'pull,push';

/** Where to ask for a token that lets `repository` be pulled, or pushed to as well. */
export function tokenUrl({ realm, service }: Challenge, repository: string, actions: Actions = 'pull'): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', `repository:${repository}:${actions}`);
  return url;
}
