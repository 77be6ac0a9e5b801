import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deployCluster } from '@deploy-actions/release/testing';
import type { ShopServer } from './shop.ts';

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const IMAGES = { v1: digestOf('1'), v2: digestOf('2') };
const compose = (version: keyof typeof IMAGES) => `
name: shop
services:
  api:
    image: registry.test/shop/api@${IMAGES[version]}
    healthcheck: { test: [CMD, check] }
`;

/** A container of nginx on a node, outside of every stack. */
const EDGE = {
  ID: 'e'.repeat(64),
  Id: 'e'.repeat(64),
  Name: '/edge',
  Created: '2026-01-01T00:00:00Z',
  Path: 'nginx',
  Args: [],
  Image: digestOf('e'),
  RestartCount: 0,
  Config: { Image: 'nginx:1', Labels: {}, Entrypoint: [] },
  State: {
    Status: 'running',
    Running: true,
    ExitCode: 0,
    StartedAt: '2026-01-01T00:00:00Z',
    OOMKilled: false,
    Error: '',
    Pid: 1,
  },
  HostConfig: { NetworkMode: 'bridge', IpcMode: 'private', PidMode: '', PortBindings: {} },
  NetworkSettings: { Networks: { shop_default: { IPAddress: '', Aliases: [], Links: [] } }, Ports: {} },
  Mounts: [],
};

/** Makes a swarm of a manager and a worker with `v1` in blue, which has the traffic, and `v2` in green; on each a proxy in a container. */
export async function putSwarmColors(manager: ShopServer, worker: ShopServer): Promise<void> {
  const registry = Object.fromEntries(
    Object.values(IMAGES).map((digest) => [`registry.test/shop/api@${digest}`, { id: digest, digest }]),
  );
  manager.docker.script({ registry, swarm: { nodes: ['m1', 'w1'] } });
  worker.docker.script({ registry, swarm: { nodes: ['w1'], manager: false } });
  const nodes = [manager, worker];
  for (const [version, color] of [
    ['v1', 'blue'],
    ['v2', 'green'],
  ] as const) {
    await deployCluster(nodes, { compose: compose(version), version, color: { color, services: ['api'] } });
  }
  const route = { name: 'api', service: 'api', port: 80, blue: ['api-blue:80'], green: ['api-green:80'] };
  for (const { host, docker, proxy, answers } of nodes) {
    docker.put(EDGE);
    mkdirSync(path.join(host.path, '.deploy'), { recursive: true });
    const site = { ...proxy.site([{ ...route, plain: [] }]), container: 'edge' };
    writeFileSync(path.join(host.path, '.deploy/proxy.json'), `${JSON.stringify(site)}\n`);
    proxy.put('blue');
    answers('blue', { status: 200, body: '{"version":"v1"}' });
    answers('green', { status: 200, body: '{"version":"v2"}' });
  }
}
