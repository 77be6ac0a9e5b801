import type { Session } from '@deploy-actions/shell';
import type { ContainerScope } from './container.ts';
import { probeCompose, probeExec } from './container-probe.ts';
import { type ProbeLimits, probeHttp, probeTcp, probeWebSocket } from './http-probe.ts';
import type { Reach } from './reach.ts';
import { type StackWatch, probeStack } from './stack.ts';
import type { Aim } from './target-spec.ts';
import type { Attempt } from './target.ts';

/** A server's session and the way through it. */
export interface ServerSide {
  session: Session;
  reach: Reach;
}

/** The ways to targets. */
export interface Ways {
  runner: Reach;
  /** Undefined where no target needs it. */
  server: ServerSide | undefined;
  /** Whose services compose:// and exec:// are. */
  scope: ContainerScope | undefined;
  /** Where the services are those of a cluster. */
  stack?: StackWatch | undefined;
}

/** One look at a target, by the way that it is reached. Throws only the signal's reason or a server's Failure. */
export async function lookAt(aim: Aim, limits: ProbeLimits, ways: Ways): Promise<Attempt> {
  const { target } = aim;
  const reach = aim.via === 'ssh' ? ways.server!.reach : ways.runner;
  switch (target.kind) {
    case 'http':
      return await probeHttp(reach, target, limits);
    case 'tcp':
      return await probeTcp(reach, target, limits);
    case 'ws':
      return await probeWebSocket(reach, target, limits);
    case 'compose':
      return ways.stack
        ? await probeStack(ways.stack, target, limits)
        : await probeCompose(ways.server!.session, ways.scope!, target, limits);
    case 'exec':
      return await probeExec(ways.server!.session, ways.scope!, target, limits);
  }
}
