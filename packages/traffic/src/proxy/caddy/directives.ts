import { COLORS, LADDER, type Share, otherColor, shareName, shares } from '@deploy-actions/ledger';
import { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from '../../site.ts';

/** The placeholder that becomes one of a route's addresses. */
export function placeholder(site: Site, route: Route, index: number): string {
  return `deploy_${identifier(site.project, route.name)}_${index + 1}`;
}

/** What a site looks at for each request: which flag is there, and what that means. */
export function siteLines(site: Site): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const share = `{http.vars.${name}_share}`;
  const probe = `{http.request.header.${PROBE_HEADER}}`;
  const ladder = site.canary ? shares(LADDER).filter((one) => one.weight < 100) : [];
  const header = site.header ?? DEFAULT_HEADER;
  const files = (known: readonly Share[]) => known.map((one) => `/${shareName(one)}`).join(' ');
  const key = !site.canary ? '' : site.sticky === undefined ? '{http.request.uuid}' : `{${name}_key}`;
  return [
    `@${name}_flag file {`,
    `\troot ${site.folder}`,
    `\ttry_files ${files([...shares([]), ...ladder])}`,
    '}',
    `vars @${name}_flag ${name}_share {http.matchers.file.relative}`,
    ...(site.sticky === undefined
      ? []
      : [
          `map {http.request.cookie.${site.sticky}} ${key} {`,
          // What a pattern gives is expanded by its groups, not by placeholders.
          '\t~^([0-9a-f-]{36})$ ${1}',
          '\tdefault {http.request.uuid}',
          '}',
          `@${name}_new {`,
          '\tfile {',
          `\t\troot ${site.folder}`,
          `\t\ttry_files ${files(ladder)}`,
          '\t}',
          `\tnot header_regexp Cookie (^|[;\\s])${site.sticky}=`,
          '}',
          `header @${name}_new +Set-Cookie "${site.sticky}={http.request.uuid}; Path=/; HttpOnly; SameSite=Lax"`,
        ]),
    `map "${probe}:${share}:${key}" {${name}_color} {`,
    ...COLORS.map((color) => `\t~^${site.token}-${color}: ${color}`),
    ...COLORS.map((color) => `\t~^[^:]*:/${color}: ${color}`),
    ...ladder.flatMap((one) => [
      `\t~^[^:]*:/${shareName(one)}:${below(one)} ${one.color}`,
      `\t~^[^:]*:/${shareName(one)}: ${otherColor(one.color)}`,
    ]),
    `\tdefault ${site.fallback}`,
    '}',
    // Says so when no flag could be read, so that a folder that Caddy cannot see is found out.
    `map ${share} {${name}_mark} {`,
    '\t~^$ ";fallback"',
    '\tdefault ""',
    '}',
    ...site.routes.flatMap((route) => addressLines(site, route)),
    ...(site.header === undefined ? [`@${name}_probe header ${PROBE_HEADER} ${site.token}*`] : []),
    `header${site.header === undefined ? ` @${name}_probe` : ''} {`,
    `\t${header} {${name}_color}{${name}_mark}`,
    // Set when the answer is written, so that it replaces what the application may have set.
    '\tdefer',
    '}',
  ];
}

function addressLines(site: Site, route: Route): string[] {
  const name = `deploy_${identifier(site.project)}`;
  return addressesOf(route, 'blue').flatMap((blue, index) => {
    const green = addressesOf(route, 'green')[index] ?? addressesOf(route, 'green')[0]!;
    return [
      `map {${name}_color} {${placeholder(site, route, index)}} {`,
      `\tblue ${blue}`,
      `\tdefault ${green}`,
      '}',
    ];
  });
}

/** A pattern for random identifiers whose first three hexadecimal digits lie below the weight. */
export function below(share: Share): string {
  const digits = Math.round((4096 * share.weight) / 100)
    .toString(16)
    .padStart(3, '0');
  const choices = [...digits].flatMap((digit, index) => {
    const value = parseInt(digit, 16);
    return value === 0 ? [] : [`${digits.slice(0, index)}${lower(value)}`];
  });
  return `(?:${choices.join('|')})`;
}

/** A pattern for one hexadecimal digit less than `value`. */
function lower(value: number): string {
  if (value === 1) return '0';
  if (value <= 10) return `[0-${value - 1}]`;
  return value === 11 ? '[0-9a]' : `[0-9a-${(value - 1).toString(16)}]`;
}
