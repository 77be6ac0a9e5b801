import { isMapping } from '@deploy-actions/document';
import { type Description, type Reached, below } from './description.ts';
import { serverPath } from './server.ts';

/** An operation of a description, and what it is called there: `GET /users/{id}`. */
export interface Operation {
  reached: Reached;
  name: string;
}

interface Candidate extends Match {
  template: string;
  /** The path item, and what its `$ref` leads to. */
  items: Reached[];
}

/**
 * The operation that a request was for: by the servers that the operation, the path or the description names, else
 * without any, since a deployment is often reached in another way than its users reach it. A concrete path wins over
 * one with parameters (OpenAPI, Paths Object), segment by segment, and the exact path over one that differs by a slash
 * at its end.
 */
export async function findOperation(
  description: Description,
  pathname: string,
  method: string,
): Promise<Operation | { problem: string }> {
  const paths = await description.reach({ ...description.root, path: ['paths'] });
  const verb = method.toLowerCase();
  const served: Candidate[] = [];
  const bare: Candidate[] = [];
  for (const template of Object.keys(paths?.node ?? {})) {
    const match = template.startsWith('/') ? matchTemplate(template, pathname) : undefined;
    if (!match) continue;
    const items = await pathItems(description, below(paths!, template));
    const candidate = { ...match, template, items };
    const servers = await serversOf(description, items, verb);
    if (servers.some((server) => serverPath(server)?.test(match.base))) served.push(candidate);
    else if (match.base === '') bare.push(candidate);
  }
  const candidates = served.length > 0 ? served : bare;
  const [first] = candidates.sort((a, b) => rank(a, b) || Number(has(b, verb)) - Number(has(a, verb)));
  if (!first) return { problem: `path ${pathname} is not described` };
  const name = `${method.toUpperCase()} ${first.template}`;
  const item = first.items.find(({ node }) => Object.hasOwn(node, verb));
  const reached = item && (await description.reach(below(item, verb)));
  return reached ? { reached, name } : { problem: `${name} is not described` };
}

/** What stands beside a path item's `$ref` wins over what stands behind it. */
async function pathItems(description: Description, at: Reached['at']): Promise<Reached[]> {
  const own = description.look(at);
  if (own === undefined) return [];
  if (own.node['$ref'] === undefined) return [own];
  const behind = await description.reach(at);
  return behind ? [own, behind] : [own];
}

function has({ items }: Candidate, verb: string): boolean {
  return items.some(({ node }) => Object.hasOwn(node, verb));
}

/** Those of the operation, else of the path, else of the whole description; without any the root. */
async function serversOf(description: Description, items: Reached[], verb: string): Promise<unknown[]> {
  const holders: (Reached | undefined)[] = [];
  const item = items.find(({ node }) => isMapping(node[verb]));
  if (item) holders.push(await description.reach(below(item, verb)));
  holders.push(...items, description.look(description.root));
  for (const holder of holders) {
    const servers = holder?.node['servers'];
    if (Array.isArray(servers) && servers.length > 0) return servers as unknown[];
  }
  return [{ url: '/' }];
}

interface Match {
  /** The path before the template's own, without a slash at its end. */
  base: string;
  /** How concrete the segments are, the base's too: 0 literal, 1 a parameter beside text, 2 a parameter alone. */
  concreteness: number[];
  sameSlash: boolean;
}

/** How a template fits the end of a path. A parameter is never empty and never spans a slash. */
function matchTemplate(template: string, pathname: string): Match | undefined {
  const wanted = segments(template.split(/[?#]/, 1)[0]!);
  const given = segments(pathname);
  const before = given.parts.length - wanted.parts.length;
  if (before < 0) return undefined;
  const concreteness: number[] = new Array<number>(before).fill(0);
  for (const [index, part] of wanted.parts.entries()) {
    const text = given.parts[before + index]!;
    if (!/\{[^{}]*\}/.test(part)) {
      if (plain(part) !== plain(text)) return undefined;
      concreteness.push(0);
    } else {
      const texts = part.split(/\{[^{}]*\}/);
      if (!fits(texts.map(plain), plain(text))) return undefined;
      concreteness.push(texts.every((one) => one === '') ? 2 : 1);
    }
  }
  const base = given.parts
    .slice(0, before)
    .map((part) => `/${part}`)
    .join('');
  return { base, concreteness, sameSlash: wanted.slash === given.slash };
}

/** Whether a segment has these texts in this order, with at least one character between each two of them. */
function fits(texts: string[], segment: string): boolean {
  const [first, ...others] = texts as [string, ...string[]];
  const last = others.pop()!;
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false;
  let at = first.length;
  for (const text of others) {
    const found = segment.indexOf(text, at + 1);
    if (found < 0) return false;
    at = found + text.length;
  }
  return at + 1 + last.length <= segment.length;
}

function segments(path: string): { parts: string[]; slash: boolean } {
  const parts = path.split('/').slice(1);
  const slash = parts.at(-1) === '';
  return { parts: slash ? parts.slice(0, -1) : parts, slash };
}

/** A segment without its percent-encoding. */
function plain(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function rank(a: Candidate, b: Candidate): number {
  for (const [index, own] of a.concreteness.entries()) {
    const difference = own - (b.concreteness[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(b.sameSlash) - Number(a.sameSlash);
}
