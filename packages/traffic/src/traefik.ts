import { COLORS, type Share, shareName } from './color.ts';
import { type Edit, type Proxy, type Replacement, configFailure, replaceAll } from './proxy.ts';
import { removeRegions, replaceRegion, withoutRegions } from './region.ts';
import { type Route, type Site, addressesOf, identifier } from './site.ts';

/**
 * Traefik watches a directory: a switch renames a file with other weights into it. The change is seen within
 * `providersThrottleDuration` (2 s by default), so the action waits until it has seen the new colour answer.
 * Its answers name the colour only while one colour has all traffic: a header cannot tell two servers of one
 * weighted service apart.
 */
export const traefik: Proxy = {
  kind: 'traefik',
  install(config, site, surroundings) {
    const text = withoutRegions(config, site.project, surroundings.file);
    const lines = parseLines(text);
    const edit: Edit = { text, changes: [], warnings: [] };
    const replacements: Replacement[] = [];
    for (const route of site.routes) {
      const services = new Set(
        lines.filter((line) => leadsTo(line.text, route)).flatMap((line) => serviceAbove(lines, line) ?? []),
      );
      const users = lines.filter((line) => {
        const name = /^service:\s*["']?([^"'#\s]+?)(?:@file)?["']?\s*(?:#.*)?$/.exec(line.text)?.[1];
        return name !== undefined && services.has(name);
      });
      if (users.length === 0) {
        throw configFailure(
          `no router leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
          `Write \`service: ${serviceName(site, route)}@file\` in the router that serves ${route.service} (as a label: traefik.http.routers.NAME.service).`,
          surroundings.file,
        );
      }
      for (const line of users) {
        replacements.push(replaceRegion(text, line, site.project, [`service: ${serviceName(site, route)}`]));
        edit.changes.push(
          `line ${line.number}: ${line.text} becomes a choice between ${route.name} blue and green`,
        );
      }
    }
    return { ...edit, text: replaceAll(text, replacements) };
  },
  uninstall(config, site) {
    return removeRegions(config, site.project);
  },
};

/** A certificate for names that no other one covers; without one Traefik makes an RSA key at every change. */
export interface DefaultCertificate {
  certFile: string;
  keyFile: string;
}

/** The name that a router uses for a route's two colours. */
export function serviceName(site: Pick<Site, 'project'>, route: Pick<Route, 'name'>): string {
  return `deploy-${identifier(site.project, route.name)}`;
}

/** The dynamic configuration file of a share, as JSON, which is YAML. */
export function traefikFile(site: Site, share: Share, certificate?: DefaultCertificate): string {
  const services: Record<string, unknown> = {};
  for (const route of site.routes) {
    const name = serviceName(site, route);
    services[name] = {
      weighted: {
        services: COLORS.map((color) => ({
          name: `${name}-${color}`,
          weight: color === share.color ? share.weight : 100 - share.weight,
        })),
        ...(site.sticky === undefined
          ? {}
          : { sticky: { cookie: { name: site.sticky, httpOnly: true, sameSite: 'lax' } } }),
      },
    };
    for (const color of COLORS) {
      services[`${name}-${color}`] = {
        loadBalancer: { servers: addressesOf(route, color).map((address) => ({ url: `http://${address}` })) },
      };
    }
  }
  return `${JSON.stringify(
    {
      http: { services },
      ...(certificate ? { tls: { stores: { default: { defaultCertificate: certificate } } } } : {}),
    },
    null,
    2,
  )}\n# deploy-actions ${site.project} ${shareName(share)}\n`;
}

interface Line {
  number: number;
  text: string;
  indent: number;
  start: number;
  end: number;
}

function parseLines(text: string): Line[] {
  let at = 0;
  return text.split('\n').flatMap((raw, index) => {
    const indent = /^\s*/.exec(raw)![0].length;
    const line = {
      number: index + 1,
      text: raw.trim(),
      indent,
      start: at + indent,
      end: at + raw.trimEnd().length,
    };
    at += raw.length + 1;
    return line.text === '' || line.text.startsWith('#') ? [] : [line];
  });
}

function leadsTo(line: string, route: Route): boolean {
  const url = /^(?:-\s*)?url:\s*["']?http:\/\/([^"'/\s#]+)/.exec(line)?.[1];
  return url !== undefined && route.plain.includes(url.replace(/^localhost(?=:)/, '127.0.0.1'));
}

/** The key three levels above a server's URL: service name, loadBalancer, servers. */
function serviceAbove(lines: readonly Line[], from: Line): string | undefined {
  let at = lines.indexOf(from);
  let indent = lines[at]!.indent;
  for (; at >= 0; at -= 1) {
    const line = lines[at]!;
    if (line.indent < indent || (line.indent === indent && /^servers:/.test(line.text))) {
      indent = line.indent;
      if (/^loadBalancer:/.test(line.text)) {
        const parent = lines.slice(0, at).findLast((one) => one.indent < indent);
        return /^["']?([^"':]+)["']?:/.exec(parent?.text ?? '')?.[1];
      }
    }
  }
  return undefined;
}
