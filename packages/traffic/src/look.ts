import { Failure } from '@deploy-actions/kit';
import {
  type Standing,
  type StandingContainer,
  isAboutServing,
  isId,
  readHistory,
  readReleases,
  readTraffic,
  type ColorPort,
  parsePorts,
} from '@deploy-actions/ledger';
import { preparedSite } from './prepared-site.ts';
import type { ProxyMounts } from './proxy/mounts.ts';
import { PROXIES } from './proxy/registry.ts';
import type { PreparedSite } from './site.ts';

/** A container of the application, as `LOOK` reports it. */
export interface LookContainer extends StandingContainer {
  id: string;
  name: string;
  number: number;
  started: string;
  image: string;
  imageId: string;
  /** Published TCP ports: container port -> host ports, in order, also of a stopped container. */
  published: ReadonlyMap<number, readonly number[]>;
  /** Names of the networks that it is on. */
  networks: readonly string[];
}

export interface LookProxy {
  /** As the registry has it. */
  kind: string;
  /** Empty on the host. */
  id: string;
  name: string;
}

export interface Look extends Standing<LookContainer> {
  proxies: readonly LookProxy[];
  /** What is set aside for the services of both colours. */
  ports: readonly ColorPort[];
  mounts: readonly ProxyMounts[];
  /** What `install` has prepared. */
  proxy: PreparedSite | undefined;
  /** Why what `install` has noted cannot be used. */
  proxyFault: Failure | undefined;
  /** Runs of this application that have no result: under way, or cut off. */
  unfinished: readonly { running: boolean; deploymentId: string; operation: string; directory: string }[];
  /** A sentence about each record that could not be read. */
  unread: readonly string[];
  user: string;
  group: string;
  folderState: 'absent' | 'writable' | 'foreign';
  configFile: string;
  config: string | undefined;
  /** The whole configuration of a proxy, where a level above the site matters, by its container (empty: host). */
  whole: ReadonlyMap<string, string>;
}

/** Reads the fields that `LOOK` answered. */
export function parseLook(fields: Readonly<Record<string, string>>): Look {
  const of = (name: string) => fields[name] ?? '';
  const [until, from] = [of('confirm').split(' ')[1], of('confirm').trim().split(' ')[2]];
  const [history, releases] = [readHistory(of('history')), readReleases(of('releases'))];
  const traffic = readTraffic(of('traffic'));
  const prepared = noted(of('proxy'));
  const whole = new Map<string, string>();
  if (of('whole') !== '') whole.set('', of('whole'));
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith('whole_')) whole.set(name.slice('whole_'.length), value);
  }
  return {
    containers: inOrder(jsonLines(of('containers')).map(container)),
    routed: (prepared.proxy?.routes ?? []).map(({ service }) => service),
    proxies: of('proxies')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([where]) => where === 'host' || where === 'container')
      .map(([, kind, id = '', name = '']) => ({ kind: kind ?? '', id, name })),
    mounts: jsonLines(of('mounts')).map(proxyMounts),
    traffic: traffic.record,
    ports: parsePorts(of('ports')),
    ...prepared,
    confirm: until === undefined || from === undefined ? undefined : { until: Number(until), from },
    unfinished: [...of('unfinished').matchAll(/^(\w+) (.*\/([^/\n]+)\/([a-z][a-z-]*)-\d+)$/gm)].map(
      ([, state, directory, deploymentId, operation]) => ({
        running: state === 'running',
        deploymentId: deploymentId!,
        operation: operation!,
        directory: directory!,
      }),
    ),
    history: history.records.filter(isAboutServing),
    releases: releases.records,
    unread: [...history.unread, ...releases.unread, ...traffic.unread],
    current: of('current'),
    slots: { blue: of('slot_blue'), green: of('slot_green') },
    user: of('user'),
    group: of('group'),
    folderState: (of('folder_state') || 'absent') as Look['folderState'],
    share: shareIn(fields, prepared.proxy?.kind),
    configFile: of('config_file'),
    config: fields['config'],
    whole,
  };
}

/** The share as the prepared proxy goes by it; what another one went by before says nothing. */
function shareIn(fields: Readonly<Record<string, string>>, kind: string | undefined): string | undefined {
  const prepared = PROXIES.filter((one) => one.kind === kind);
  return (prepared.length > 0 ? prepared : PROXIES)
    .map((one) => fields[`share_${one.kind}`])
    .find((share) => share !== undefined && share !== '');
}

/** What `install` has noted; a record of another form keeps nobody from installing anew. */
function noted(text: string): Pick<Look, 'proxy' | 'proxyFault'> {
  try {
    return { proxy: preparedSite(jsonLines(text)[0]), proxyFault: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { proxy: undefined, proxyFault: error };
  }
}

/** JSON objects, one a line; lines that are none are left out: a power cut may have cut one short. */
function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : [];
    } catch {
      return [];
    }
  });
}

type Ports = Record<string, { HostIp?: string; HostPort?: string }[] | null> | null;

function container(value: Record<string, unknown>): LookContainer {
  const text = (name: string) => (typeof value[name] === 'string' ? value[name] : '');
  const published = new Map<number, number[]>();
  for (const ports of [value['bindings'], value['ports']] as Ports[]) {
    for (const [key, hosts] of Object.entries(ports ?? {})) {
      const port = /^(\d+)\/tcp$/.exec(key)?.[1];
      const numbers = [
        ...new Set((hosts ?? []).map((host) => Number(host.HostPort)).filter((number) => number > 0)),
      ];
      if (port !== undefined && numbers.length > 0) published.set(Number(port), numbers);
    }
  }
  return {
    id: String(value['id']),
    name: String(value['name']).replace(/^\//, ''),
    project: text('project'),
    service: text('service'),
    number: Number(text('number')) || 1,
    status: String(value['status']),
    health: String(value['health']),
    started: String(value['started']),
    image: String(value['image']),
    imageId: String(value['imageId']),
    release: releaseName(text('release')),
    liveOnly: text('liveOnly') === 'true',
    published,
    networks: Object.keys((value['networks'] ?? {}) as Record<string, unknown>),
  };
}

/** A label may come with an image: what is no name of a release is none. */
function releaseName(label: string): string | undefined {
  return isId(label) ? label : undefined;
}

function proxyMounts(value: Record<string, unknown>): ProxyMounts {
  const mounts = (value['mounts'] ?? []) as { Type?: string; Source?: string; Destination?: string }[];
  const published = new Map<number, number>();
  for (const [key, hosts] of Object.entries((value['ports'] ?? {}) as NonNullable<Ports>)) {
    const port = Number(/^(\d+)\/tcp$/.exec(key)?.[1]);
    const host = Number(hosts?.[0]?.HostPort);
    if (port > 0 && host > 0) published.set(port, host);
  }
  return {
    name: String(value['name']),
    mounts: mounts.map((mount) => ({
      source: String(mount.Source ?? ''),
      destination: String(mount.Destination ?? ''),
    })),
    published,
    networks: Object.keys((value['networks'] ?? {}) as Record<string, unknown>),
  };
}

/** By service and number: which of the replicas is meant does not depend on the order in which they were listed. */
function inOrder(containers: readonly LookContainer[]): LookContainer[] {
  return [...containers].sort((a, b) =>
    a.service < b.service ? -1 : a.service > b.service ? 1 : a.number - b.number,
  );
}
