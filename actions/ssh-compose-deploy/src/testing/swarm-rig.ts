import { type HostWith, twoManagers } from '@deploy-actions/release/testing';
import { type Deployed, deployRig } from './deploy-rig.ts';

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

/** The images of the stack by their digests; those of `bad` fail their health check, those of `gone` are on no node. */
export const [API, BETTER, BAD, GONE, DB] = ['1', '2', '3', '4', 'd'].map(digestOf) as [
  string,
  string,
  string,
  string,
  string,
];

export const STACK = `
name: shop
services:
  api:
    image: registry.test/shop/api@\${API}
    healthcheck: { test: [CMD, check] }
    depends_on: { db: { condition: service_healthy, required: true } }
    deploy: { replicas: 2 }
  db:
    image: registry.test/db@${DB}
    healthcheck: { test: [CMD, check] }
`;

const registry = {
  ...Object.fromEntries(
    [API, BETTER, BAD, GONE].map((digest) => [`registry.test/shop/api@${digest}`, { id: digest, digest }]),
  ),
  [`registry.test/db@${DB}`]: { id: DB, digest: DB },
};
const images = {
  [`registry.test/shop/api@${BAD}`]: { health: 'unhealthy' as const },
  [`registry.test/shop/api@${GONE}`]: { fails: 'No such image: registry.test/shop/api' },
};

/** Deploys the stack with an image of the api's. */
const upOf =
  ({ deploy }: Pick<ReturnType<typeof deployRig>, 'deploy'>) =>
  (version: string, api: string, more: Record<string, string> = {}): Promise<Deployed> =>
    deploy(version, { engine: 'swarm', env: `API=${api}`, ...more });

/** A swarm of a manager and a worker. */
export function swarmRigOn(hostWith: HostWith, compose = STACK) {
  const rig = deployRig(['m1', 'w1'], hostWith);
  rig.compose(compose);
  const { m1, w1 } = rig.servers;
  m1.docker.script({ registry, images, swarm: { nodes: ['m1', 'w1'] } });
  w1.docker.script({ registry, images, swarm: { nodes: ['w1'], manager: false } });
  return { ...rig, m1, w1, up: upOf(rig) };
}

/** A swarm of two managers and a worker; `die`: the first manager's server goes down. */
export function managersRigOn(hostWith: HostWith, compose = STACK) {
  const rig = deployRig(['m1', 'm2', 'w1'], hostWith);
  rig.compose(compose);
  const { die } = twoManagers(rig.servers, { registry, images });
  return { ...rig, ...rig.servers, up: upOf(rig), die };
}
