import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import type { FakeDocker } from './docker-host.ts';
import type { DockerServer } from './docker-servers.ts';

/** What all managers of a cluster have in common. */
const SHARED = ['services', 'tasks', 'configs', 'secrets', 'networks'];

/** Makes a swarm of two managers and a worker; `has`: what the engine of each has besides. */
export function twoManagers(
  { m1, m2, w1 }: Readonly<Record<'m1' | 'm2' | 'w1', DockerServer>>,
  has: Parameters<FakeDocker['script']>[0],
) {
  m1.docker.script({ ...has, swarm: { nodes: ['m1', 'm2', 'w1'] } });
  m2.docker.script({ ...has, swarm: { nodes: ['m2', 'm1', 'w1'] } });
  w1.docker.script({ ...has, swarm: { nodes: ['w1'], manager: false } });
  const engineOf = (kind: string, { host }: DockerServer) => path.join(host.home, 'engine', kind);
  for (const kind of SHARED) {
    mkdirSync(engineOf(kind, m1), { recursive: true });
    symlinkSync(engineOf(kind, m1), engineOf(kind, m2));
  }
  /** Nobody reaches the first manager's server any more, whose programs go on. */
  const cutOff = () => {
    m1.host.session = () => {
      throw new Failure('lost', 'm1 cannot be reached');
    };
    for (const session of m1.sessions) session.cut();
  };
  /** Down is what the cluster says of it too. */
  const tellDown = () => m2.docker.script({ swarm: { nodes: ['m2', 'm1', 'w1'], down: ['m1'] } });
  return {
    /** The first manager's server goes down in the middle of a run; `isDown`: so says the cluster too. */
    die(run: string, isDown = true) {
      process.kill(pidOf(m1.host, run), 'SIGKILL');
      cutOff();
      if (isDown) tellDown();
    },
    /** It is taken for down, and its program goes on when it may. */
    standStill() {
      cutOff();
      tellDown();
    },
  };
}
