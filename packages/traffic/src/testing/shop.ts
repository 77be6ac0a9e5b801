import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type CopiedFolder, copyFolder, hostsForEach } from '@deploy-actions/host/testing';
import {
  type Color,
  type HistoryEntry,
  type TrafficRecord,
  colorProject,
  readHistory,
} from '@deploy-actions/ledger';
import { by, lines, moved, trafficRecord } from '@deploy-actions/ledger/testing';
import {
  type DockerServer,
  type TestRelease,
  deployRelease,
  dockerServers,
  type ServerShell,
} from '@deploy-actions/release/testing';
import type { Session } from '@deploy-actions/shell';
import { type Answer, type StandInProxy, standInProxy } from './stand-in-proxy.ts';

/** The shop: an api with versions and colours, a worker that runs only where the traffic is, a database for both. */
const COMPOSE = `
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    ports: [{ target: 80, published: "18100", host_ip: 127.0.0.1 }]
  worker:
    image: registry.test/shop/worker:\${TAG}
  db:
    image: registry.test/db:1
    # A command of several lines, of which one looks like a proxy's image.
    command: [sh, -c, "set -e\\necho beside nginx:1.27 there\\nexec db"]
    healthcheck: { test: [CMD, check] }
`;

const VERSIONS = ['v1', 'v2', 'v3'];

/** What the registry has, and the digit that each image's id is made of. */
const IMAGES = Object.fromEntries([
  ['registry.test/db:1', 'd'],
  ...VERSIONS.flatMap((version, index) => [
    [`registry.test/shop/api:${version}`, String(index + 1)],
    [`registry.test/shop/worker:${version}`, String(index + 4)],
  ]),
]) as Record<string, string>;

/** A server with Docker and a proxy in front of the shop. */
export interface ShopServer extends DockerServer {
  proxy: StandInProxy;
  /** Deploys a version in place, or to a colour: its release has the version's name. */
  put(version: string, more?: { color?: Color } & Partial<Omit<TestRelease, 'color'>>): Promise<void>;
  /** `v1` and then `v2`, in place. */
  putVersions(): Promise<void>;
  /** `v1` in blue, which has the traffic, `v2` in green, and a proxy that was prepared. */
  putColors(): Promise<void>;
  /** The same after a switch to green, as it leaves the records; `by` is the id of its deployment. */
  putMoved(by: string): Promise<void>;
  /** What the api of a colour, or in place, runs; undefined where it does not. */
  version(color?: Color): string | undefined;
  /** From now on a colour answers so, whatever runs there. */
  answers(color: Color, answer: Answer): void;
  history(): readonly HistoryEntry[];
}

export interface Shop<N extends string> {
  servers: Record<N, ShopServer>;
  /** A world's `connect`. */
  connect(server: { host: string; path: string }): Promise<Session>;
}

/**
 * Makes servers by their names, each with a shop that nothing was deployed to yet, for the tests of a file; after each
 * test they are taken away. What is the same in many tests is deployed once for all of them.
 */
export function shopsForEach(
  afterEach: (work: () => Promise<void>) => void,
  shell: ServerShell = 'dash',
): <N extends string>(names: readonly N[]) => Promise<Shop<N>> {
  const hostWith = hostsForEach(afterEach);
  const proxies: StandInProxy[] = [];
  afterEach(async () => {
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });
  const copies = new Map<string, Promise<Copy>>();
  const once: Once = (name, deploy) => {
    const known = copies.get(name) ?? copyOf(deploy);
    copies.set(name, known);
    return known;
  };
  const copyOf = async (deploy: (first: DockerServer) => Promise<void>): Promise<Copy> => {
    const { first } = dockerServers(['first'], hostWith, IMAGES, shell).servers;
    await deploy(first);
    const { home } = first.host;
    return { home, folder: copyFolder(home, (name) => name === 'bin' || name === 'compiled') };
  };
  return async <N extends string>(names: readonly N[]) => {
    const { servers, connect } = dockerServers(names, hostWith, IMAGES, shell);
    const shops: Partial<Record<N, ShopServer>> = {};
    for (const name of names) shops[name] = await shopServer(servers[name], proxies, once);
    return { servers: shops as Record<N, ShopServer>, connect };
  };
}

/** What a first server holds, and its home there. */
interface Copy {
  home: string;
  folder: CopiedFolder;
}

/** Lets a first server be deployed to, once for each name. */
type Once = (name: string, deploy: (first: DockerServer) => Promise<void>) => Promise<Copy>;

const COLORED = { services: ['api', 'worker'], liveOnly: ['worker'] };

async function shopServer(server: DockerServer, proxies: StandInProxy[], once: Once): Promise<ShopServer> {
  const { host, docker } = server;
  const scripted = new Map<Color, Answer>();
  const version = (color?: Color) => {
    const project = color === undefined ? 'shop' : colorProject('shop', color);
    const api = docker.running(project).find((line) => line.startsWith('api '));
    return api?.replace(/^.*:/, '');
  };
  const proxy = await standInProxy(host, (color) => {
    const runs = version(color);
    return scripted.get(color) ?? (runs === undefined ? undefined : { status: 200, body: answerOf(runs) });
  });
  proxies.push(proxy);
  const shop: ShopServer = {
    ...server,
    proxy,
    version,
    async put(version, { color, ...more } = {}) {
      const colored = color && { color: { ...COLORED, color } };
      await deployRelease(server, { compose: COMPOSE, version, ...colored, ...more });
    },
    async putVersions() {
      const { home, folder } = await once('versions', async (first) => {
        for (const version of ['v1', 'v2']) await deployRelease(first, { compose: COMPOSE, version });
      });
      folder.put(host.home, { [home]: host.home });
    },
    async putColors() {
      const { home, folder } = await once('colors', async (first) => {
        for (const [version, color] of [
          ['v1', 'blue'],
          ['v2', 'green'],
        ] as const)
          await deployRelease(first, { compose: COMPOSE, version, color: { ...COLORED, color } });
      });
      const { blue, green } = proxy.ports;
      const made = (color: Color) =>
        new RegExp(`^${color} api 80 1 (\\d+)$`, 'm').exec(folder.text('app/.deploy/ports'))![1]!;
      folder.put(host.home, {
        [home]: host.home,
        [made('blue')]: String(blue),
        [made('green')]: String(green),
      });
      const of = (port: number) => [`127.0.0.1:${port}`];
      const site = proxy.site([
        { name: 'api', service: 'api', port: 80, blue: of(blue), green: of(green), plain: of(blue) },
      ]);
      writeFileSync(path.join(host.path, '.deploy/proxy.json'), `${JSON.stringify(site)}\n`);
      proxy.put('blue');
    },
    async putMoved(deploymentId) {
      await shop.putColors();
      const { folder, routes } = JSON.parse(host.read('.deploy/proxy.json')) as Pick<
        TrafficRecord,
        'folder' | 'routes'
      >;
      const record = trafficRecord('green', { release: 'v2', previous: 'v1', folder, routes });
      writeFileSync(path.join(host.path, '.deploy/traffic.json'), lines([record]));
      appendFileSync(
        path.join(host.path, '.deploy/history.jsonl'),
        lines([by(deploymentId, moved('blue', 'green', 'v2'))]),
      );
      symlinkSync('releases/v2', path.join(host.path, 'current'));
      proxy.put('green');
    },
    answers: (color, answer) => scripted.set(color, answer),
    history: () => readHistory(host.read('.deploy/history.jsonl')).records,
  };
  return shop;
}

const answerOf = (version: string) => JSON.stringify({ version });
