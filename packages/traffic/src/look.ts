import { Failure } from '@deploy-actions/kit';
import {
  type Form,
  type Kind,
  LINE,
  type Standing,
  TEXT,
  formOf,
  isAboutServing,
  isDataReturn,
  isId,
  readHistory,
  readReleases,
  readTraffic,
  type ColorPort,
  kind,
  listOf,
  mapOf,
  objectOf,
  parsePorts,
  textLike,
} from '@deploy-actions/ledger';
import { type LookCluster, lookCluster, lookServices } from './look-cluster.ts';
import type { LookContainer } from './look-container.ts';
import { preparedSite } from './prepared-site.ts';
import type { ProxyMounts } from './proxy/mounts.ts';
import { PROXIES } from './proxy/registry.ts';
import type { PreparedSite } from './site.ts';

export interface LookProxy {
  /** As the registry has it. */
  kind: string;
  /** Empty on the host. */
  id: string;
  name: string;
}

export interface Look extends Standing<LookContainer> {
  /** Where the colours are those of a cluster: the server as a node of it. The services are the `containers`, on a manager. */
  cluster: LookCluster | undefined;
  proxies: readonly LookProxy[];
  /** What is set aside for the services of both colours. */
  ports: readonly ColorPort[];
  mounts: readonly ProxyMounts[];
  /** What `install` has prepared. */
  proxy: PreparedSite | undefined;
  /** Why what `install` has noted cannot be used. */
  proxyFault: Failure | undefined;
  /** Runs of this application that have no result: under way, or cut off. */
  unfinished: readonly {
    running: boolean;
    deploymentId: string;
    /** Address of the workflow run that began it; empty where there is none. */
    runUrl: string;
    operation: string;
    directory: string;
  }[];
  /** A sentence about each record that could not be read. */
  unread: readonly string[];
  /** Asked for with `wantsConfig`, as `group` is; empty otherwise. */
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
    cluster: lookCluster(fields),
    containers: inOrder([...jsonLines(of('containers')).map(container), ...lookServices(of('stacks'))]),
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
    unfinished: [...of('unfinished').matchAll(/^(\w+) (.*\/([^/\n]+)\/([a-z][a-z-]*)-\d+)\t(.*)$/gm)].map(
      ([, state, directory, deploymentId, operation, runUrl]) => ({
        running: state === 'running',
        deploymentId: deploymentId!,
        runUrl: runUrl!,
        operation: operation!,
        directory: directory!,
      }),
    ),
    history: history.records.filter(isAboutServing),
    dataReturns: history.records.filter(isDataReturn),
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

interface HostPort {
  HostPort: string;
}

/** Port of the container (`80/tcp`) -> where it is published; null where nothing is. */
type Ports = Readonly<Record<string, readonly HostPort[] | null>> | null;

const WORD = textLike(/^[a-z-]*$/, 'a word');
const CONTAINER_ID = textLike(/^[0-9a-f]{12,64}$/, 'an id');
const CONTAINER_NAME = textLike(/^\/?[a-zA-Z0-9][\w.-]*$/, 'a name');
/** Of a project, a service, or an image in any spelling. */
const NAME = textLike(/^[\w.:/@+-]*$/, 'a name');
const NUMBER = textLike(/^\d{0,6}$/, 'a number');
const PORTS = orNull(
  mapOf(
    orNull(
      listOf(
        objectOf<HostPort>('a port of the server', {
          HostPort: textLike(/^\d{0,5}(?:-\d{1,5})?$/, 'a port'),
        }),
      ),
    ),
  ),
);
/** Name -> what the container has there, which nobody asks for. */
const NETWORKS = orNull(kind<Readonly<Record<string, unknown>>>('networks by their names', isNamed));
const MOUNTS = orNull(
  listOf(
    objectOf<{ Source: string; Destination: string }>('a mount with its source and destination', {
      Source: LINE,
      Destination: LINE,
    }),
  ),
);

function orNull<T>(inner: Kind<T>): Kind<T | null> {
  return kind(`${inner.what}, or null`, (value) => value === null || inner.fits(value));
}

function isNamed(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((name) => /^[a-zA-Z0-9][\w.-]*$/.test(name))
  );
}

/** What the server tells of a container, key by key; throws the Failure of a server that tells what no container has. */
function told<T>(value: Record<string, unknown>, read: (form: Form) => T): T {
  const form = formOf(value);
  const result = read(form);
  const problem = form.problem();
  if (problem === undefined) return result;
  throw new Failure(
    'remote',
    `what the server tells of its containers has not the form of it: one ${problem}`,
    { remedy: 'Look at what answers as docker on the server.' },
  );
}

function container(value: Record<string, unknown>): LookContainer {
  return told(value, (form) => {
    const published = new Map<number, number[]>();
    for (const ports of [form.get('bindings', PORTS, null), form.get('ports', PORTS, null)]) {
      for (const [port, hosts] of tcpPorts(ports)) {
        const numbers = [...new Set(hosts)];
        if (numbers.length > 0) published.set(port, numbers);
      }
    }
    return {
      id: form.get('id', CONTAINER_ID),
      name: form.get('name', CONTAINER_NAME, '').replace(/^\//, ''),
      project: form.get('project', NAME, ''),
      service: form.get('service', NAME, ''),
      number: Number(form.get('number', NUMBER, '')) || 1,
      status: form.get('status', WORD),
      health: form.get('health', WORD),
      started: form.get('started', LINE, ''),
      image: form.get('image', LINE, ''),
      imageId: form.get('imageId', NAME, ''),
      release: releaseName(form.get('release', TEXT, '')),
      liveOnly: form.get('liveOnly', TEXT, '') === 'true',
      published,
      networks: Object.keys(form.get('networks', NETWORKS, null) ?? {}),
    };
  });
}

/** The container's TCP ports with the server's own, in order. */
function tcpPorts(ports: Ports): [number, number[]][] {
  return Object.entries(ports ?? {}).flatMap(([key, hosts]): [number, number[]][] => {
    const port = /^(\d{1,5})\/tcp$/.exec(key)?.[1];
    if (port === undefined) return [];
    return [[Number(port), (hosts ?? []).map((host) => Number(host.HostPort)).filter((one) => one > 0)]];
  });
}

/** A label may come with an image: what is no name of a release is none. */
function releaseName(label: string): string | undefined {
  return isId(label) ? label : undefined;
}

function proxyMounts(value: Record<string, unknown>): ProxyMounts {
  return told(value, (form) => ({
    name: form.get('name', CONTAINER_NAME),
    mounts: (form.get('mounts', MOUNTS, null) ?? []).map(({ Source, Destination }) => ({
      source: Source,
      destination: Destination,
    })),
    published: new Map(
      tcpPorts(form.get('ports', PORTS, null)).flatMap(([port, [host]]): [number, number][] =>
        host === undefined ? [] : [[port, host]],
      ),
    ),
    networks: Object.keys(form.get('networks', NETWORKS, null) ?? {}),
  }));
}

/** By service and number: which of the replicas is meant does not depend on the order in which they were listed. */
function inOrder(containers: readonly LookContainer[]): LookContainer[] {
  return [...containers].sort((a, b) =>
    a.service < b.service ? -1 : a.service > b.service ? 1 : a.number - b.number,
  );
}
