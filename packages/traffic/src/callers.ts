import { inspect } from '@deploy-actions/host';
import type { Session } from '@deploy-actions/shell';
import { CALLERS } from './program/callers.ts';
import type { Follow } from './proxy/follow.ts';
import { PROXIES } from './proxy/registry.ts';

/** Proxies of which it is known how they look names up. */
const FOLLOWING = PROXIES.filter(({ follows }) => follows !== undefined).map(({ title }) => title);

/** A service that others ask by its names. */
export interface AskedService {
  service: string;
  /** The names that it has, by the network that they hold on. */
  names: ReadonlyMap<string, readonly string[]>;
}

/**
 * Seconds for which a program keeps an address that it has looked up, where nothing is known of it: one that looks a name up
 * for each connection has done so and connected by then.
 */
const KEPT = 2;

/**
 * Asks a server whether whoever calls the services by their names follows when these lead elsewhere, by service; nothing
 * is changed. Throws the Failure of an engine that does not answer.
 */
export async function askCallers(
  session: Session,
  request: { path: string; project: string; dockerHost: string | undefined; signal?: AbortSignal },
  services: readonly AskedService[],
): Promise<Map<string, Follow>> {
  const networks = [...new Set(services.flatMap(({ names }) => [...names.keys()]))];
  if (networks.length === 0) return new Map(services.map(({ service }) => [service, { keep: KEPT }]));
  const { path, project, dockerHost, signal } = request;
  const { fields } = await inspect(session, {
    path,
    program: CALLERS.with({
      docker_host: dockerHost ?? '',
      networks: networks.join('\n'),
      proxy_kinds: PROXIES.map(({ kind }) => kind).join(' '),
    }),
    signal,
    visit: true,
  });
  return await readCallers(fields, project, services);
}

/** What the fields of the look say of each service. */
export async function readCallers(
  fields: Readonly<Record<string, string>>,
  project: string,
  services: readonly AskedService[],
): Promise<Map<string, Follow>> {
  const table = (name: string) =>
    (fields[name] ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '));
  const kinds = new Map(table('kinds').map(([network = '', kind = '']) => [network, kind]));
  const there = table('there').map(([network, id, owner, service]) => ({ network, id, owner, service }));
  const proxies = table('proxies').map(([, kind, id, name]) => ({ kind, id, name: name! }));
  const judge = async ({ service, names }: AskedService): Promise<Follow> => {
    let keep = KEPT;
    for (const [network, own] of names) {
      const callers = there.filter(
        (one) => one.network === network && !(one.owner === project && one.service === service),
      );
      if (callers.length === 0) continue;
      if (kinds.get(network) === 'internal') {
        return {
          why: `others can ask it on ${network}, a network that leads nowhere else (internal), where Docker does not settle which of two ways a name leads`,
          remedy: 'Let those that ask it share a network with it that is not internal',
        };
      }
      for (const { kind, id, name } of proxies) {
        if (!callers.some((one) => one.id === id)) continue;
        const proxy = PROXIES.find((one) => one.kind === kind);
        const follows = await proxy?.follows?.();
        if (!proxy || !follows) {
          return {
            why: `${proxy?.title ?? kind} in the container ${name} shares its network ${network}, and how that one looks names up is not known here`,
            remedy: `Put ${FOLLOWING.join(' or ')} in its place, take that container off the network, or use colours (color: auto)`,
          };
        }
        const follow = follows(fields[`names_${name}`] ?? '', own);
        if ('why' in follow)
          return { ...follow, why: `${proxy.title} in the container ${name}: ${follow.why}` };
        keep = Math.max(keep, follow.keep);
      }
    }
    return { keep };
  };
  const found = new Map<string, Follow>();
  for (const one of services) found.set(one.service, await judge(one));
  return found;
}
