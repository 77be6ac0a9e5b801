import { type Failure, parseFields } from '@deploy-actions/kit';
import { type FakePorts, fakePorts, mustBeWellTold } from '@deploy-actions/runner/testing';
import type { Shop, ShopServer } from '@deploy-actions/traffic/testing';
import { blueGreenSwitch } from '../blue-green-switch.ts';
import { type SwitchOutputs, fields } from '../fields.ts';

/** Any key: nothing here is logged in to. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');

/** One run of the action. */
export interface Switched {
  outputs: SwitchOutputs;
  failure: Failure | undefined;
  ports: FakePorts;
  log: string;
}

/** A run that is under way. */
export interface Switching {
  ports: FakePorts;
  done: Promise<Switched>;
}

/** Servers with a shop whose traffic the action moves. */
export interface SwitchRig<N extends string> {
  servers: Record<N, ShopServer>;
  /** `run` names the workflow run; default a new one each time, from 101. `attempt`: of that run. */
  start(more?: Record<string, string>, run?: string, attempt?: number): Switching;
  go(more?: Record<string, string>, run?: string, attempt?: number): Promise<Switched>;
}

export function switchRig<N extends string>({ servers, connect }: Shop<N>): SwitchRig<N> {
  const names = Object.keys(servers);
  let runs = 100;
  const rig: SwitchRig<N> = {
    servers,
    start(more = {}, run = String((runs += 1)), runAttempt = 1) {
      const given: Record<string, string> = {
        host: names.map((name) => `deploy@${name}`).join('\n'),
        'ssh-key': KEY,
        path: '/srv/shop',
        project: 'shop',
        'verify-timeout': '5s',
        'drain-timeout': '1s',
        ...more,
      };
      const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
      const ports = fakePorts({ runId: run, runAttempt, runUrl: `https://ci.test/${run}` });
      const ended = (outputs: SwitchOutputs, failure?: Failure): Switched => {
        if (failure) mustBeWellTold(ports, failure);
        return { outputs, failure, ports, log: ports.log.lines.join('\n') };
      };
      const done = blueGreenSwitch(inputs, { ...ports, connect }).then(
        (outputs) => ended(outputs),
        (error: Failure) => ended((error.outputs ?? {}) as SwitchOutputs, error),
      );
      return { ports, done };
    },
    go: (more, run, attempt) => rig.start(more, run, attempt).done,
  };
  return rig;
}
