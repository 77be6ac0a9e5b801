import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Failure, parseFields } from '@deploy-actions/kit';
import { type DockerServer, type HostWith, dockerServers } from '@deploy-actions/release/testing';
import { type FakePorts, fakePorts, mustBeWellTold } from '@deploy-actions/runner/testing';
import { type DeployInputs, type DeployOutputs, fields } from '../fields.ts';
import { deploy } from '../ssh-compose-deploy.ts';
import type { World } from '../world.ts';

/** The shop: an api that needs a database, of which the api has a version. */
export const COMPOSE = `
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    depends_on: { db: { condition: service_healthy, required: true } }
  db:
    image: registry.test/db:1
    healthcheck: { test: [CMD, check] }
`;

/** What the registry has, and the digit that each image's id is made of. */
const IMAGES = {
  'registry.test/shop/api:v1': '1',
  'registry.test/shop/api:v2': '2',
  'registry.test/shop/api:v3': '3',
  'registry.test/db:1': 'd',
};

/** Any key: nothing here is logged in to. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');

/** One run of the action. */
export interface Deployed {
  outputs: DeployOutputs;
  failure: Failure | undefined;
  ports: FakePorts;
  log: string;
}

/** A run that is under way. */
export interface Deploying {
  ports: FakePorts;
  done: Promise<Deployed>;
}

/** Servers with Docker that the action deploys to, from a checkout of its own. */
export interface DeployRig<N extends string> {
  servers: Record<N, DockerServer>;
  /** The checkout's folder. */
  workspace: string;
  /** Writes the compose file of the checkout. */
  compose(text: string): void;
  /**
   * Starts all services of `compose.yaml` in a folder of the first server as a person does, with these files; answers the
   * folder's path. It is below the login user's home unless it begins with a slash.
   */
  byHand(folder: string, files: Readonly<Record<string, string>>, services?: string): Promise<string>;
  /** Deploys a version to all servers. `run` names the workflow run; default a new one each time. */
  start(version: string, more?: Record<string, string>, run?: string): Deploying;
  deploy(version: string, more?: Record<string, string>, run?: string): Promise<Deployed>;
  inputs(version: string, more?: Record<string, string>): DeployInputs;
  world(run?: string): FakePorts & World;
}

export function deployRig<N extends string>(
  names: readonly N[],
  hostWith: HostWith,
  { portClaims: given }: { portClaims?: string } = {},
): DeployRig<N> {
  const { servers, connect } = dockerServers(names, hostWith, IMAGES);
  const portClaims = given ?? path.join(servers[names[0]!].host.home, 'ports');
  const workspace = path.join(servers[names[0]!].host.home, 'checkout');
  mkdirSync(workspace);
  const compose = (text: string) => writeFileSync(path.join(workspace, 'compose.yaml'), text);
  compose(COMPOSE);
  let runs = 0;
  const inputs = (version: string, more: Record<string, string> = {}): DeployInputs => {
    const given: Record<string, string> = {
      host: names.map((name) => `deploy@${name}`).join('\n'),
      'ssh-key': KEY,
      path: '/srv/shop',
      version,
      env: `TAG=${version}`,
      'min-free-disk': '1',
      'min-free-inodes': '0%',
      'wait-timeout': '20s',
      ...more,
    };
    return parseFields(fields, { input: (name) => given[name] ?? '' });
  };
  const world = (run = '') => {
    const workflow = {
      workspace,
      temp: workspace,
      runId: run,
      runNumber: Number(run),
      runUrl: `https://ci.test/${run}`,
    };
    // The word of an engine that stands in for Docker does not change.
    return { ...fakePorts(workflow), connect, portClaims, patience: 0, reconnectFor: 1500 };
  };
  const rig: DeployRig<N> = {
    servers,
    workspace,
    compose,
    inputs,
    world,
    start(version, more = {}, run = String(100 + (runs += 1))) {
      const ports = world(run);
      const ended = (outputs: DeployOutputs, failure?: Failure): Deployed => {
        if (failure) mustBeWellTold(ports, failure);
        return { outputs, failure, ports, log: ports.log.lines.join('\n') };
      };
      const done = deploy(inputs(version, more), ports).then(
        (outputs) => ended(outputs),
        (error: Failure) => ended((error.outputs ?? {}) as DeployOutputs, error),
      );
      return { ports, done };
    },
    async byHand(folder, files, services = 'db api') {
      const { host } = servers[names[0]!];
      const at = path.resolve(host.home, folder);
      mkdirSync(at, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(at, name), text);
      const script =
        'cd "$1" && docker pull -q registry.test/db:1 && docker pull -q "registry.test/shop/api:$(sed -n s/^TAG=//p .env)" && docker compose up --detach --no-deps $2';
      const { code, stderr } = await host.session().run({ script, args: [at, services] });
      if (code !== 0) throw new Error(String(stderr));
      return at;
    },
    deploy: (version, more, run) => rig.start(version, more, run).done,
  };
  return rig;
}

/** Fails with the log where a deployment that should go well does not. */
export function well({ failure, log }: Deployed): void {
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
}
