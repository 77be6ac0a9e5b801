import { type Failure, parseFields } from '@deploy-actions/kit';
import { type FakePorts, fakePorts, mustBeWellTold } from '@deploy-actions/runner/testing';
import type { Shop, ShopServer } from '@deploy-actions/traffic/testing';
import { type RollbackOutputs, fields } from '../fields.ts';
import { rollback } from '../rollback.ts';

/** Any key: nothing here is logged in to. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');

/** One run of the action. */
export interface RolledBack {
  outputs: RollbackOutputs;
  failure: Failure | undefined;
  ports: FakePorts;
  log: string;
}

/** A run that is under way. */
export interface RollingBack {
  ports: FakePorts;
  done: Promise<RolledBack>;
}

/** Servers with a shop that the action takes back. */
export interface RollbackRig<N extends string> {
  servers: Record<N, ShopServer>;
  /** `run` names the workflow run; default a new one each time, from 101. */
  start(more?: Record<string, string>, run?: string): RollingBack;
  go(more?: Record<string, string>, run?: string): Promise<RolledBack>;
}

export function rollbackRig<N extends string>({ servers, connect }: Shop<N>): RollbackRig<N> {
  let runs = 100;
  const rig: RollbackRig<N> = {
    servers,
    start(more = {}, run = String((runs += 1))) {
      const given: Record<string, string> = {
        host: Object.keys(servers)
          .map((name) => `deploy@${name}`)
          .join('\n'),
        'ssh-key': KEY,
        path: '/srv/shop',
        project: 'shop',
        'wait-timeout': '20s',
        ...more,
      };
      const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
      const ports = fakePorts({ runId: run, runUrl: `https://ci.test/${run}`, temp: temporaryOf(servers) });
      const ended = (outputs: RollbackOutputs, failure?: Failure): RolledBack => {
        if (failure) mustBeWellTold(ports, failure);
        return { outputs, failure, ports, log: ports.log.lines.join('\n') };
      };
      const done = rollback(inputs, { ...ports, connect, patience: 0 }).then(
        (outputs) => ended(outputs),
        (error: Failure) => ended((error.outputs ?? {}) as RollbackOutputs, error),
      );
      return { ports, done };
    },
    go: (more, run) => rig.start(more, run).done,
  };
  return rig;
}

/** The runner's folder for files that go with the run. */
function temporaryOf(servers: Record<string, ShopServer>): string {
  return Object.values(servers)[0]!.host.home;
}
