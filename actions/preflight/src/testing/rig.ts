import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Failure, parseFields } from '@deploy-actions/kit';
import { type DockerServer, type HostWith, dockerServers } from '@deploy-actions/release/testing';
import { type FakePorts, fakePorts, mustBeWellTold } from '@deploy-actions/runner/testing';
import type { CheckName } from '../check-names.ts';
import type { State } from '../checks/check.ts';
import { type PreflightInputs, type PreflightOutputs, fields } from '../fields.ts';
import { preflight } from '../preflight.ts';
import type { World } from '../world.ts';

/** The shop: an api that needs a database. */
export const COMPOSE = `
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    environment: { SECRET_KEY: '\${SECRET_KEY-}' }
  db:
    image: registry.test/db:1
    healthcheck: { test: [CMD, check] }
`;

/** What the registry has, and the digit that each image's id is made of. */
const IMAGES = {
  'registry.test/shop/api:v1': '1',
  'registry.test/shop/api:v2': '2',
  'registry.test/db:1': 'd',
};

/** Any key: nothing here is logged in to. */
export const KEY = [
  '-----BEGIN OPENSSH ',
  'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ',
  'PRIVATE KEY-----',
].join('');

/** One run of the action, with its rows by their names. */
export interface Preflighted {
  outputs: Partial<PreflightOutputs>;
  failure: Failure | undefined;
  ports: FakePorts;
  log: string;
  summary: string;
  /** The checks of the report. */
  rows: Record<string, { ok: boolean; severity?: string; skipped?: boolean; phase?: string; detail: string }>;
  state(name: CheckName): State | undefined;
}

export interface PreflightRig {
  /** The first of them. */
  server: DockerServer;
  servers: Readonly<Record<string, DockerServer>>;
  workspace: string;
  compose(text: string): void;
  /** Writes a file below the application's folder on the server. */
  put(name: string, text: string): void;
  /** Changes what DNS and the sites say, or how the servers are reached. */
  world: Partial<Pick<World, 'addressesOf' | 'certificateOf' | 'connect'>>;
  inputs(more?: Record<string, string>): PreflightInputs;
  run(more?: Record<string, string>): Promise<Preflighted>;
}

export function preflightRig(hostWith: HostWith, names: readonly string[] = ['web1']): PreflightRig {
  const { servers, connect } = dockerServers(names, hostWith, IMAGES);
  const server = servers[names[0]!]!;
  const workspace = path.join(server.host.home, 'checkout');
  mkdirSync(workspace);
  const compose = (text: string) => writeFileSync(path.join(workspace, 'compose.yaml'), text);
  compose(COMPOSE);
  const inputs = (more: Record<string, string> = {}) => {
    const given: Record<string, string> = {
      host: names.map((name) => `deploy@${name}`).join('\n'),
      'ssh-key': KEY,
      path: '/srv/shop',
      env: 'TAG=v1\nSECRET_KEY=0123456789abcdef',
      'min-free-disk': '1',
      'min-free-inodes': '0%',
      'max-memory': '100%',
      ...more,
    };
    return parseFields(fields, { input: (name) => given[name] ?? '' });
  };
  const rig: PreflightRig = {
    server,
    servers,
    workspace,
    compose,
    inputs,
    world: {},
    put(name, text) {
      const file = path.join(server.host.path, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    async run(more = {}) {
      const ports = fakePorts({ workspace, temp: workspace });
      const world: World = {
        ...ports,
        connect,
        addressesOf: (name) => Promise.resolve(name === 'web1' ? ['192.0.2.1'] : ['192.0.2.1']),
        certificateOf: () => Promise.resolve(new Date(Date.now() + 60 * 86_400_000)),
        writeReport: () => '/tmp/report.json',
        ...rig.world,
      };
      const ended = (outputs: Partial<PreflightOutputs>, failure?: Failure): Preflighted => {
        // Servers that stand on one machine tell the same of it.
        if (failure && names.length === 1) mustBeWellTold(ports, failure);
        const { checks = [] } = JSON.parse(String(outputs.report ?? '{}')) as {
          checks?: {
            name: string;
            ok: boolean;
            severity?: string;
            skipped?: boolean;
            phase?: string;
            detail: string;
          }[];
        };
        const rows = Object.fromEntries(checks.map((one) => [one.name, one]));
        const summary = ports.summaries.join('\n');
        // Whatever a test is about: nothing is red without what mends it, or the line that has it.
        for (const line of summary.split('\n').filter((one) => /^\| (?:❌|❔) /.test(one)))
          if (
            !/\| \S[^|]*\|$/.test(line) &&
            !/ see (?:docker|configuration|connection|swarm|stack) /.test(line)
          )
            throw new Error(`a red line does not say what mends it: ${line}`);
        return {
          outputs,
          failure,
          ports,
          log: ports.log.lines.join('\n'),
          summary,
          rows,
          state(name) {
            const sign = new RegExp(`^\\| (\\S+) \\| \`${name}\` `, 'm').exec(summary)?.[1];
            return sign === undefined ? undefined : STATES[sign];
          },
        };
      };
      return await preflight(inputs(more), world).then(
        (outputs) => ended(outputs),
        (error: Failure) => ended((error.outputs ?? {}) as Partial<PreflightOutputs>, error),
      );
    },
  };
  return rig;
}

const STATES: Readonly<Record<string, State>> = {
  '✅': 'passed',
  ℹ️: 'told',
  '⚠️': 'warned',
  '❌': 'failed',
  '❔': 'unknown',
  '⏭️': 'skipped',
};
