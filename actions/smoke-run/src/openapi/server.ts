import { isMapping } from '@deploy-actions/document';

/**
 * The path of a server as a pattern for the beginning of a request's path, without a slash at its end. A variable
 * stands for the values of its `enum`; without one for its default, or for one segment of any text (OpenAPI, Server
 * Object). Undefined for what is no URL.
 */
export function serverPath(server: unknown): RegExp | undefined {
  if (!isMapping(server) || typeof server['url'] !== 'string') return undefined;
  const variables = isMapping(server['variables']) ? server['variables'] : {};
  const path = pathTemplate(server['url'], variables);
  const parts = path.replace(/\/+$/, '').split(/(\{[^{}]*\})/);
  const pattern = parts.map((part) => {
    if (!/^\{[^{}]*\}$/.test(part)) return literal(part);
    const { values, fallback } = variableOf(variables, part.slice(1, -1));
    const known = [...values, ...fallback].map((value) => literal(value.replace(/^\/+|\/+$/g, '')));
    return `(?:${(values.length > 0 ? known : [...known, '[^/]+']).join('|')})`;
  });
  return new RegExp(`^${pattern.join('')}$`);
}

/** What follows the host, variables unfilled; relative URLs are taken from the root. */
function pathTemplate(url: string, variables: { readonly [name: string]: unknown }): string {
  const beyond = (text: string) => /^[a-z][a-z\d+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(text)?.[1];
  // `{scheme}://{host}/v1` has its path behind the host as well as `https://example.org/v1`.
  const named = beyond(url.replace(/^\{[^{}]*\}:/, 'https:'));
  if (named !== undefined) return named;
  // `{origin}/v1`: the variable holds scheme and host.
  const leading = /^\{([^{}]*)\}(.*)$/s.exec(url);
  const [value] = leading ? variableOf(variables, leading[1]!).fallback : [];
  const filled = value === undefined ? undefined : beyond(`${value}${leading![2]}`);
  return filled ?? `/${url.replace(/^(?:\.?\/)+/, '')}`;
}

function variableOf(
  variables: { readonly [name: string]: unknown },
  name: string,
): { values: string[]; fallback: string[] } {
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (!isMapping(variable)) return { values: [], fallback: [] };
  return {
    values: Array.isArray(variable['enum']) ? variable['enum'].map(String) : [],
    fallback: variable['default'] === undefined ? [] : [String(variable['default'])],
  };
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
